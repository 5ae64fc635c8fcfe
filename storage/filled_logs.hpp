// A file system for RocksDB whose write-ahead logs are filled with zeros before they are written: a sync then writes
// the data and no new file size or extent (stack.md §3: 1.2–1.8 times the syncs a second).
#pragma once

#include <cstddef>
#include <memory>

namespace rocksdb {
class FileSystem;
}

namespace storage {

/// Logs of @p below begin with @p filled_bytes of zeros; when they are used up as many again are filled as there are,
/// at most eight times @p filled_bytes, on the writing thread: a sync that has to make a file larger costs up to twenty
/// times as much, that of a large batch most of all. A log is cut to what was written when it is closed; one that was
/// not closed ends in zeros, or in what a power cut left (log_file.hpp).
std::shared_ptr<rocksdb::FileSystem> filled_logs(std::shared_ptr<rocksdb::FileSystem> below, std::size_t filled_bytes);

} // namespace storage
