// RocksDB is named in this file and nowhere else; reference/stack.md §5 has the measurements behind the options.
#include "storage/store.hpp"

#include "storage/big_endian.hpp"
#include "storage/filled_logs.hpp"
#include "storage/log_file.hpp"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/cache.h>
#include <rocksdb/statistics.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <mutex>

namespace storage {

using messages::error_code;
using messages::failure;

namespace {

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view text(const rocksdb::Slice& s) { return {s.data(), s.size()}; }

/// Listens to RocksDB's own log while it opens: only there does it say which file a corruption is in. Keeps nothing
/// else.
class damage_listener final : public rocksdb::Logger {
public:
  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    char line[512];
    std::vsnprintf(line, sizeof line, format, arguments);
    const std::string_view said{line};
    if (said.find("dropping") == std::string_view::npos && said.find("orruption") == std::string_view::npos) return;
    const std::lock_guard lock(mutex_);
    if (heard_.empty()) heard_ = said;
  }
  std::string heard() const {
    const std::lock_guard lock(mutex_);
    return heard_;
  }

private:
  mutable std::mutex mutex_;
  std::string heard_;
};

bool says(const std::string& text, int number) { return text.find(std::strerror(number)) != std::string::npos; }

/// RocksDB's status as one of our errors.
messages::error translated(const rocksdb::Status& status, const std::filesystem::path& folder, std::string heard = {}) {
  const auto said = status.ToString();
  const auto where = folder.string();
  if (status.IsNoSpace() || says(said, ENOSPC) || says(said, EFBIG) || says(said, EDQUOT))
    return {error_code::disk_full, {where, said}};
  if (status.IsIOError() && said.find("LOCK") != std::string::npos) return {error_code::database_locked, {where, said}};
  const bool lost = status.IsPathNotFound() || status.IsNotFound() || said.find("No such file") != std::string::npos;
  if (status.IsCorruption() || lost || status.IsInvalidArgument())
    return {error_code::journal_damaged, {where, heard.empty() ? said : said + "; " + heard}};
  return {error_code::write_failed, {where, said}};
}

rocksdb::ColumnFamilyOptions table_options(const std::string& name, const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  options.compression = rocksdb::kLZ4Compression;
  // Not while appends go on beside it: what is just written out is written as it is, and compressed when it is merged.
  options.compression_per_level = {rocksdb::kNoCompression, rocksdb::kNoCompression, rocksdb::kLZ4Compression};
  // All tables are flushed together, and what flushes them is the size of the log: no table is to fill its own before.
  options.write_buffer_size = 32u << 20;
  options.arena_block_size = 256u << 10; // of most tables little is ever in memory
  rocksdb::BlockBasedTableOptions blocks;
  blocks.block_cache = cache;
  blocks.cache_index_and_filter_blocks = true;
  if (name != "entries") { // most replies and rows asked for are not there, in files nor in memory
    blocks.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    options.memtable_whole_key_filtering = true;
    options.memtable_prefix_bloom_size_ratio = 0.01;
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(blocks));
  return options;
}

rocksdb::DBOptions database_options(const store_options& wanted) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  // The default mode drops synced events after a flipped bit, silently (stack.md §5.3).
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  // All tables are flushed together: whatever a lost log takes away, views, topics and outbox still fit the entries.
  options.atomic_flush = true;
  options.max_total_wal_size = wanted.wal_bytes_max;
  options.db_write_buffer_size = 48u << 20;
  options.max_background_jobs = 2;
  options.max_open_files = 256;
  options.allow_concurrent_memtable_write = false; // one writer: the journal's thread
  options.enable_write_thread_adaptive_yield = false;
  options.keep_log_file_num = 4;
  options.max_log_file_size = 1u << 20;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.statistics = rocksdb::CreateDBStatistics();
  options.statistics->set_stats_level(rocksdb::StatsLevel::kExceptHistogramOrTimers);
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

/// The last entry that a batch of the log puts.
class entry_finder final : public rocksdb::WriteBatch::Handler {
public:
  rocksdb::Status PutCF(std::uint32_t table, const rocksdb::Slice& key, const rocksdb::Slice&) override {
    if (table == entries_number && key.size() == 8) found_ = read_big_endian(text(key));
    return rocksdb::Status::OK();
  }
  rocksdb::Status DeleteCF(std::uint32_t, const rocksdb::Slice&) override { return rocksdb::Status::OK(); }
  static std::optional<std::uint64_t> last_entry(std::string_view batch) {
    entry_finder finder;
    const rocksdb::WriteBatch whole{std::string{batch}};
    return whole.Iterate(&finder).ok() ? finder.found_ : std::nullopt;
  }

private:
  static constexpr std::uint32_t entries_number = 1; ///< RocksDB's for the first table that was made
  std::optional<std::uint64_t> found_;
};

/// Under RocksDB's own LOCK, so that the log of a running node is never touched.
messages::result<healed_logs> heal_under_lock(rocksdb::FileSystem& files, const store_options& wanted) {
  const auto& folder = wanted.folder;
  if (wanted.read_only) return heal_logs(folder, true, entry_finder::last_entry);
  rocksdb::FileLock* lock = nullptr;
  const auto status = files.LockFile((folder / "LOCK").string(), {}, &lock, nullptr);
  if (!status.ok()) return failure(translated(status, folder));
  auto healed = heal_logs(folder, false, entry_finder::last_entry);
  files.UnlockFile(lock, {}, nullptr).PermitUncheckedError(); // the process's end would do it too
  return healed;
}

} // namespace

