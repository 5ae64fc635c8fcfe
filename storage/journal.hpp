// The journal: the truth of the clinic, entry 1, 2, 3 …; one thread, one batch, one sync for what many actors
// appended (design.md §4). The outbox and the remembered replies change in the same batch; the views follow from the
// entries and are folded behind them, for whoever reads them at the latest.
//
// Threads: everything here may be called from any thread. Callbacks of append() and on_committed() run on the journal's
// own thread: they must return at once, must not throw, and must not destroy the journal; they may append and read.
#pragma once

#include "messages/draft.hpp"
#include "messages/result.hpp"
#include "storage/key_folder.hpp"
#include "storage/retention.hpp"
#include "storage/view.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rocksdb {
class FileSystem;
}

namespace storage {

struct journal_limits {
  std::size_t queue_appends_max = 8192;            ///< waiting for the journal's thread; more is `busy`
  std::size_t queue_bytes_max = 16u << 20;         ///< the same, in bytes of drafts
  std::size_t batch_bytes_max = 4u << 20;          ///< of one sync; one append is never divided
  std::size_t append_events_max = 1024;            ///< of one draft
  std::uint32_t linger_us_max = 400;               ///< how long the journal's thread looks for more before it sleeps
  std::uint32_t lazy_sync_ms_max = 200;            ///< how long an append nobody waits for may stay unwritten
  std::uint32_t head_mark_interval_ms = 1000;      ///< how old the head mark may be
  std::uint32_t rows_unwritten_ms_max = 1000;      ///< how long changed rows of views stay in memory only
  std::size_t rows_unwritten_events_max = 4096;    ///< the same, in events: about what a crash leaves to fold again
  std::uint64_t reply_kept_ms = 24u * 3600 * 1000; ///< by the time inside the command's id
  std::uint64_t replies_max = 500'000;             ///< beyond, the oldest go early and remembers_since_ms() rises
  std::size_t wal_bytes_max = 32u << 20;           ///< what an opening after a crash may have to read again
  std::size_t log_filled_bytes = 1u << 20;         ///< zeros a log begins with (filled_logs.hpp); 0: none
  std::size_t page_entries_max = 1000;             ///< of one read()
  std::size_t page_bytes_max = 4u << 20;           ///< of one read(); a page holds one entry at least
  std::size_t page_scanned_max = 20'000;           ///< entries looked at by one read()
};

/// Seams for tests; empty in a program.
struct journal_test_hooks {
  /// On the journal's thread before each sync: a test that blocks here gathers appends.
  std::function<void()> before_sync;
  /// On the journal's thread at each crash point: "taken", "built", "synced", "answered", "published".
  std::function<void(std::string_view step)> on_step;
  /// A bad disk under RocksDB; null: this host's files.
  std::shared_ptr<rocksdb::FileSystem> files;
};

struct journal_options {
  std::filesystem::path folder;          ///< made (0700) when missing
  std::string node;                      ///< this hub's name; filled into every entry
  std::function<std::uint64_t()> now_ms; ///< UTC; called from any thread. May step back: entries' times never do
  journal_limits limits;
  /// Where the key-encryption key lies; never inside `folder`. Needed, unless read_only: then personal values read as
  /// redacted without it, and the chain is not checked.
  std::optional<key_access> keys;
  /// Housekeeping at the opening: what was kept this long is forgotten (rotation.hpp). Nothing: nothing is let go. An
  /// escrow copy that cannot be reached puts it off.
  std::optional<retention> kept;
  bool read_only = false; ///< of a stopped node: writes nothing, takes no LOCK; append() is refused
  journal_test_hooks test;
};

/// Where an append landed. Without events: the head it rests on, count 0.
struct appended {
  std::uint64_t first_index = 0;
  std::uint64_t count = 0;
};

/// One entry as the bus wants it.
struct published {
  std::uint64_t index = 0;
  std::uint64_t previous_of_topic = 0; ///< 0: the first of its topic
  std::string topic;
  std::string envelope; ///< encoded event_envelope with its personal fields in clear

  friend bool operator==(const published&, const published&) = default;
};

/// The events of one commit.
struct committed {
  std::uint64_t epoch = 0;
  std::uint64_t first_index = 0;
  std::vector<published> events; ///< never empty
  /// By event: its envelope with the personal fields hidden, where it has any that were sealed; else empty.
  std::vector<std::string> redacted;
};

struct page {
  std::vector<published> events;
  /// Of read_redacted(), by event: the envelope has its personal fields hidden already. Else (nothing was sealed in it)
  /// it is what the journal holds.
  std::vector<bool> redacted;
  std::uint64_t next = 0; ///< last scanned + 1: where the next page begins
  std::uint64_t head = 0;
  std::uint64_t epoch = 0;
};

struct remembered_answer {
  std::uint64_t time_ms = 0; ///< when it was given
  std::string frame;         ///< empty: already_done
};

struct journal_counts {
  std::uint64_t appends = 0, awaited_appends = 0;   ///< made durable; those somebody waited for (binding)
  std::uint64_t events = 0, batches = 0, bytes = 0; ///< made durable; bytes as handed to RocksDB
  std::uint64_t syncs = 0;                          ///< of the write-ahead log, as RocksDB counts them, since opening
  std::uint64_t queue_appends_deepest = 0;
  std::uint64_t entries_read_at_open = 0; ///< does not grow with history
  std::uint64_t busy = 0;                 ///< appends refused because the queue was full
};

/// What rebuild_and_compare() found. A difference names its place and kind, never a value: rows hold personal data.
struct comparison {
  std::uint64_t entries = 0, rows = 0;
  std::optional<std::string> first_difference; ///< "view questions, key 0190…: differs"; nothing: all equal
};

struct rotation;
struct rotation_report; ///< rotation.hpp

class journal {
public:
  /// Opens, heals a torn tail, checks the tail against the head mark (see README.md). Errors: `database_locked`,
  /// `journal_damaged`, `disk_full`, `write_failed`, `no_such_data` (read only), `newer_version`, `no_keys`,
  /// `wrong_keys`, `keys_exposed`.
  /// A view that is new or of a new version is folded from entry 1 now: the one start that costs by history.
  static messages::result<std::unique_ptr<journal>> open(journal_options options,
                                                         std::vector<std::unique_ptr<view>> views);
  /// Writes and answers what is queued, writes the head mark, closes.
  ~journal();
  journal(const journal&) = delete;
  journal& operator=(const journal&) = delete;

