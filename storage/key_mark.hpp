// The mark in the key folder: how far a journal had come, kept apart from its data folder. A data folder that is gone,
// or that was put back as it had been earlier, is whole in itself: only what stands elsewhere can tell.
//
// One file for each journal and epoch, `reached-JOURNAL-EPOCH`: a backup that was restored goes its own way. Errors:
// `journal_damaged`, `disk_full`, `write_failed`.
#pragma once

#include "messages/result.hpp"
#include "storage/cipher.hpp"
#include "storage/head_mark.hpp"

#include <filesystem>
#include <optional>

namespace storage {

/// What lies in @p keys_folder of the journal with this @p chain_key in this epoch; nothing when no mark was written.
messages::result<std::optional<head_mark>> read_key_mark(const std::filesystem::path& keys_folder,
                                                         const key_bytes& chain_key, std::uint64_t epoch);
/// Replaces it. Nothing is written while there is no entry.
messages::result<void> write_key_mark(const std::filesystem::path& keys_folder, const key_bytes& chain_key,
                                      const head_mark& mark);

/// Refuses a journal that ends at @p head although its mark says that it had gone further.
messages::result<void> check_key_mark(const std::filesystem::path& folder, const std::filesystem::path& keys_folder,
                                      const key_bytes& chain_key, const head_mark& head);
/// Refuses to begin a journal in @p folder under keys that already belong to one.
messages::result<void> check_no_key_mark(const std::filesystem::path& folder, const std::filesystem::path& keys_folder);

} // namespace storage
