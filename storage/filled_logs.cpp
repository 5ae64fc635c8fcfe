// Filling logs with zeros, and writing over them.
#include "storage/filled_logs.hpp"

#include <rocksdb/file_system.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

namespace storage {

namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

/// One log: RocksDB appends, the file below is written over. One writer; RocksDB may sync from another thread.
bool no_room(const IOStatus& status) {
  return status.IsNoSpace() ||
         (status.IsIOError() && status.ToString().find(std::strerror(EFBIG)) != std::string::npos);
}

class filled_log final : public rocksdb::FSWritableFile {
public:
  filled_log(std::shared_ptr<rocksdb::FileSystem> below, std::string name,
             std::unique_ptr<rocksdb::FSRandomRWFile> file, std::size_t filled_bytes)
      : below_(std::move(below)), name_(std::move(name)), file_(std::move(file)), piece_(filled_bytes),
        filled_(filled_bytes) {}
  ~filled_log() override {
    if (file_) Close({}, nullptr).PermitUncheckedError(); // what matters was synced when it was written
  }

  using rocksdb::FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* context) override {
    const auto end = written_ + data.size();
    if (end > filled_ && !full_)
      if (auto status = fill(end, options, context); !status.ok()) return status;
    auto status = file_->Write(written_, data, options, context);
    if (!status.ok()) return status;
    written_ = end;
    filled_ = std::max(filled_, written_);
    return status;
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* context) override {
    return Append(data, options, context);
  }
  IOStatus Truncate(std::uint64_t, const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Flush(const IOOptions& options, IODebugContext* context) override { return file_->Flush(options, context); }
  IOStatus Sync(const IOOptions& options, IODebugContext* context) override { return file_->Sync(options, context); }
  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override { return file_->Fsync(options, context); }
  bool IsSyncThreadSafe() const override { return true; }
  std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return written_; }

  IOStatus Close(const IOOptions& options, IODebugContext* context) override {
    if (!file_) return IOStatus::OK();
    auto closed = file_->Close(options, context);
    file_.reset();
    if (filled_ == written_ && !full_) return closed;
    const auto cut = below_->Truncate(name_, written_, options, context);
    return closed.ok() && !cut.IsNotSupported() ? cut : closed;
  }

private:
  /// As much again as there is, within bounds: a busy log seldom waits for it, a quiet one wastes little.
  IOStatus fill(std::uint64_t needed, const IOOptions& options, IODebugContext* context) {
    const auto until = std::max(needed, filled_ + std::min<std::uint64_t>(filled_, pieces_max * piece_));
    const std::string zeros(piece_, '\0');
    IOStatus status;
    for (auto at = filled_; at < until && status.ok(); at += zeros.size())
      status =
          file_->Write(at, Slice{zeros.data(), std::min<std::uint64_t>(zeros.size(), until - at)}, options, context);
    if (status.ok()) status = file_->Fsync(options, context);
    if (status.ok()) filled_ = until;
    full_ = no_room(status);
    return full_ ? IOStatus::OK() : status;
  }

  static constexpr std::uint64_t pieces_max = 8;
  const std::shared_ptr<rocksdb::FileSystem> below_;
  const std::string name_;
  std::unique_ptr<rocksdb::FSRandomRWFile> file_;
  const std::size_t piece_;
  std::uint64_t written_ = 0, filled_;
  bool full_ = false; ///< zeros ahead are a luxury: what is left of the disk is for what has to be written
};

class filling_file_system final : public rocksdb::FileSystemWrapper {
public:
  filling_file_system(const std::shared_ptr<rocksdb::FileSystem>& below, std::size_t filled_bytes)
      : FileSystemWrapper(below), filled_bytes_(filled_bytes) {}
  const char* Name() const override { return "filled_logs"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* context) override {
    if (!name.ends_with(".log")) return target()->NewWritableFile(name, options, result, context);
    std::unique_ptr<rocksdb::FSWritableFile> fresh;
    auto status = target()->NewWritableFile(name, options, &fresh, context);
    if (!status.ok()) return status;
    const std::string zeros(filled_bytes_, '\0');
    status = fresh->Append(zeros, options.io_options, context);
    if (status.ok()) status = fresh->Fsync(options.io_options, context);
    if (status.ok()) status = fresh->Close(options.io_options, context);
    if (no_room(status)) return target()->NewWritableFile(name, options, result, context); // an ordinary one, cut to 0
    std::unique_ptr<rocksdb::FSRandomRWFile> file;
    if (status.ok()) status = target()->NewRandomRWFile(name, options, &file, context);
    if (status.ok()) *result = std::make_unique<filled_log>(target_, name, std::move(file), filled_bytes_);
    return status;
  }

private:
  const std::size_t filled_bytes_;
};

} // namespace

std::shared_ptr<rocksdb::FileSystem> filled_logs(std::shared_ptr<rocksdb::FileSystem> below, std::size_t filled_bytes) {
  if (filled_bytes == 0) return below;
  return std::make_shared<filling_file_system>(below, filled_bytes);
}

} // namespace storage
