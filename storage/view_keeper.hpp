// The keeper of the views: folds what was committed into their rows, behind those who append, and writes the rows now
// and then. Nobody waits for it: an entry is the truth, a row only follows from it, and what a crash leaves unfolded is
// folded at the next opening. Who reads a view finds everything folded that was acknowledged before.
#pragma once

#include "storage/journal.hpp"
#include "storage/keyring.hpp"
#include "storage/pending_rows.hpp"
#include "storage/store.hpp"
#include "storage/tables.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace storage {

class view_keeper {
public:
  view_keeper(store& into, keyring& keys, const view_list& views, const journal_options& options);
  ~view_keeper();
  view_keeper(const view_keeper&) = delete;
  view_keeper& operator=(const view_keeper&) = delete;

  // -- the opening, on one thread

  /// Folds what the rows lack of the entries up to @p head. Errors: `journal_damaged`, those of the store.
  messages::result<void> load(std::uint64_t head);
  /// Folds the views that are new, or of another version, from entry 1.
  messages::result<void> keep_up();
  /// How many entries load() had to fold.
  std::uint64_t entries_read() const { return entries_read_; }
  /// From now on rows are written by a thread of its own. @p on_failure hears what ended it, on any thread, perhaps
  /// more than once; it must not read rows.
  void start(std::function<void(messages::error)> on_failure);
  /// Folds and writes all there is, durably, unless the journal @p failed; ends the thread.
  void close(bool failed);

  // -- the journal's thread

  /// Takes what was committed, in order. True: wake() has to be called, when those who wait were answered.
  bool take(std::vector<folded_event> events);
  void wake() { ready_.notify_one(); }
  /// Folds what waits when it became too much: then who appends does wait.
  messages::result<void> keep_within_bounds();

  /// While it is held no row is folded, read or written. For what must not happen between two writings: a change of
  /// keys, a copy.
  using stillness = std::unique_lock<std::mutex>;
  stillness hold() const { return stillness{fold_mutex_}; }
  /// Folds and writes all there is.
  messages::result<void> write_all(const stillness&);
  /// Rows known in clear may be sealed under keys that are destroyed now: knows nothing any more.
  void let_go(const stillness&);

  // -- any thread

  /// A row in clear; @p view counts in the order of the list.
  messages::result<std::optional<std::string>> get(std::size_t view, std::string_view key);
  /// Called for each row in key order: in clear when @p in_clear, else as it is stored. False ends the scan.
  using visitor = std::function<bool(std::string_view key, std::string_view row, bool in_clear)>;
  /// Rows as they follow from the entries up to index().
  class moment {
  public:
    std::uint64_t index() const { return index_; }

  private:
    friend class view_keeper;
    std::uint64_t index_ = 0;
    std::unique_ptr<store::snapshot> stored_;
    std::vector<std::map<std::string, std::optional<std::string>>> unwritten_; ///< by view
  };
  /// Now, of one view (rows whose keys begin with @p prefix) or of all.
  messages::result<moment> now(std::optional<std::size_t> view = {}, std::string_view prefix = {});
  messages::result<void> scan(std::size_t view, const moment& at, std::string_view from, const visitor& visit) const;
  const store::snapshot& stored(const moment& at) const { return *at.stored_; }
  /// Of all rows, as they were handed to RocksDB.
  std::uint64_t bytes_written() const { return bytes_.load(); }

private:
  messages::result<void> fold_tail(std::uint64_t from, std::uint64_t head);
  messages::result<void> fold_from_start(const std::vector<std::size_t>& views);
  messages::result<folded_event> event_in(std::uint64_t index, std::string_view entry) const;
  void apply(const folded_event& event);
  messages::result<void> fold(const stillness&);
  std::size_t folded_at_once() const;
  messages::result<void> fold_and_write(const stillness&, bool due);
  messages::result<void> write(const stillness&, bool sync);
  messages::result<void> commit_rows(store::batch& batch, bool sync);
  void run();

  store& store_;
  keyring& keys_;
  const view_list& views_;
  const journal_options& options_;

  mutable std::mutex fold_mutex_;
  std::vector<std::unique_ptr<pending_rows>> rows_; ///< by view
  std::uint64_t folded_ = 0, written_ = 0;          ///< the last entry in the rows; in those that are stored
  std::atomic<bool> unwritten_{false};              ///< they differ
  std::uint64_t time_ms_ = 0;                       ///< of the last event folded
  std::optional<messages::error> broken_;
  std::uint64_t entries_read_ = 0;
  std::atomic<std::uint64_t> bytes_{0};

  std::mutex queue_mutex_;
  std::condition_variable ready_;
  std::vector<folded_event> queue_;
  bool asleep_ = false, ending_ = false;
  std::function<void(messages::error)> on_failure_;
  std::thread thread_;
};

} // namespace storage