  /// Destroys keys of a stopped node's journal and wraps the rest under a new key-encryption key: see rotation.hpp.
  /// Errors: those of open(), `still_needed`, `no_escrow`.
  static messages::result<rotation_report> rotate(journal_options options, std::vector<std::unique_ptr<view>> views,
                                                  const rotation& what);

  using durable_callback = std::function<void(const messages::result<appended>&)>;

  /// Queues @p what; returns at once. @p on_durable is called exactly once: after the sync, or with the error. Refusals
  /// (`busy`, `too_large`, `malformed`, the error of failed()) are answered at once on the caller's thread and return
  /// false. With an empty @p on_durable nobody waits: it is written with the next sync that somebody waits for, at the
  /// latest after lazy_sync_ms_max. An empty draft waits for all before it and costs no sync of its own. After a failed
  /// write the outcome of its appends is not known: they may be found at the next opening.
  bool append(messages::draft what, durable_callback on_durable);

  /// @p listener gets every commit, in order, after its callbacks. Set before the first append; replaces the last one.
  void on_committed(std::function<void(std::shared_ptr<const committed>)> listener);

  /// Durable entries from index @p from (0 and 1 mean the first) whose topic begins with one of @p prefixes (empty:
  /// all).
  messages::result<page> read(std::uint64_t from, std::size_t limit,
                              const std::vector<std::string>& prefixes = {}) const;
  /// The same for those who may not see personal values: nothing is unsealed. page::redacted says what there is.
  messages::result<page> read_redacted(std::uint64_t from, std::size_t limit,
                                       const std::vector<std::string>& prefixes = {}) const;

  std::uint64_t head() const; ///< index of the last durable entry; 0: none
  std::uint64_t epoch() const;
  std::map<std::string, std::uint64_t> topics() const; ///< last durable index of every topic
  journal_counts counts() const;
  std::optional<messages::error> failed() const; ///< why nothing is accepted any more; the node must end

  /// The rows of @p owner that no event has settled yet, in the order written.
  messages::result<std::vector<messages::outbox_row>> open_effects(std::string_view owner) const;

  /// What was answered to @p command, if it is remembered.
  messages::result<std::optional<remembered_answer>> remembered(const messages::id& command) const;
  /// Commands whose id is older are refused (`too_old`): whether they were executed is not known here.
  std::uint64_t remembers_since_ms() const;

  /// Rows of a view in key order: of all that was acknowledged before, which may have to be folded first. An unknown
  /// view is `wrong_value`; one that this (read-only) journal lacks is empty.
  messages::result<std::vector<stored_row>> rows_of(std::string_view view, std::string_view key_prefix,
                                                    std::size_t limit) const;
  messages::result<std::optional<std::string>> get(std::string_view view, std::string_view key) const;
  /// Folds and writes now what would be folded and written by and by. For who measures, or copies.
  messages::result<void> write_rows();

  /// Folds the journal anew in memory, as of now, and compares with the stored rows. @p progress(done, of) is called
  /// every few thousand entries on the calling thread. Appends go on meanwhile.
  messages::result<comparison>
  rebuild_and_compare(const std::function<void(std::uint64_t, std::uint64_t)>& progress = {}) const;

  /// An openable copy of the database in @p folder, which must not be there, made between two commits: what a backup is
  /// made of. Appends wait meanwhile (tables are linked, not copied). Answers the head and the epoch of the copy.
  struct copied {
    std::uint64_t index = 0, epoch = 0;
  };
  messages::result<copied> copy_into(const std::filesystem::path& folder);

  /// Housekeeping while the journal runs: destroys the keys of what @p rules keep no longer, and tells of it in the
  /// journal, as rotate() does for a stopped one. From any thread but the journal's own; appends wait for a part of it
  /// (about a second for 100,000 keys). Nothing due: nothing is written. Errors: `no_escrow` and others before anything
  /// was changed; after an error in the middle the journal ends, and its next opening finishes it.
  messages::result<rotation_report> expire(const retention& rules);

private:
  struct parts;
  static messages::result<std::unique_ptr<parts>> open_parts(journal_options options,
                                                             std::vector<std::unique_ptr<view>> views);
  explicit journal(std::unique_ptr<parts> opened);
  std::unique_ptr<parts> parts_;
};

} // namespace storage
