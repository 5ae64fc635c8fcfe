// How events change the view `batches`.
#include "storage/views/batches.hpp"

#include "storage/big_endian.hpp"
#include "storage/views/ended_rows.hpp"

namespace storage {

using namespace messages;

std::string planned_key(const id& batch) { return std::string{planned_prefix} + key_of(batch); }

namespace {

std::string batch_key(const id& batch) { return std::string{batch_prefix} + key_of(batch); }
std::string change_key(const id& change) { return std::string{change_prefix} + key_of(change); }

/// What ended long ago leaves: a batch with its rows, or a change.
void erase_old(const std::string& key, rows& into) {
  if (key.starts_with(batch_prefix)) {
    const auto old = row_or_new<batch_status>(into, key);
    for (std::uint64_t first = 0; first < old.rows; first += planned_rows_max)
      into.erase(planned_key(old.batch) + index_key(first));
  }
  into.erase(key);
}

template <class Change> void change_batch(const folded_event& event, const id& batch, rows& into, Change&& how) {
  const auto key = batch_key(batch);
  const auto stored = into.get(key);
  auto row = stored ? decode_row<batch_status>(*stored) : std::nullopt;
  if (!row) return;
  how(*row);
  row->changed_ms = event.time_ms;
  into.put(key, encode_row(*row));
  if (row->now == batch_state::listed || row->now == batch_state::failed)
    note_ended(key, event.time_ms, ended_batch_kept_ms, into, [&](const std::string& old) { erase_old(old, into); });
}

void note_changes(const folded_event& event, const batch_row_answered& answered, rows& into) {
  for (const auto& c : answered.changes)
    into.put(
        change_key(c.change),
        encode_row(change_kept{
            c.change, answered.patient, answered.batch, c.what, c.ended, {}, event.time_ms, 0, {}, c.kept, c.came}));
}

void decide(const folded_event& event, const change_decided& decided, rows& into) {
  const auto key = change_key(decided.change);
  const auto stored = into.get(key);
  auto row = stored ? decode_row<change_kept>(*stored) : std::nullopt;
  if (!row) return;
  row->how = decided.how;
  row->decided_ms = event.time_ms;
  row->decided_by = event.account;
  into.put(key, encode_row(*row));
  if (row->how == change_decision::accepted)
    note_ended(key, event.time_ms, ended_batch_kept_ms, into, [&](const std::string& old) { erase_old(old, into); });
}

/// How a batch fares, from its file to its result.
void fold_progress(const folded_event& event, rows& into) {
  const auto change = [&](const id& batch, auto&& how) { change_batch(event, batch, into, how); };
  if (const auto* written = event.as<batch_written>())
    change(written->batch, [&](batch_status& b) {
      b.now = batch_state::written;
      b.refused = b.rows - written->rows;
    });
  else if (const auto* refused = event.as<batch_row_refused>()) // of those who could not be sent `written` tells
    change(refused->batch, [](batch_status& b) { b.refused += b.now != batch_state::planned; });
  else if (const auto* saved = event.as<batch_saved>())
    change(saved->batch, [&](batch_status& b) {
      b.now = batch_state::saved;
      b.file = saved->file;
      b.refused = b.rows - saved->rows;
    });
  else if (const auto* uploading = event.as<batch_uploading>())
    change(uploading->batch, [](batch_status& b) { b.now = batch_state::uploading; });
  else if (const auto* not_sent = event.as<batch_not_sent>())
    change(not_sent->batch, [&](batch_status& b) {
      b.now = batch_state::written;
      b.error = not_sent->error;
    });
  else if (const auto* doubted = event.as<batch_doubted>())
    change(doubted->batch, [&](batch_status& b) {
      b.now = batch_state::doubtful;
      b.error = doubted->error;
    });
  else if (const auto* accepted = event.as<batch_accepted>())
    change(accepted->batch, [&](batch_status& b) {
      b.now = batch_state::accepted;
      b.reception_number = accepted->reception_number;
      b.error.clear();
    });
  else if (const auto* answered = event.as<batch_answered>())
    change(answered->batch, [](batch_status& b) { b.now = batch_state::answered; });
  else if (const auto* listed = event.as<batch_listed>())
    change(listed->batch, [&](batch_status& b) {
      b.now = batch_state::listed;
      b.answered = listed->answered;
      b.missing = listed->missing;
      b.changes = listed->changes;
      b.error.clear();
    });
  else if (const auto* failed = event.as<batch_failed>())
    change(failed->batch, [&](batch_status& b) {
      b.now = batch_state::failed;
      b.error = failed->error;
    });
}

} // namespace

void fold_batches(const folded_event& event, rows& into) {
  if (const auto* rows_of = event.as<batch_rows_planned>()) {
    into.put(planned_key(rows_of->batch) + index_key(rows_of->first),
             encode_row(planned_rows{rows_of->batch, rows_of->first, rows_of->rows}));
  } else if (const auto* planned = event.as<batch_planned>()) {
    batch_status b;
    b.batch = planned->batch;
    b.kind = planned->kind;
    b.night = planned->night;
    b.confirmed_on = planned->confirmed_on;
    b.from = planned->from;
    b.to = planned->to;
    b.rows = planned->rows;
    b.by_hand = planned->by_hand;
    b.singly = planned->singly;
    b.planned_ms = b.changed_ms = event.time_ms;
    into.put(batch_key(b.batch), encode_row(b));
  } else if (const auto* row_answered = event.as<batch_row_answered>()) {
    note_changes(event, *row_answered, into);
  } else if (const auto* decided = event.as<change_decided>()) {
    decide(event, *decided, into);
  } else if (const auto* run = event.as<batch_run_begun>()) {
    if (!run->schedule.empty())
      into.put(std::string{run_prefix} + run->schedule, encode_row(run_kept{run->schedule, run->night}));
  } else
    fold_progress(event, into);
}

} // namespace storage
