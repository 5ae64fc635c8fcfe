// RocksDB behind our own words: ordered tables of bytes, one batch and one sync at a time. Nothing of RocksDB shows
// here.
//
// Reading is safe from any thread, and so is committing: batches become durable in one order, each whole, and a synced
// one never before those that were committed ahead of it. Clearing belongs to one thread at a time. Errors:
// `database_locked`, `journal_damaged` (naming RocksDB's file), `disk_full` (ENOSPC, EDQUOT, EFBIG), `write_failed`,
// `no_such_data`.
#pragma once

#include "messages/result.hpp"
#include "storage/view.hpp"

#include <filesystem>
#include <functional>
#include <memory>

namespace rocksdb {
class FileSystem;
}

namespace storage {

/// A table by its place in store_options::tables.
using table = std::size_t;

struct store_options {
  std::filesystem::path folder;
  std::vector<std::string> tables;            ///< made when missing (unless read_only: then they read as empty)
  bool read_only = false;                     ///< writes nothing at all, takes no LOCK
  std::size_t wal_bytes_max = 32u << 20;      ///< what an opening after a crash may have to read again
  std::size_t log_filled_bytes = 1u << 20;    ///< zeros a write-ahead log begins with; 0: none (filled_logs.hpp)
  std::shared_ptr<rocksdb::FileSystem> files; ///< tests put a bad disk here; null: this host's files
};

/// Is there a database in @p folder?
bool holds_database(const std::filesystem::path& folder);

class store {
public:
  /// What becomes durable together.
  class batch {
  public:
    batch();
    ~batch();
    batch(const batch&) = delete;
    batch& operator=(const batch&) = delete;
    std::size_t bytes() const;
    bool empty() const;
    void clear();

  private:
    friend class store;
    struct content;
    std::unique_ptr<content> content_;
  };

  /// A moment: what is read through it does not change. Must be gone before its store.
  class snapshot {
  public:
    ~snapshot();
    snapshot(const snapshot&) = delete;
    snapshot& operator=(const snapshot&) = delete;

  private:
    friend class store;
    snapshot(const store& of);
    const store& of_;
    const void* at_;
  };

  /// Called for each row; false ends the scan. The bytes live until it returns.
  using visitor = std::function<bool(std::string_view key, std::string_view bytes)>;

  static messages::result<std::unique_ptr<store>> open(store_options options);
  ~store();

  /// @p tail follows @p head in the row: what is large need not be copied together first.
  void put(batch& into, table in, std::string_view key, std::string_view head, std::string_view tail = {});
  void erase(batch& from, table in, std::string_view key);

  /// Writes @p what and, with @p sync, returns only when it is on the disk. Then @p what is empty.
  messages::result<void> commit(batch& what, bool sync = true);

  std::unique_ptr<snapshot> now() const;
  messages::result<std::optional<std::string>> get(table in, std::string_view key, const snapshot* at = nullptr) const;
  /// Rows in key order from @p from on.
  messages::result<void> scan(table in, std::string_view from, const visitor& visit,
                              const snapshot* at = nullptr) const;
  messages::result<std::optional<stored_row>> last(table in) const;
  /// Removes every row of a table, at once.
  messages::result<void> clear(table in);

  /// Writes the tables out, so that the log holds little; from any thread.
  messages::result<void> flush();
  /// An openable copy in @p folder, which must not be there: tables as hard links, everything committed so far. Nothing
  /// may be committed meanwhile.
  messages::result<void> copy_into(const std::filesystem::path& folder);

  /// Reads every block of every table file and compares its checksum.
  messages::result<void> check_files() const;

  /// A reader's: the log ends in something that is no whole batch. A crash leaves that, until a node opens it and cuts
  /// it off; so does a changed byte behind the last batch.
  bool ends_torn() const;

  /// How often the write-ahead log was synced, as RocksDB counts it.
  std::uint64_t log_syncs() const;

private:
  struct database;
  explicit store(std::unique_ptr<database> opened);
  std::unique_ptr<database> db_;
};

} // namespace storage
