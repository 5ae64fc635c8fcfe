// A bad disk under RocksDB, for tests: it forgets what was not synced, tears it by sectors, fills up, refuses to write.
#pragma once

#include <rocksdb/file_system.h>

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace storage_test {

inline std::string bytes_in(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>{in}, {}};
}
inline void put_bytes(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

/// Everything on a file system in memory where there is one: a case costs milliseconds.
class memory_folder {
public:
  memory_folder() {
    const std::filesystem::path memory = "/dev/shm";
    const auto base = ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
    auto name = (base / "uketsuke-damage-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~memory_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::filesystem::path path;
};

/// Every change since the last sync is known with what was there before, so that any part of it can be taken back.
class damaged_disk final : public rocksdb::FileSystemWrapper {
public:
  enum class loss { everything, nothing, any_sectors };
  enum class fault { none, full, one_refused, refused_from_here };
  using status = rocksdb::IOStatus;
  using options = rocksdb::IOOptions;
  using context = rocksdb::IODebugContext;

  damaged_disk() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "damaged_disk"; }

  /// @p moment is called before operation number @p at (writing, syncing, making, renaming, deleting).
  void before_operation(std::uint64_t at, std::function<void()> moment) {
    at_ = at;
    moment_ = std::move(moment);
  }
  void fail_from(std::uint64_t operation, fault how) {
    fault_at_ = operation;
    fault_ = how;
  }
  std::uint64_t operations() const { return operations_.load(); }

  /// What a power cut now leaves of @p from, in @p into. To be called from before_operation's moment, or at any other.
  void cut(const std::filesystem::path& from, const std::filesystem::path& into, loss how, std::mt19937_64& chance) {
    const std::lock_guard lock(mutex_);
    std::filesystem::create_directories(into);
    std::map<std::string, std::string> image;
    for (const auto& file : std::filesystem::directory_iterator(from))
      if (file.is_regular_file())
        image[file.path().filename()] = left_of(file.path().string(), bytes_in(file.path()), how, chance);
    auto undone = how == loss::everything ? names_.size() : how == loss::nothing ? 0 : chance() % (names_.size() + 1);
    for (auto last = names_.rbegin(); undone > 0; ++last, --undone) {
      image.erase(last->made);
      if (!last->gone.empty()) image[last->gone] = last->content;
      if (last->replaced) image[last->made] = *last->replaced;
    }
    for (const auto& [name, bytes] : image)
      put_bytes(into / name, bytes);
  }

  // -- what RocksDB calls --------------------------------------------------------------------------------------------

  status NewWritableFile(const std::string& name, const rocksdb::FileOptions& o,
                         std::unique_ptr<rocksdb::FSWritableFile>* result, context* c) override {
    const std::lock_guard lock(mutex_);
    if (auto refused = step(true); !refused.ok()) return refused;
    auto made = target()->NewWritableFile(name, o, result, c);
    if (!made.ok()) return made;
    files_[name] = {};
    names_.push_back({leaf(name), "", "", std::nullopt});
    *result = std::make_unique<written_file>(*this, name, std::move(*result));
    return made;
  }
  status NewRandomRWFile(const std::string& name, const rocksdb::FileOptions& o,
                         std::unique_ptr<rocksdb::FSRandomRWFile>* result, context* c) override {
    auto made = target()->NewRandomRWFile(name, o, result, c);
    if (made.ok()) *result = std::make_unique<overwritten_file>(*this, name, std::move(*result));
    return made;
  }
  status NewDirectory(const std::string& name, const options& o, std::unique_ptr<rocksdb::FSDirectory>* result,
                      context* c) override {
    auto made = target()->NewDirectory(name, o, result, c);
    if (made.ok()) *result = std::make_unique<folder>(*this, std::move(*result));
    return made;
  }
  status RenameFile(const std::string& from, const std::string& to, const options& o, context* c) override {
    const std::lock_guard lock(mutex_);
    if (auto refused = step(false); !refused.ok()) return refused;
    name_change renamed{leaf(to), leaf(from), bytes_in(from), std::nullopt};
    if (std::filesystem::exists(to)) renamed.replaced = bytes_in(to);
    auto done = target()->RenameFile(from, to, o, c);
    if (!done.ok()) return done;
    names_.push_back(std::move(renamed));
    files_[to] = std::move(files_[from]);
    files_.erase(from);
    return done;
  }
  status DeleteFile(const std::string& name, const options& o, context* c) override {
    const std::lock_guard lock(mutex_);
    if (auto refused = step(false); !refused.ok()) return refused;
    name_change deleted{"", leaf(name), bytes_in(name), std::nullopt};
    auto done = target()->DeleteFile(name, o, c);
    if (done.ok()) names_.push_back(std::move(deleted));
    files_.erase(name);
    return done;
  }
  status Truncate(const std::string& name, std::size_t size, const options& o, context* c) override {
    const std::lock_guard lock(mutex_);
    if (auto refused = step(false); !refused.ok()) return refused;
    auto before = bytes_in(name);
    auto done = target()->Truncate(name, size, o, c);
    if (done.ok()) files_[name].push_back({size, before.substr(std::min(size, before.size())), before.size()});
    return done;
  }

private:
  static constexpr std::size_t sector_bytes = 512;

  struct change {
    std::uint64_t at = 0;
    std::string before; ///< of the bytes it wrote over
    std::uint64_t size_before = 0;
  };
  /// A folder's change that no sync of the folder has made lasting.
  struct name_change {
    std::string made, gone, content;     ///< a name that came, a name that went and what it held
    std::optional<std::string> replaced; ///< what `made` held
  };

  static std::string leaf(const std::string& name) { return std::filesystem::path{name}.filename(); }

  /// Counts an operation; the fault that it meets.
  status step(bool takes_space) {
    const auto now = ++operations_;
    if (moment_ && now == at_) moment_();
    if (fault_ == fault::none || now < fault_at_ || (fault_ == fault::one_refused && now > fault_at_)) return {};
    if (fault_ == fault::full) return takes_space ? status::NoSpace("No space left on device") : status{};
    return status::IOError("the disk refuses");
  }

  status write(const std::string& name, std::uint64_t at, std::size_t size, const std::function<status()>& doing) {
    const std::lock_guard lock(mutex_);
    auto refused = step(true);
    if (!refused.ok()) return refused;
    const auto there = bytes_in(name);
    files_[name].push_back({at, there.substr(std::min<std::size_t>(at, there.size()), size), there.size()});
    return doing();
  }
  status sync(const std::string& name, const std::function<status()>& doing) {
    const std::lock_guard lock(mutex_);
    auto refused = step(false);
    if (!refused.ok()) return refused;
    files_[name].clear();
    return doing();
  }

  std::string left_of(const std::string& name, std::string now, loss how, std::mt19937_64& chance) {
    const auto known = files_.find(name);
    if (how == loss::nothing || known == files_.end() || known->second.empty()) return now;
    auto synced = now;
    for (auto undo = known->second.rbegin(); undo != known->second.rend(); ++undo) {
      synced.resize(std::max(synced.size(), static_cast<std::size_t>(undo->at) + undo->before.size()));
      synced.replace(static_cast<std::size_t>(undo->at), undo->before.size(), undo->before);
      synced.resize(static_cast<std::size_t>(undo->size_before));
    }
    if (how == loss::everything) return synced;
    const auto smaller = std::min(now.size(), synced.size()), larger = std::max(now.size(), synced.size());
    auto mixed = synced;
    mixed.resize(smaller + chance() % (larger - smaller + 1));
    now.resize(larger);
    synced.resize(larger);
    for (std::size_t at = 0; at < mixed.size(); at += sector_bytes) {
      const auto size = std::min(sector_bytes, mixed.size() - at);
      mixed.replace(at, size, chance() % 2 ? now : synced, at, size);
    }
    return mixed;
  }

  class written_file final : public rocksdb::FSWritableFileOwnerWrapper {
  public:
    written_file(damaged_disk& disk, std::string name, std::unique_ptr<rocksdb::FSWritableFile>&& file)
        : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk), name_(std::move(name)) {}
    status Append(const rocksdb::Slice& data, const options& o, context* c) override {
      auto done = disk_.write(name_, size_, data.size(), [&] {
        auto appended = FSWritableFileOwnerWrapper::Append(data, o, c);
        return appended.ok() ? FSWritableFileOwnerWrapper::Flush(o, c) : appended;
      });
      if (done.ok()) size_ += data.size();
      return done;
    }
    status Append(const rocksdb::Slice& data, const options& o, const rocksdb::DataVerificationInfo&,
                  context* c) override {
      return Append(data, o, c);
    }
    status Sync(const options& o, context* c) override {
      return disk_.sync(name_, [&] { return FSWritableFileOwnerWrapper::Sync(o, c); });
    }
    status Fsync(const options& o, context* c) override { return Sync(o, c); }

  private:
    damaged_disk& disk_;
    const std::string name_;
    std::uint64_t size_ = 0;
  };

  class overwritten_file final : public rocksdb::FSRandomRWFileOwnerWrapper {
  public:
    overwritten_file(damaged_disk& disk, std::string name, std::unique_ptr<rocksdb::FSRandomRWFile>&& file)
        : FSRandomRWFileOwnerWrapper(std::move(file)), disk_(disk), name_(std::move(name)) {}
    status Write(std::uint64_t at, const rocksdb::Slice& data, const options& o, context* c) override {
      return disk_.write(name_, at, data.size(), [&] { return FSRandomRWFileOwnerWrapper::Write(at, data, o, c); });
    }
    status Sync(const options& o, context* c) override {
      return disk_.sync(name_, [&] { return FSRandomRWFileOwnerWrapper::Sync(o, c); });
    }
    status Fsync(const options& o, context* c) override { return Sync(o, c); }

  private:
    damaged_disk& disk_;
    const std::string name_;
  };

  class folder final : public rocksdb::FSDirectoryWrapper {
  public:
    folder(damaged_disk& disk, std::unique_ptr<rocksdb::FSDirectory>&& below)
        : FSDirectoryWrapper(std::move(below)), disk_(disk) {}
    status Fsync(const options& o, context* c) override {
      const std::lock_guard lock(disk_.mutex_);
      auto refused = disk_.step(false);
      if (!refused.ok()) return refused;
      disk_.names_.clear();
      return FSDirectoryWrapper::Fsync(o, c);
    }
    status FsyncWithDirOptions(const options& o, context* c, const rocksdb::DirFsyncOptions&) override {
      return Fsync(o, c);
    }

  private:
    damaged_disk& disk_;
  };

  std::recursive_mutex mutex_; ///< a cut may come from inside an operation, or from outside
  std::atomic<std::uint64_t> operations_{0};
  std::uint64_t at_ = 0, fault_at_ = 0;
  std::function<void()> moment_;
  fault fault_ = fault::none;
  std::map<std::string, std::vector<change>> files_;
  std::vector<name_change> names_;
};

} // namespace storage_test
