// Folding, writing the rows, and reading them as they stand.
#include "storage/view_keeper.hpp"

#include "storage/big_endian.hpp"
#include "storage/entry.hpp"
#include "storage/sealing.hpp"

#include <algorithm>
#include <chrono>

namespace storage {

using messages::error_code;
using messages::failure;
using messages::result;

namespace {

/// How many events are folded at a time while many come: their rows stay in memory, to be written once.
constexpr std::size_t folded_at_once_max = 1024;
/// How many times that may wait to be folded before those who append do it themselves.
constexpr std::size_t queues_max = 4;
/// How many entries an opening folds into one batch.
constexpr std::uint64_t folded_per_batch = 1000;

} // namespace

view_keeper::view_keeper(store& into, keyring& keys, const view_list& views, const journal_options& options)
    : store_(into), keys_(keys), views_(views), options_(options) {
  for (std::size_t n = 0; n < views_.size(); ++n)
    rows_.push_back(std::make_unique<pending_rows>(store_, first_view_table + n, keys_, views_[n]->name()));
}

view_keeper::~view_keeper() { close(true); }

// -- the opening ---------------------------------------------------------------------------------------------------

result<void> view_keeper::load(std::uint64_t head) {
  const auto reached = store_.get(meta_table, folded_key);
  if (!reached) return failure(reached.error());
  // A journal in which nothing says how far the rows are is new, or of the time when they were written with the
  // entries.
  folded_ = written_ = *reached ? read_big_endian(**reached) : head;
  if (folded_ > head)
    return failure(error_code::journal_damaged, options_.folder.string(),
                   "its last entry is " + std::to_string(head) + ", but its views are those of entry " +
                       std::to_string(folded_));
  if (!*reached && !options_.read_only) {
    store::batch batch;
    store_.put(batch, meta_table, folded_key, index_key(folded_));
    if (auto done = store_.commit(batch); !done) return done;
  }
  return fold_tail(folded_ + 1, head);
}

result<folded_event> view_keeper::event_in(std::uint64_t index, std::string_view bytes) const {
  const auto entry = parse_entry(index, bytes);
  const auto envelope = entry ? unsealed_event(keys_, entry->topic, entry->envelope) : failure(entry.error());
  auto event = envelope ? messages::decode_event(*envelope) : failure(envelope.error());
  if (!event)
    return failure(error_code::journal_damaged, options_.folder.string(),
                   "entry " + std::to_string(index) + " cannot be decoded");
  return folded_event{std::move(*event)};
}

/// A reader only keeps what it folded; a node writes it, so that the next opening need not fold it again.
result<void> view_keeper::fold_tail(std::uint64_t from, std::uint64_t head) {
  if (from > head) return {};
  const auto held = hold();
  result<void> outcome;
  const auto seen = store_.scan(entries_table, index_key(from), [&](std::string_view key, std::string_view bytes) {
    ++entries_read_;
    const auto event = event_in(read_big_endian(key), bytes);
    if (!event) {
      outcome = failure(event.error());
      return false;
    }
    apply(*event);
    outcome = broken_ ? failure(*broken_) : result<void>{};
    if (outcome && !options_.read_only && folded_ - written_ >= folded_per_batch) outcome = write(held, false);
    return outcome && folded_ < head;
  });
  if (!seen) outcome = seen;
  if (outcome && !options_.read_only) outcome = write(held, false);
  if (!outcome) broken_ = outcome.error(); // what is refused is not written to
  return outcome;
}

result<void> view_keeper::keep_up() {
  const auto kept = store_.get(meta_table, views_key);
  if (!kept) return failure(kept.error());
  const auto before = kept->value_or("");
  std::string wanted;
  std::vector<std::size_t> behind;
  for (std::size_t n = 0; n < views_.size(); ++n) {
    const auto line = std::string{views_[n]->name()} + " " + std::to_string(views_[n]->version()) + "\n";
    wanted += line;
    if (("\n" + before).find("\n" + line) == std::string::npos) behind.push_back(n);
  }
  if (wanted == before) return {};
  store::batch batch;
  if (!behind.empty() && folded_ > 0) {
    // First forget that they were kept up: an interrupted fold begins again.
    store_.put(batch, meta_table, views_key, "");
    if (auto done = store_.commit(batch); !done) return done;
    if (auto done = fold_from_start(behind); !done) return done;
  }
  store_.put(batch, meta_table, views_key, wanted);
  return store_.commit(batch);
}

result<void> view_keeper::fold_from_start(const std::vector<std::size_t>& views) {
  const auto held = hold();
  for (const auto n : views) {
    rows_[n]->let_go();
    if (auto done = store_.clear(first_view_table + n); !done) return done;
  }
  result<void> outcome;
  store::batch batch;
  const auto seen = store_.scan(entries_table, {}, [&](std::string_view key, std::string_view bytes) {
    const auto index = read_big_endian(key);
    const auto event = event_in(index, bytes);
    if (!event) {
      outcome = failure(event.error());
      return false;
    }
    for (const auto n : views)
      views_[n]->apply(*event, *rows_[n]);
    time_ms_ = std::max(time_ms_, event->time_ms);
    if (index % folded_per_batch == 0 || index == folded_) {
      outcome = commit_rows(batch, true);
    }
    return outcome.has_value();
  });
  if (!seen) return seen;
  return outcome;
}

void view_keeper::start(std::function<void(messages::error)> on_failure) {
  on_failure_ = std::move(on_failure);
  thread_ = std::thread([this] { run(); });
}

void view_keeper::close(bool failed) {
  {
    const std::lock_guard lock(queue_mutex_);
    ending_ = true;
  }
  ready_.notify_one();
  if (thread_.joinable()) thread_.join();
  if (failed || options_.read_only) return;
  const auto held = hold();
  if (fold(held)) (void)write(held, true); // what could not be written is folded again by the next opening
}

// -- folding and writing -------------------------------------------------------------------------------------------

bool view_keeper::take(std::vector<folded_event> events) {
  const std::lock_guard lock(queue_mutex_);
  const auto before = queue_.size(), enough = folded_at_once();
  if (queue_.empty())
    queue_ = std::move(events);
  else
    std::ranges::move(events, std::back_inserter(queue_));
  return asleep_ || (before < enough && queue_.size() >= enough);
}

result<void> view_keeper::keep_within_bounds() {
  {
    const std::lock_guard lock(queue_mutex_);
    if (queue_.size() < queues_max * folded_at_once()) return {};
  }
  return fold(hold());
}

std::size_t view_keeper::folded_at_once() const {
  return std::min(options_.limits.rows_unwritten_events_max, folded_at_once_max);
}

void view_keeper::run() {
  using clock = std::chrono::steady_clock;
  const std::chrono::milliseconds nap(options_.limits.rows_unwritten_ms_max);
  const auto enough = [this] { return ending_ || queue_.size() >= folded_at_once(); };
  std::unique_lock lock(queue_mutex_);
  for (auto due = clock::now() + nap; !ending_;) {
    // A nap after each writing: in a busy hour nobody has to wake it.
    const bool busy = ready_.wait_until(lock, due, enough);
    if (!busy && queue_.empty() && !unwritten_) {
      asleep_ = true;
      ready_.wait(lock, [this] { return ending_ || !queue_.empty(); });
      asleep_ = false;
      due = clock::now() + nap;
      continue;
    }
    lock.unlock();
    const auto now = clock::now();
    if (const auto done = fold_and_write(hold(), !busy || now >= due); !done) return on_failure_(done.error());
    if (!unwritten_) due = now + nap;
    lock.lock();
  }
}

/// Writes when it is @p due, or when what a crash would leave to fold again, or memory, became too much.
result<void> view_keeper::fold_and_write(const stillness& held, bool due) {
  if (auto done = fold(held); !done) return done;
  const bool large = std::ranges::any_of(rows_, [](const auto& rows) { return rows->is_large(); });
  if (!due && !large && folded_ - written_ < options_.limits.rows_unwritten_events_max) return {};
  return write(held, false);
}

void view_keeper::apply(const folded_event& event) {
  try {
    for (std::size_t n = 0; n < views_.size(); ++n)
      views_[n]->apply(event, *rows_[n]);
  } catch (const std::exception& e) { // memory, or a view that throws against its contract
    broken_ = messages::error{error_code::write_failed, {options_.folder.string(), e.what()}};
    return;
  }
  for (const auto& rows : rows_)
    if (rows->fault()) broken_ = rows->fault();
  folded_ = event.index;
  unwritten_ = true;
  time_ms_ = std::max(time_ms_, event.time_ms);
}

result<void> view_keeper::fold(const stillness&) {
  std::vector<folded_event> events;
  {
    const std::lock_guard lock(queue_mutex_);
    events.swap(queue_);
  }
  for (const auto& event : events) {
    if (broken_) break;
    apply(event);
  }
  if (!broken_) return {};
  if (on_failure_) on_failure_(*broken_); // at once, whoever came upon it
  return failure(*broken_);
}

result<void> view_keeper::commit_rows(store::batch& batch, bool sync) {
  for (auto& rows : rows_)
    if (auto done = rows->move_into(batch, time_ms_); !done) return done;
  const auto fresh = keys_.put_fresh(batch); // last: rows may have needed new ones
  bytes_ += batch.bytes();
  if (auto done = store_.commit(batch, sync); !done) return done;
  keys_.settle_fresh(fresh);
  return {};
}

result<void> view_keeper::write(const stillness&, bool sync) {
  if (written_ == folded_ || broken_) return {};
  store::batch batch;
  store_.put(batch, meta_table, folded_key, index_key(folded_));
  auto done = commit_rows(batch, sync);
  if (done) {
    written_ = folded_;
    unwritten_ = false;
  } else
    broken_ = done.error();
  return done;
}

result<void> view_keeper::write_all(const stillness& held) {
  if (auto done = fold(held); !done) return done;
  return write(held, false);
}

void view_keeper::let_go(const stillness&) {
  for (auto& rows : rows_)
    rows->let_go();
}

// -- reading -------------------------------------------------------------------------------------------------------

result<std::optional<std::string>> view_keeper::get(std::size_t view, std::string_view key) {
  const auto held = hold();
  if (auto done = fold(held); !done) return failure(done.error());
  return rows_[view]->look_up(key);
}

result<view_keeper::moment> view_keeper::now(std::optional<std::size_t> view, std::string_view prefix) {
  const auto held = hold();
  if (auto done = fold(held); !done) return failure(done.error());
  moment at;
  at.index_ = folded_;
  at.stored_ = store_.now();
  at.unwritten_.resize(rows_.size());
  for (std::size_t n = 0; n < rows_.size(); ++n)
    if (!view || *view == n) at.unwritten_[n] = rows_[n]->changed(prefix);
  return at;
}

result<void> view_keeper::scan(std::size_t view, const moment& at, std::string_view from, const visitor& visit) const {
  const auto& unwritten = at.unwritten_[view];
  auto next = unwritten.lower_bound(std::string{from});
  bool more = true;
  const auto visit_unwritten_before = [&](const std::string_view* key) {
    for (; more && next != unwritten.end() && (!key || next->first < *key); ++next)
      if (next->second) more = visit(next->first, *next->second, true);
  };
  const auto seen = store_.scan(
      first_view_table + view, from,
      [&](std::string_view key, std::string_view row) {
        visit_unwritten_before(&key);
        if (!more) return false;
        if (next != unwritten.end() && next->first == key) {
          const auto& changed = (next++)->second;
          more = !changed || visit(key, *changed, true);
        } else
          more = visit(key, row, false);
        return more;
      },
      at.stored_.get());
  if (!seen) return seen;
  visit_unwritten_before(nullptr);
  return {};
}

} // namespace storage
