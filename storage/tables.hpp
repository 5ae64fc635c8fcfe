// The tables of a journal and their keys, in the order in which the store is opened with them. See FORMAT.md.
#pragma once

#include "storage/store.hpp"

namespace storage {

inline constexpr table entries_table = 0;   ///< index (8) → entry
inline constexpr table outbox_table = 1;    ///< index (8), n (4) → outbox_row
inline constexpr table replies_table = 2;   ///< command id (16) → time (8), frame
inline constexpr table topics_table = 3;    ///< topic → last index (8)
inline constexpr table meta_table = 4;      ///< see the keys below
inline constexpr table keys_table = 5;      ///< number of a key (8) → key_record, wrapped
inline constexpr table key_names_table = 6; ///< patient (16), kind (1), month (2) → number of its key (8)
inline constexpr table first_view_table = 7;

inline constexpr std::string_view epoch_key = "epoch";     ///< 8 bytes
inline constexpr std::string_view generation_key = "keys"; ///< 8 bytes: which key-encryption key wraps the keys
inline constexpr std::string_view files_key = "files";     ///< lines "SHA-256 name" of files that stay as they are
inline constexpr std::string_view views_key = "views";     ///< lines "name version" of the views that are kept up
inline constexpr std::string_view folded_key = "folded";   ///< index (8) of the last entry in the views' rows
inline constexpr std::string_view replies_key = "replies"; ///< count (8), ids up to this time are not known (8)

using view_list = std::vector<std::unique_ptr<view>>;

/// The names of all tables when @p views are kept.
std::vector<std::string> table_names(const view_list& views);

/// How many entries at the end are looked through when a journal is opened.
inline constexpr std::uint64_t tail_checked_entries = 1000;

} // namespace storage
