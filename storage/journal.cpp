// The journal's queue, its thread, and what others may read of it. What a batch holds is the scribe's matter.
#include "storage/journal.hpp"

#include "storage/big_endian.hpp"
#include "storage/damage.hpp"
#include "storage/entry.hpp"
#include "storage/head_mark.hpp"
#include "storage/journal_parts.hpp"
#include "storage/key_mark.hpp"
#include "storage/still_files.hpp"

#include <algorithm>
#include <future>

namespace storage {

using messages::error_code;
using messages::failure;

namespace {

std::size_t bytes_of(const messages::draft& what) {
  std::size_t bytes = 64;
  for (const auto& event : what.events)
    bytes += 160 + event.topic.size() + event.desk.size() + event.account.size() + event.body.size();
  for (const auto& owed : what.outbox)
    bytes += 160 + owed.owner.size() + owed.topic.size() + owed.desk.size() + owed.body.size();
  for (const auto& reply : what.replies)
    bytes += 64 + reply.frame.size();
  return bytes + what.settled.size() * 32;
}

messages::result<void> make_folder(const std::filesystem::path& folder) {
  std::error_code why;
  if (std::filesystem::is_directory(folder, why)) return {};
  if (std::filesystem::create_directories(folder, why))
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, why);
  if (why) return failure(error_code::write_failed, folder.string(), why.message());
  return {};
}

/// For a mark that tells nothing: what the database says of itself.
std::string last_entry_found(const std::filesystem::path& folder) {
  store_options options;
  options.folder = folder;
  options.tables = {table_names({})[entries_table]};
  options.read_only = true;
  const auto opened = store::open(std::move(options));
  const auto last = opened ? (*opened)->last(0) : messages::result<std::optional<stored_row>>{std::nullopt};
  if (!last || !*last) return "no entry 1 can be read either";
  return "the last one that can be read is entry " + std::to_string(read_big_endian((*last)->first));
}

/// Which mark the journal in @p options must live up to. A new folder gets mark 0 before its database: a database
/// without a mark is therefore never an interrupted first start, and is refused.
messages::result<head_mark> mark_before_opening(const journal_options& options) {
  const auto& folder = options.folder;
  const auto mark = read_head_mark(folder);
  if (!mark) return failure(located(mark.error(), folder, last_entry_found(folder)));
  const bool there = holds_database(folder);
  if (!there && options.read_only) return failure(error_code::no_such_data, folder.string());
  if (there && !*mark)
    return failure(error_code::journal_damaged, folder.string(),
                   "the file head is missing: nobody can tell whether entries were lost; " + last_entry_found(folder));
  if (!there && *mark && (*mark)->index > 0)
    return failure(error_code::journal_damaged, folder.string(),
                   "its database is gone, but the file head says that entry " + std::to_string((*mark)->index) +
                       " was written");
  if (there) return **mark;
  if (!options.read_only)
    if (auto fresh = check_no_key_mark(folder, options.keys->folder); !fresh) return failure(fresh.error());
  if (*mark) return **mark;
  if (auto written = write_head_mark(folder, {}); !written) return failure(written.error());
  return head_mark{};
}

/// Are the entries there of which the mark speaks? Asked before anything is written: the keys of a journal that lost
/// its tables are looked for, and made, in what is left of it.
messages::result<void> check_reached(const store& in, const std::filesystem::path& folder, const head_mark& mark) {
  const auto last = in.last(entries_table);
  if (!last) return failure(located(last.error(), folder, entry_marked(mark.index)));
  const auto epoch = in.get(meta_table, epoch_key);
  if (!epoch) return failure(located(epoch.error(), folder, entry_marked(mark.index)));
  const auto head = *last ? read_big_endian((*last)->first) : 0;
  if (head >= mark.index || (*epoch && read_big_endian(**epoch) != mark.epoch)) return {};
  return failure(error_code::journal_damaged, folder.string(),
                 "its last entry is " + std::to_string(head) + ", but the file head says that entry " +
                     std::to_string(mark.index) + " was written");
}

/// What an audit of a copy compares its unchecked files with.
messages::result<void> note_still_files(store& in, const journal_options& options, const key_bytes& chain_key) {
  const auto now = still_files(options.folder, chain_key);
  if (!now) return failure(now.error());
  const auto noted = in.get(meta_table, files_key);
  if (!noted) return failure(noted.error());
  if (*noted == *now) return {};
  store::batch batch;
  in.put(batch, meta_table, files_key, *now);
  return in.commit(batch);
}

/// Before anything is made: a journal without keys would be one that nobody can ever seal.
messages::result<void> check_keys(const journal_options& options) {
  if (!options.keys)
    return options.read_only ? messages::result<void>{} : failure(error_code::missing_value, "keys_dir");
  const auto keys = std::filesystem::weakly_canonical(options.keys->folder).string() + "/";
  const auto data = std::filesystem::weakly_canonical(options.folder).string() + "/";
  if (keys.starts_with(data))
    return failure(error_code::wrong_value, "keys_dir", options.keys->folder.string() + " (inside the data folder)");
  if (!holds_keys(options.keys->folder)) return failure(error_code::no_keys, options.keys->folder.string());
  return {};
}

} // namespace