struct store::database {
  store_options wanted;
  std::shared_ptr<rocksdb::FileSystem> files;
  std::unique_ptr<rocksdb::Env> env;
  std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(16u << 20);
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> tables; ///< by store_options::tables; null: not there (read only)
  std::vector<rocksdb::ColumnFamilyHandle*> others; ///< must be open, are not ours to touch
  std::shared_ptr<rocksdb::Statistics> statistics;
  bool ends_torn = false;

  ~database() {
    if (!db) return;
    for (auto* handle : tables)
      if (handle) db->DestroyColumnFamilyHandle(handle);
    for (auto* handle : others)
      db->DestroyColumnFamilyHandle(handle);
    db->Close(); // nothing is lost if this fails: every batch was synced when it was committed
  }

  messages::error error_of(const rocksdb::Status& status) const { return translated(status, wanted.folder); }
};

struct store::batch::content {
  rocksdb::WriteBatch batch;
};

store::batch::batch() : content_(std::make_unique<content>()) {}
store::batch::~batch() = default;
std::size_t store::batch::bytes() const { return content_->batch.GetDataSize(); }
bool store::batch::empty() const { return content_->batch.Count() == 0; }
void store::batch::clear() { content_->batch.Clear(); }

store::snapshot::snapshot(const store& of) : of_(of), at_(of.db_->db->GetSnapshot()) {}
store::snapshot::~snapshot() { of_.db_->db->ReleaseSnapshot(static_cast<const rocksdb::Snapshot*>(at_)); }

bool holds_database(const std::filesystem::path& folder) {
  std::error_code ignored;
  return std::filesystem::exists(folder / "CURRENT", ignored);
}

store::store(std::unique_ptr<database> opened) : db_(std::move(opened)) {}
store::~store() = default;

messages::result<std::unique_ptr<store>> store::open(store_options wanted) {
  auto opened = std::make_unique<database>();
  opened->wanted = std::move(wanted);
  const auto& folder = opened->wanted.folder;
  const bool there = holds_database(folder);
  if (!there && opened->wanted.read_only) return failure(error_code::no_such_data, folder.string());

  auto options = database_options(opened->wanted);
  opened->statistics = options.statistics;
  const auto listener = std::make_shared<damage_listener>();
  opened->files = filled_logs(opened->wanted.files ? opened->wanted.files : rocksdb::FileSystem::Default(),
                              opened->wanted.read_only ? 0 : opened->wanted.log_filled_bytes);
  opened->env = rocksdb::NewCompositeEnv(opened->files);
  options.env = opened->env.get();
  options.info_log = listener; // a reader must not even write RocksDB's LOG; a writer's says nothing we do not say
  std::vector<std::string> present{rocksdb::kDefaultColumnFamilyName};
  if (there) {
    if (auto fit = check_manifest(folder); !fit) return failure(fit.error());
    const auto healed = heal_under_lock(*opened->files, opened->wanted);
    if (!healed) return failure(healed.error());
    opened->ends_torn = healed->torn && opened->wanted.read_only;
    // Still there for a reader, and nothing whole behind it: the one case in which this mode drops nothing that counts.
    if (opened->ends_torn) options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    const auto listed = rocksdb::DB::ListColumnFamilies(options, folder.string(), &present);
    if (!listed.ok()) return failure(translated(listed, folder, listener->heard()));
  }
  const auto has = [&](const std::string& name) {
    return std::find(present.begin(), present.end(), name) != present.end();
  };

  std::vector<rocksdb::ColumnFamilyDescriptor> asked;
  const auto& names = opened->wanted.tables;
  opened->tables.assign(names.size(), nullptr);
  std::vector<table> places;
  for (table n = 0; n < names.size(); ++n) {
    if (opened->wanted.read_only && !has(names[n])) continue;
    asked.emplace_back(names[n], table_options(names[n], opened->cache));
    places.push_back(n);
  }
  for (const auto& name : present)
    if (std::find(names.begin(), names.end(), name) == names.end())
      asked.emplace_back(name, table_options(name, opened->cache));

  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const auto status = opened->wanted.read_only
                          ? rocksdb::DB::OpenForReadOnly(options, folder.string(), asked, &handles, &db)
                          : rocksdb::DB::Open(options, folder.string(), asked, &handles, &db);
  if (!status.ok()) return failure(translated(status, folder, listener->heard()));
  opened->db.reset(db);
  for (std::size_t n = 0; n < handles.size(); ++n) {
    if (n < places.size())
      opened->tables[places[n]] = handles[n];
    else
      opened->others.push_back(handles[n]);
  }
  return std::unique_ptr<store>{new store(std::move(opened))};
}

