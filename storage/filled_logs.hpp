// A file system for RocksDB whose write-ahead logs are filled with zeros before they are written: a sync then writes
// the data and no new file size or extent (stack.md §3: 1.2–1.8 times the syncs a second).
#pragma once

#include <cstddef>
#include <memory>

namespace rocksdb {
class FileSystem;
}

namespace storage {

/// Logs of @p below get zeros @p filled_bytes ahead of what is written, in steps of that size, on the writing thread;
/// batches larger than a sixteenth of it go without: they gain nothing. A log is cut to what was written when it is
/// closed; one that was not closed ends in zeros, or in what a power cut left (log_file.hpp).
std::shared_ptr<rocksdb::FileSystem> filled_logs(std::shared_ptr<rocksdb::FileSystem> below, std::size_t filled_bytes);

} // namespace storage