messages::result<std::unique_ptr<journal::parts>> journal::open_parts(journal_options options,
                                                                      std::vector<std::unique_ptr<view>> views) {
  if (auto fit = check_keys(options); !fit) return failure(fit.error());
  if (!options.read_only)
    if (auto made = make_folder(options.folder); !made) return failure(made.error());
  const auto mark = mark_before_opening(options);
  if (!mark) return failure(mark.error());

  auto opened = std::make_unique<parts>(std::move(options), std::move(views));
  auto& with = opened->options;
  const auto marked = entry_marked(mark->index);
  if (auto fit = check_manifest_mark(with.folder); !fit) return failure(fit.error());
  auto database = store::open({with.folder, table_names(opened->views), with.read_only, with.limits.wal_bytes_max,
                               with.limits.log_filled_bytes, with.test.files});
  if (!database) return failure(located(database.error(), with.folder, marked));
  opened->database = std::move(*database);
  if (auto fit = check_reached(*opened->database, with.folder, *mark); !fit) return failure(fit.error());
  opened->keys = std::make_unique<keyring>(*opened->database, with.keys);
  if (auto loaded = opened->keys->load(with.read_only); !loaded)
    return failure(located(loaded.error(), with.folder, marked));
  opened->writer = std::make_unique<scribe>(*opened->database, *opened->keys, with);
  if (auto loaded = opened->writer->load(*mark); !loaded) return failure(located(loaded.error(), with.folder, marked));
  if (!with.read_only) {
    if (auto noted = note_still_files(*opened->database, with, *opened->keys->chain_key()); !noted)
      return failure(located(noted.error(), with.folder, marked));
    if (auto newest = check_key_mark(with.folder, with.keys->folder, *opened->keys->chain_key(),
                                     {opened->writer->head(), opened->writer->epoch()});
        !newest)
      return failure(located(newest.error(), with.folder, marked));
  }
  opened->folding = std::make_unique<view_keeper>(*opened->database, *opened->keys, opened->views, with);
  if (auto folded = opened->folding->load(opened->writer->head()); !folded)
    return failure(located(folded.error(), with.folder, marked));
  if (!with.read_only) {
    if (auto kept = opened->folding->keep_up(); !kept) return failure(located(kept.error(), with.folder, marked));
    if (auto told = opened->writer->tell_followed_rotation(); !told)
      return failure(located(told.error(), with.folder, marked));
    opened->folding->take(opened->writer->take_folded());
  }
  return opened;
}

