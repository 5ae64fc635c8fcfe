// The head mark: how far the journal reached, written outside RocksDB's log, so that a log that is gone is noticed.
#pragma once

#include "messages/result.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace storage {

/// What the file `head` of the data folder says; see FORMAT.md. Its line about the manifest (RocksDB's list of its
/// tables, and how much of it was on the disk) is not here: writing the mark looks at it, check_manifest_mark compares.
struct head_mark {
  std::uint64_t index = 0; ///< an entry that was durable when the mark was written
  std::uint64_t epoch = 1;
  friend bool operator==(const head_mark&, const head_mark&) = default;
};

/// Refuses a database whose manifest lost what it had when the mark was written, before RocksDB opens it, forgets the
/// tables that the lost part names, and removes them. `journal_damaged`, naming the file.
messages::result<void> check_manifest_mark(const std::filesystem::path& folder);

/// The mark in @p folder; nothing when there is none; `journal_damaged` when it cannot be read or its checksum differs.
messages::result<std::optional<head_mark>> read_head_mark(const std::filesystem::path& folder);

/// Replaces the mark (temporary file, sync, rename, sync of the folder). Errors: `disk_full`, `write_failed`.
messages::result<void> write_head_mark(const std::filesystem::path& folder, const head_mark& mark);

/// Writes the newest mark on a thread of its own, once per interval at most and only after the head moved, so that its
/// syncs never stand between an append and its acknowledgement. The last mark is written at the end.
class head_mark_keeper {
public:
  /// @p elsewhere is called with every sixtieth mark and with the last one, on the keeper's thread or its destructor's.
  head_mark_keeper(std::filesystem::path folder, head_mark at, std::chrono::milliseconds interval,
                   std::function<void(messages::error)> on_failure,
                   std::function<void(const head_mark&)> elsewhere = {});
  ~head_mark_keeper();
  head_mark_keeper(const head_mark_keeper&) = delete;
  head_mark_keeper& operator=(const head_mark_keeper&) = delete;

  /// The journal is durable up to @p index. Costs two atomic accesses, and one wake-up per interval.
  void advance(std::uint64_t index);

private:
  void run();
  messages::result<void> mark();

  const std::filesystem::path folder_;
  const std::uint64_t epoch_;
  const std::chrono::milliseconds interval_;
  const std::function<void(messages::error)> on_failure_;
  const std::function<void(const head_mark&)> elsewhere_;
  unsigned marks_ = 0;
  std::atomic<std::uint64_t> head_;
  std::atomic<bool> resting_{false};
  std::uint64_t marked_; ///< only its own thread, and the destructor after it
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ending_ = false;
  std::thread thread_;
};

} // namespace storage
