// Looking at a folder that other programs write to: events where the file system has them, a scan all the same.
//
// Events are lost on SMB and when their queue is full, so they only make the next scan come sooner.
#pragma once

#include "messages/result.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
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

  /// Returns when something happened, when woken, or after @p wait_ms_max; not before @p rest_ms unless woken, so that
  /// a folder in which something always happens is not looked at without a pause.
  void wait(std::uint32_t wait_ms_max, std::uint32_t rest_ms = 0);
  void wake();

private:
  int events_ = -1, woken_ = -1;
  std::vector<std::filesystem::path> folders_;
};

/// What was in a folder when it was looked at.
struct folder_listing {
  std::map<std::string, std::filesystem::path> files; ///< by bare name; where a name stands twice, one of them
  bool complete = false; ///< false: more may be there. Nothing may be concluded from a file's absence then
};
inline constexpr std::size_t files_listed_max = 200'000;

/// Every regular file of @p folder and its sub-folders, four deep. Incomplete when the folder cannot be read, or not to
/// its end; when it holds more than @p files_max; when @p go_on, asked at each entry, says no. A sub-folder that we may
/// not enter is no part of it.
folder_listing files_in(const std::filesystem::path& folder, const std::function<bool()>& go_on = {},
                        std::size_t files_max = files_listed_max);

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

/// Folders and time as a watcher sees them; a test's are its own.
struct folder_sight {
  std::function<std::uint64_t()> clock = steady_ms;
  std::function<folder_listing(const std::filesystem::path& folder, const std::function<bool()>& go_on)> list =
      [](const auto& folder, const auto& go_on) { return files_in(folder, go_on); };
  std::function<messages::result<std::string>(const std::filesystem::path& file, std::size_t bytes_max)> read =
      read_file;
};

} // namespace drivers::line