messages::result<std::unique_ptr<journal>> journal::open(journal_options options,
                                                         std::vector<std::unique_ptr<view>> views) {
  auto opened = open_parts(std::move(options), std::move(views));
  if (!opened) return failure(opened.error());
  auto& ready = **opened;
  if (ready.options.read_only) {
    ready.learn_position();
    return std::unique_ptr<journal>{new journal(std::move(*opened))};
  }
  if (ready.options.kept) {
    rotation housekeeping;
    housekeeping.expire = ready.options.kept;
    housekeeping.prove = false;
    const auto done = ready.rotate(housekeeping);
    if (!done && done.error().code != error_code::no_escrow) return failure(done.error());
  }
  const head_mark at{ready.writer->head(), ready.writer->epoch()};
  // RocksDB began a new manifest: from now on that one must not lose anything either.
  if (auto marked = write_head_mark(ready.options.folder, at); !marked) return failure(marked.error());
  if (auto marked = write_key_mark(ready.options.keys->folder, *ready.keys->chain_key(), at); !marked)
    return failure(marked.error());
  ready.start(at);
  return std::unique_ptr<journal>{new journal(std::move(*opened))};
}

journal::journal(std::unique_ptr<parts> opened) : parts_(std::move(opened)) {}
journal::~journal() = default;

bool journal::append(messages::draft what, durable_callback on_durable) {
  return parts_->append(std::move(what), std::move(on_durable));
}

void journal::on_committed(std::function<void(std::shared_ptr<const committed>)> listener) {
  const std::lock_guard lock(parts_->known_mutex);
  parts_->listener = std::make_shared<const parts::commit_listener>(std::move(listener));
}

messages::result<journal::copied> journal::copy_into(const std::filesystem::path& folder) {
  auto& of = *parts_;
  if (auto written = write_rows(); !written) return failure(written.error()); // so that a copy has little to fold
  if (auto flushed = of.database->flush(); !flushed) return failure(flushed.error()); // so that appends wait briefly
  copied at;
  const auto done = of.on_thread([&] {
    const auto held = of.folding->hold();
    at = {of.head.load(), of.epoch};
    return of.database->copy_into(folder);
  });
  if (!done) return failure(done.error());
  return at;
}

// -- the queue -----------------------------------------------------------------------------------------------------

bool journal::parts::append(messages::draft what, durable_callback on_durable) {
  const auto bytes = bytes_of(what);
  auto fault = scribe::fault_of(what, options.limits);
  bool wake = false;
  sealed_draft sealed;
  if (!fault) { // here, on the appending thread: the journal's own has the syncs of all to make
    auto made = keys && keys->chain_key() ? seal_draft(*keys, std::move(what), options.now_ms())
                                          : messages::result<sealed_draft>{sealed_draft{}};
    if (made)
      sealed = std::move(*made);
    else
      fault = located(made.error(), options.folder, last_entry());
  }
  if (!fault) {
    const std::lock_guard lock(queue_mutex);
    if (refusing)
      fault = *refusing;
    else if (queue.size() >= options.limits.queue_appends_max ||
             queued_bytes + bytes > options.limits.queue_bytes_max) {
      ++busy;
      fault = messages::error{error_code::busy, {"journal"}};
    } else {
      // The thread looks again by itself while it waits with a time limit; only an endless sleep needs a lazy wake-up.
      wake = idle && (on_durable || !timed);
      if (on_durable) wanted.store(true, std::memory_order_release);
      if (queue.empty())
        due = std::chrono::steady_clock::now() + std::chrono::milliseconds(options.limits.lazy_sync_ms_max);
      awaited += on_durable ? 1 : 0;
      queued_bytes += bytes;
      queue.push_back({std::move(sealed), std::move(on_durable)});
      deepest = std::max<std::uint64_t>(deepest, queue.size());
    }
  }
  if (fault) {
    if (on_durable) on_durable(messages::result<appended>{failure(*fault)});
    return false;
  }
  if (wake) ready.notify_one();
  return true;
}

