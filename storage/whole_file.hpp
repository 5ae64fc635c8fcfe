// Small files that are replaced or destroyed whole, and are on the disk when the function returns.
#pragma once

#include "messages/result.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace storage {

/// Replaces @p file (0600): temporary file beside it, sync, rename, sync of the folder. Errors: `disk_full`,
/// `write_failed`.
messages::result<void> replace_file(const std::filesystem::path& file, std::string_view content);

/// The content of @p file; `file_unreadable`.
messages::result<std::string> read_file(const std::filesystem::path& file);

/// Overwrites @p file with zeros, syncs, removes it, syncs the folder; nothing when it is not there. What a disk keeps
/// of overwritten blocks (flash, copy on write) is out of reach: README.md says so.
messages::result<void> destroy_file(const std::filesystem::path& file);

} // namespace storage
