// What of the data folder RocksDB itself does not check: files that stay as they are while nobody writes (what they
// were is remembered, so that an audit can tell), and the end of a table, which is filled up with zeros.
#pragma once

#include "storage/store.hpp"
#include "storage/cipher.hpp"

namespace storage {

/// The value of meta's row `files`: a line "HMAC name" for each such file, keyed by the chain's key.
messages::result<std::string> still_files(const std::filesystem::path& folder, const key_bytes& chain_key);
/// Those that are not as the row says, and tables whose end is not as RocksDB writes it.
messages::result<std::vector<std::string>> changed_still_files(const store& in, const std::filesystem::path& folder,
                                                               const key_bytes& chain_key);

} // namespace storage
