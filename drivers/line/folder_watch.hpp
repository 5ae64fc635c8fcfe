// Looking at a folder that other programs write to: events where the file system has them, a scan all the same.
//
// Events are lost on SMB and when their queue is full, so they only make the next scan come sooner.
#pragma once

#include "messages/result.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace drivers::line {

/// Waits for something to happen in folders. One thread waits; any may wake it.
class folder_watch {
public:
  explicit folder_watch(std::vector<std::filesystem::path> folders);
  ~folder_watch();
  folder_watch(const folder_watch&) = delete;
  folder_watch& operator=(const folder_watch&) = delete;

  /// Returns when something happened, when woken, or after @p wait_ms_max.
  void wait(std::uint32_t wait_ms_max);
  void wake();

private:
  int events_ = -1, woken_ = -1;
  std::vector<std::filesystem::path> folders_;
};

/// Every regular file of @p folder and its sub-folders (four deep, 200,000 at most) by its bare name. Where a name
/// stands twice, one of them. nullopt when the folder itself cannot be read.
std::optional<std::map<std::string, std::filesystem::path>> files_in(const std::filesystem::path& folder);

/// The whole of a file, opened so that others may rename and delete it meanwhile. `file_unreadable`, `too_large`.
messages::result<std::string> read_file(const std::filesystem::path& file, std::size_t bytes_max);

/// Writes @p octets under a name that nobody looks for, syncs it and renames it. `write_failed`, `disk_full`.
messages::result<void> write_file(const std::filesystem::path& file, std::string_view octets);
/// The first half of it: the temporary file, complete and synced.
std::filesystem::path temporary_of(const std::filesystem::path& file);
messages::result<void> write_temporary(const std::filesystem::path& file, std::string_view octets);

/// Whether a file has stopped changing: two equal reads, some time apart.
class settling {
public:
  /// @p mark says what was read (digest and size). true when the same was read at least @p apart_ms before.
  bool seen(const std::string& name, const std::string& mark, std::uint64_t now_ms, std::uint32_t apart_ms);
  /// For how long it has been the same; 0 when it was never seen.
  std::uint64_t same_for_ms(const std::string& name, std::uint64_t now_ms) const;
  void forget(const std::string& name) { seen_.erase(name); }

private:
  struct look {
    std::string mark;
    std::uint64_t since_ms;
  };
  std::map<std::string, look> seen_;
};

/// The clock of waiting: milliseconds that only go forward.
std::uint64_t steady_ms();

} // namespace drivers::line