void store::put(batch& into, table in, std::string_view key, std::string_view head, std::string_view tail) {
  const rocksdb::Slice name = slice(key);
  const rocksdb::Slice parts[] = {slice(head), slice(tail)};
  into.content_->batch.Put(db_->tables[in], rocksdb::SliceParts(&name, 1), rocksdb::SliceParts(parts, 2));
}

void store::erase(batch& from, table in, std::string_view key) {
  from.content_->batch.Delete(db_->tables[in], slice(key));
}

namespace {

/// RocksDB counts for each thread what nobody reads: on each row it looks at, or writes, again.
void count_nothing_for_this_thread() {
  thread_local const bool told = (rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable), true);
  (void)told;
}

} // namespace

messages::result<void> store::commit(batch& what, bool sync) {
  count_nothing_for_this_thread();
  rocksdb::WriteOptions options;
  options.sync = sync;
  const auto status = db_->db->Write(options, &what.content_->batch);
  if (!status.ok()) {
    auto why = db_->error_of(status);
    if (why.code == error_code::journal_damaged && !status.IsCorruption()) why.code = error_code::write_failed;
    return failure(std::move(why));
  }
  what.clear();
  return {};
}

std::unique_ptr<store::snapshot> store::now() const { return std::unique_ptr<snapshot>{new snapshot(*this)}; }

namespace {

rocksdb::ReadOptions read_options(const void* at) {
  rocksdb::ReadOptions options;
  options.snapshot = static_cast<const rocksdb::Snapshot*>(at);
  // No range is ever erased here. Told so, RocksDB 7.8 does not lose the error of a file that it cannot read when it
  // goes on to it from the one before; otherwise a scan ends there as if nothing followed.
  options.ignore_range_deletions = true;
  return options;
}

} // namespace

messages::result<std::optional<std::string>> store::get(table in, std::string_view key, const snapshot* at) const {
  if (!db_->tables[in]) return std::nullopt;
  std::string bytes;
  const auto status = db_->db->Get(read_options(at ? at->at_ : nullptr), db_->tables[in], slice(key), &bytes);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return failure(db_->error_of(status));
  return std::optional{std::move(bytes)};
}

messages::result<void> store::scan(table in, std::string_view from, const visitor& visit, const snapshot* at) const {
  if (!db_->tables[in]) return {};
  auto options = read_options(at ? at->at_ : nullptr);
  options.fill_cache = false; // a scan of history must not push the rows of today out of the cache
  const std::unique_ptr<rocksdb::Iterator> it(db_->db->NewIterator(options, db_->tables[in]));
  for (it->Seek(slice(from)); it->Valid(); it->Next())
    if (!visit(text(it->key()), text(it->value()))) return {};
  if (!it->status().ok()) return failure(db_->error_of(it->status()));
  return {};
}

messages::result<std::optional<stored_row>> store::last(table in) const {
  if (!db_->tables[in]) return std::nullopt;
  const std::unique_ptr<rocksdb::Iterator> it(db_->db->NewIterator(read_options(nullptr), db_->tables[in]));
  it->SeekToLast();
  if (it->Valid()) return stored_row{it->key().ToString(), it->value().ToString()};
  if (!it->status().ok()) return failure(db_->error_of(it->status()));
  return std::nullopt;
}

messages::result<void> store::clear(table in) {
  auto*& handle = db_->tables[in];
  const auto name = db_->wanted.tables[in];
  if (const auto status = db_->db->DropColumnFamily(handle); !status.ok()) return failure(db_->error_of(status));
  db_->db->DestroyColumnFamilyHandle(handle);
  handle = nullptr;
  const auto status = db_->db->CreateColumnFamily(table_options(name, db_->cache), name, &handle);
  if (!status.ok()) return failure(db_->error_of(status));
  return {};
}

messages::result<void> store::flush() {
  std::vector<rocksdb::ColumnFamilyHandle*> all;
  for (auto* handle : db_->tables)
    if (handle) all.push_back(handle);
  if (const auto status = db_->db->Flush({}, all); !status.ok()) return failure(db_->error_of(status));
  return {};
}

messages::result<void> store::copy_into(const std::filesystem::path& folder) {
  rocksdb::Checkpoint* made = nullptr;
  auto status = rocksdb::Checkpoint::Create(db_->db.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(folder.string());
  if (!status.ok()) return failure(db_->error_of(status));
  return {};
}

messages::result<void> store::check_files() const {
  if (const auto status = db_->db->VerifyChecksum(); !status.ok()) return failure(db_->error_of(status));
  return {};
}

bool store::ends_torn() const { return db_->ends_torn; }

std::uint64_t store::log_syncs() const { return db_->statistics->getTickerCount(rocksdb::WAL_FILE_SYNCED); }

} // namespace storage
