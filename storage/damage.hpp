// What is said of damage: always which file, which entry, and what to do (the error's own text).
#pragma once

#include "messages/error.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace storage {

/// @p why, when it is `journal_damaged`, with a file of @p folder and an entry: what it names already stays; else the
/// manifest, which tells RocksDB what there is, and @p entry ("entry 12 …").
messages::error located(messages::error why, const std::filesystem::path& folder, std::string_view entry);

/// "the head mark says that entry 12 was written"
std::string entry_marked(std::uint64_t index);

} // namespace storage