bool journal::parts::take(std::vector<queued>& into) {
  using clock = std::chrono::steady_clock;
  const std::chrono::milliseconds lazy(options.limits.lazy_sync_ms_max);
  std::unique_lock lock(queue_mutex);
  auto nap_ends = awaited > 0 ? clock::time_point{} : clock::now() + lazy;
  while (awaited == 0 && errands.empty() && !ending) {
    if (queue.size() * 2 > options.limits.queue_appends_max) break;
    const auto now = clock::now();
    if (!queue.empty() && now >= due) break;
    timed = !queue.empty() || now < nap_ends;
    idle = true;
    // A nap after each batch: in a busy hour the appends nobody waits for wake nobody either.
    if (timed)
      ready.wait_until(lock, queue.empty() ? nap_ends : due);
    else
      ready.wait(lock);
    idle = false;
  }
  if (queue.empty() && errands.empty()) return false;
  into.swap(queue);
  awaited = 0;
  wanted.store(false, std::memory_order_relaxed);
  queued_bytes = 0;
  return true;
}

/// Looks out for a moment before it sleeps: who was answered just now often appends again at once, and to be woken
/// costs a sync's half (on a virtual machine the host must wake its processor first). Others have the processor
/// meanwhile.
void journal::parts::linger() const {
  const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(options.limits.linger_us_max);
  while (!wanted.load(std::memory_order_acquire) && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
}

// -- the journal's thread ------------------------------------------------------------------------------------------

void journal::parts::start(head_mark at) {
  learn_position();
  keeper = std::make_unique<head_mark_keeper>(options.folder, at,
                                              std::chrono::milliseconds(options.limits.head_mark_interval_ms),
                                              [this](messages::error why) { refuse(std::move(why)); },
                                              [this](const head_mark& mark) { mark_in_key_folder(mark); });
  refusing.reset();
  folding->start([this](const messages::error& why) { refuse(located(why, options.folder, last_entry())); });
  thread = std::thread([this] { run(); });
}

/// A key folder that cannot be written for a while must not end the node: the next mark, or the next opening, tells.
void journal::parts::mark_in_key_folder(const head_mark& mark) {
  (void)write_key_mark(options.keys->folder, *keys->chain_key(), mark);
}

journal::parts::~parts() {
  {
    const std::lock_guard lock(queue_mutex);
    ending = true;
    if (!refusing) refusing = messages::error{error_code::not_now, {"append", "closed"}};
  }
  ready.notify_one();
  if (thread.joinable()) thread.join();
  if (folding) folding->close(refused_by_failure().has_value());
  keeper.reset();
  folding.reset();
  writer.reset();
  keys.reset();
  database.reset();
}

void journal::parts::refuse(messages::error why) {
  {
    const std::lock_guard lock(known_mutex);
    if (!failed) failed = why;
  }
  const std::lock_guard lock(queue_mutex);
  refusing = std::move(why);
}

void journal::parts::run() {
  std::vector<queued> taken;
  while (take(taken)) {
    step("taken");
    run_errands();
    for (std::size_t from = 0; from < taken.size();) {
      const auto end = write_some(taken, from);
      if (!end) {
        answer_all({taken.begin() + static_cast<std::ptrdiff_t>(from), taken.end()}, end.error());
        break;
      }
      from = *end;
    }
    const bool answered = std::ranges::any_of(taken, [](const queued& one) { return bool(one.on_durable); });
    taken.clear();
    if (answered) linger();
  }
}

void journal::parts::run_errands() {
  std::vector<std::function<void()>> now;
  {
    const std::lock_guard lock(queue_mutex);
    now.swap(errands);
  }
  for (const auto& errand : now)
    errand();
}

messages::result<void> journal::parts::on_thread(const std::function<messages::result<void>()>& errand) {
  std::promise<messages::result<void>> answer;
  {
    const std::lock_guard lock(queue_mutex);
    if (refusing) return failure(*refusing);
    errands.emplace_back([&] { answer.set_value(errand()); });
  }
  ready.notify_one();
  return answer.get_future().get();
}

/// One batch: as many of @p taken from @p from on as its limit allows. Answers the first that is not in it.
messages::result<std::size_t> journal::parts::write_some(std::vector<queued>& taken, std::size_t from) {
  if (const auto why = refused_by_failure()) return failure(*why);
  landed.clear();
  std::size_t end = from;
  std::uint64_t waits = 0;
  auto written = [&]() -> messages::result<void> {
    try {
      while (end < taken.size() && (end == from || writer->batch_bytes() < options.limits.batch_bytes_max)) {
        landed.push_back(writer->add(std::move(taken[end].what)));
        waits += taken[end++].on_durable ? 1 : 0;
      }
      if (auto built = writer->build(); !built) return built;
      step("built");
      batch_bytes = writer->batch_empty() ? 0 : writer->batch_bytes();
      if (batch_bytes == 0) return {}; // what it waits for was durable before it
      if (options.test.before_sync) options.test.before_sync();
      return writer->commit();
    } catch (const std::exception& e) { // memory, or a view that throws against its contract
      return failure(error_code::write_failed, options.folder.string(), e.what());
    }
  }();
  if (!written) {
    auto why = located(written.error(), options.folder, last_entry());
    refuse(why);
    return failure(std::move(why));
  }
  step("synced");
  const auto events = writer->take_committed();
  const bool wake = events && folding->take(writer->take_folded()); // before anybody is answered: who reads finds it
  const auto hears = learn_commit(events.get(), end - from, waits);
  for (std::size_t n = from; n < end; ++n)
    if (taken[n].on_durable) taken[n].on_durable(landed[n - from]);
  step("answered");
  if (events && hears && *hears) (*hears)(events);
  step("published");
  if (wake) folding->wake();
  if (events) keeper->advance(writer->head());
  if (auto folded = folding->keep_within_bounds(); !folded) { // this batch is durable and answered
    refuse(located(folded.error(), options.folder, last_entry()));
    if (end < taken.size()) return failure(folded.error());
  }
  return end;
}

/// Takes the new position into what other threads may know; answers who is told of it.
std::shared_ptr<const journal::parts::commit_listener>
journal::parts::learn_commit(const committed* events, std::size_t appends, std::uint64_t waits) {
  const std::lock_guard lock(known_mutex);
  known.appends += appends;
  known.awaited_appends += waits;
  known.batches += batch_bytes > 0 ? 1 : 0;
  known.bytes += batch_bytes;
  horizon_ms = writer->replies_horizon_ms();
  if (events) {
    known.events += events->events.size();
    for (const auto& event : events->events)
      topics.insert_or_assign(event.topic, event.index);
    head.store(events->events.back().index);
  }
  return listener;
}

void journal::parts::learn_position() {
  const std::lock_guard lock(known_mutex);
  epoch = writer->epoch();
  head.store(writer->head());
  topics = {writer->topics().begin(), writer->topics().end()};
  horizon_ms = writer->replies_horizon_ms();
  known.entries_read_at_open = writer->entries_read() + folding->entries_read();
  syncs_at_open = database->log_syncs();
}

/// Everything taken and everything still queued gets @p why; what comes later is refused at the door.
void journal::parts::answer_all(std::vector<queued> rest, const messages::error& why) {
  std::vector<queued> later;
  {
    const std::lock_guard lock(queue_mutex);
    later.swap(queue);
    awaited = 0;
    queued_bytes = 0;
  }
  for (auto* waiting : {&rest, &later})
    for (auto& append : *waiting)
      if (append.on_durable) append.on_durable(messages::result<appended>{failure(why)});
}

std::optional<messages::error> journal::parts::refused_by_failure() const {
  const std::lock_guard lock(known_mutex);
  return failed;
}

} // namespace storage
