// The files of the data folder that RocksDB itself does not check, and that stay as they are while nobody writes:
// what they were is remembered, so that an audit can tell.
#pragma once

#include "storage/store.hpp"
#include "storage/cipher.hpp"

namespace storage {

/// The value of meta's row `files`: a line "HMAC name" for each such file, keyed by the chain's key.
messages::result<std::string> still_files(const std::filesystem::path& folder, const key_bytes& chain_key);
/// Those that are not as the row says.
messages::result<std::vector<std::string>> changed_still_files(const store& in, const std::filesystem::path& folder,
                                                               const key_bytes& chain_key);

} // namespace storage
