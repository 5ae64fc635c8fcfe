// What a journal is made of inside: the queue between the actors and its thread, and what it tells others.
#pragma once

#include "storage/head_mark.hpp"
#include "storage/journal.hpp"
#include "storage/rotation.hpp"
#include "storage/scribe.hpp"
#include "storage/store.hpp"
#include "storage/tables.hpp"
#include "storage/view_keeper.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace storage {

struct rewrapping;

struct journal::parts {
  using commit_listener = std::function<void(std::shared_ptr<const committed>)>;

  struct queued {
    sealed_draft what;
    durable_callback on_durable;
  };

  parts(journal_options with, view_list kept) : options(std::move(with)), views(std::move(kept)) {}
  ~parts();

  bool append(messages::draft what, durable_callback on_durable);
  void start(head_mark at);
  void mark_in_key_folder(const head_mark& mark);
  void run();
  /// Waits for appends worth a sync; false when the journal ends and none is left.
  bool take(std::vector<queued>& into);
  void linger() const;
  void run_errands();
  /// Does @p errand on the journal's thread, between two batches; waits for it.
  messages::result<void> on_thread(const std::function<messages::result<void>()>& errand);
  messages::result<std::size_t> write_some(std::vector<queued>& taken, std::size_t from);
  std::shared_ptr<const commit_listener> learn_commit(const committed* events, std::size_t appends,
                                                      std::uint64_t waits);
  void learn_position();
  void answer_all(std::vector<queued> rest, const messages::error& why);
  void refuse(messages::error why);
  std::optional<messages::error> refused_by_failure() const;
  std::optional<std::size_t> place_of(std::string_view view_name) const;
  /// For what is said of damage in a table whose rows belong to no one entry.
  std::string last_entry() const { return "entry " + std::to_string(head.load()) + " is the last"; }
  /// Of a journal that was opened and not started.
  messages::result<rotation_report> rotate(const rotation& what);
  messages::result<void> check_no_checkin_of(const std::set<messages::id>& patients) const;
  messages::result<void> put_rotated(const std::map<std::uint64_t, std::string>& ring,
                                     const std::map<std::uint64_t, key_record>& destroyed,
                                     const key_encryption_key& next, const view_keeper::stillness& still);
  /// The same while it runs: see journal::expire().
  messages::result<void> change_keys(const rotation& what, rewrapping& exchange, rotation_report& report);
  messages::result<std::string> clear_envelope(const entry_view& entry) const;
  /// How an entry's envelope is shown to whoever reads.
  using show = std::function<messages::result<std::string>(const entry_view&)>;
  messages::result<page> read(std::uint64_t from, std::size_t limit, const std::vector<std::string>& prefixes,
                              const show& how) const;
  void step(std::string_view name) const {
    if (options.test.on_step) options.test.on_step(name);
  }

  const journal_options options;
  const view_list views;
  std::unique_ptr<store> database;
  std::unique_ptr<keyring> keys;
  std::unique_ptr<scribe> writer; ///< the journal's thread only, once it runs
  std::unique_ptr<view_keeper> folding;

  std::mutex expiry_mutex; ///< one expire() at a time
  std::mutex queue_mutex;
  std::condition_variable ready;
  std::vector<queued> queue;
  std::size_t queued_bytes = 0, awaited = 0;  ///< awaited: of the queue, those somebody waits for
  std::chrono::steady_clock::time_point due;  ///< when the oldest of the queue must be written, awaited or not
  std::vector<std::function<void()>> errands; ///< for the journal's thread, between two batches
  bool idle = false, timed = false, ending = false;
  std::atomic<bool> wanted{false}; ///< somebody waits for something in the queue
  std::uint64_t busy = 0, deepest = 0;
  /// Why nothing is taken; also before start() and in a journal that is only read.
  std::optional<messages::error> refusing = messages::error{messages::error_code::not_now, {"append", "read only"}};

  mutable std::mutex known_mutex;
  std::shared_ptr<const commit_listener> listener;
  std::map<std::string, std::uint64_t> topics;
  journal_counts known;
  std::optional<messages::error> failed;
  std::uint64_t horizon_ms = 0, epoch = 1, syncs_at_open = 0;
  std::atomic<std::uint64_t> head{0};

  std::vector<appended> landed; ///< of the batch being written
  std::size_t batch_bytes = 0;
  std::unique_ptr<head_mark_keeper> keeper;
  std::thread thread;
};

} // namespace storage
