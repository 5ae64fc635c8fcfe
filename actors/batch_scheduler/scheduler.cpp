// How each batch fares, from its plan to the list; restarts, time, and what staff say of it.
#include "actors/batch_scheduler/scheduler.hpp"

#include <algorithm>

namespace batch_scheduler {

using namespace messages;

namespace {

constexpr std::uint64_t hour_ms = 3'600'000;
constexpr std::size_t listed_max = 200;

std::string error_name(const error& why) { return std::string{describe(why.code).name}; }

/// Was the request certainly not taken in, so that it may go again?
bool nothing_arrived(const error& why) { return why.code == error_code::line_down || why.code == error_code::busy; }
/// Read, and refused: what would be sent again would be refused again.
bool is_refusal(const error& why) {
  return why.code == error_code::line_refused || why.code == error_code::line_unprocessed ||
         why.code == error_code::wrong_value || why.code == error_code::missing_value ||
         why.code == error_code::not_offered || why.code == error_code::too_large ||
         why.code == error_code::simulated_centre || why.code == error_code::certificate_problem;
}

/// The centre itself read the request and refused it; not: it could not be asked.
bool is_answered_refusal(const error& why) {
  return why.code == error_code::line_refused || why.code == error_code::line_unprocessed;
}

} // namespace

scheduler::scheduler(options how, actors::id_source make_id, const visit_book* book)
    : options_(std::move(how)), make_id_(std::move(make_id)), book_(book) {}

std::vector<batch_status> scheduler::batches() const {
  std::vector<batch_status> all;
  for (auto at = batches_.rbegin(); at != batches_.rend() && all.size() < listed_max; ++at)
    all.push_back(at->second.status);
  return all;
}

decision scheduler::on_command(const command_envelope& command, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  using handled = message_list<take_visits, list_visits, plan_batches, send_batches, list_batches, collect_batch,
                               settle_batch, list_changes, decide_change>;
  actors::dispatch(handled{}, command, out, [&](const auto& body) { handle(body, command, out); });
  return out;
}

// -- one step of one batch -----------------------------------------------------------------------------------------

scheduler::batch* scheduler::back_from_clerk(const id& batch_id, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  const auto found = batches_.find(batch_id);
  if (found == batches_.end()) return nullptr;
  found->second.at_clerk = false;
  return &found->second;
}

bool scheduler::step(batch& b, event on) {
  const auto to = next(b.status.now, on);
  if (!to) return false;
  b.status.now = *to;
  b.status.changed_ms = now_ms_;
  return true;
}

void scheduler::to_clerk(batch& b, work::kind what, decision& out, std::string file) {
  b.at_clerk = true;
  b.again_at_ms = 0;
  work w{what, b.status, b.rows, {}, std::move(file)};
  if (what == work::kind::collect) w.question = make_id_();
  out.clerk.push_back(std::move(w));
}

void scheduler::retry(batch& b) {
  b.again_ms = std::min(std::max(2 * b.again_ms, options_.again_ms_first), options_.again_ms_max);
  b.again_at_ms = now_ms_ + b.again_ms;
}

/// Who is in it was not asked about: another batch of the same night may.
void scheduler::forget_asked(const batch& b) {
  for (const auto& row : *b.rows)
    if (const auto in = asked_in_.find(row.patient); in != asked_in_.end() && in->second == b.status.batch)
      asked_tonight_.erase(row.patient);
}

void scheduler::fail(batch& b, const error& why, decision& out) {
  b.status.error = error_name(why);
  b.again_at_ms = 0;
  out.write(batch_failed{b.status.batch, b.status.error, why.args}, {}, {});
  answer_asker(b, out);
}

void scheduler::accept(batch& b, const std::string& number, bool by_staff, decision& out) {
  b.status.reception_number = number;
  b.status.error.clear();
  b.accepted_ms = now_ms_;
  b.again_ms = 0;
  retry(b);
  out.write(batch_accepted{b.status.batch, number, by_staff}, {}, {});
}

void scheduler::collect(batch& b, decision& out) {
  if (step(b, event::asked)) to_clerk(b, work::kind::collect, out);
}

void scheduler::answer_asker(batch& b, decision& out) {
  if (b.asker) out.reply(*b.asker, b.status);
  b.asker.reset();
}

// -- what the clerk brings -----------------------------------------------------------------------------------------

decision scheduler::on_built(const id& batch_id, const result<built>& came, std::uint64_t now_ms) {
  decision out;
  auto* const at = back_from_clerk(batch_id, now_ms);
  if (!at) return out;
  auto& b = *at;
  if (!came || (came->rows == 0 && !b.rows->empty())) {
    if (!step(b, event::unfit)) return out;
    forget_asked(b);
    fail(b, came ? error{error_code::missing_value, {"rows"}} : came.error(), out);
    return out;
  }
  for (const auto& row : came->unfit) {
    out.write(batch_row_refused{batch_id, row.patient, error_name(row.why), row.why.args}, {}, {});
    asked_tonight_.erase(row.patient);
  }
  b.status.refused = came->unfit.size();
  if (b.status.by_hand) {
    if (!step(b, event::saved)) return out;
    b.status.file = came->file;
    out.write(batch_saved{batch_id, came->file, came->rows}, {}, {});
    return out;
  }
  if (!step(b, event::built)) return out;
  out.write(batch_written{batch_id, came->rows}, {}, {});
  work_on(b, out);
  return out;
}

/// From `written` to the line: that it may be on its way is durable before it is. A question about one person may be
/// asked again under its own identifier, so that nothing more needs to be durable before it.
void scheduler::work_on(batch& b, decision& out) {
  if (b.status.now != state::written) return;
  if (b.status.singly) {
    if (!step(b, event::asking_begun)) return;
    b.status.answered = 0;
    b.taken.assign(b.rows->size(), false);
    return to_clerk(b, work::kind::ask, out);
  }
  if (!step(b, event::upload_begun)) return;
  out.write(batch_uploading{b.status.batch}, {}, {});
  to_clerk(b, work::kind::upload, out);
}

decision scheduler::on_uploaded(const id& batch_id, const result<std::string>& came, std::uint64_t now_ms) {
  decision out;
  auto* const at = back_from_clerk(batch_id, now_ms);
  if (!at) return out;
  auto& b = *at;
  if (came) {
    if (step(b, event::taken_in)) accept(b, *came, false, out);
  } else if (nothing_arrived(came.error())) {
    if (!step(b, event::not_sent)) return out;
    b.status.error = error_name(came.error());
    out.write(batch_not_sent{batch_id, b.status.error}, {}, {});
    retry(b);
  } else if (is_refusal(came.error())) {
    if (step(b, event::refused)) fail(b, came.error(), out);
  } else if (step(b, event::silence)) {
    b.status.error = error_name(came.error());
    out.write(batch_doubted{batch_id, b.status.error}, {}, {});
    retry(b);
  }
  return out;
}

/// A line that keeps late answers is looked at again and again; nothing is sent.
decision scheduler::on_found(const id& batch_id, const result<std::string>& came, std::uint64_t now_ms) {
  decision out;
  auto* const at = back_from_clerk(batch_id, now_ms);
  if (!at || at->status.now != state::doubtful) return out; // staff have settled it meanwhile
  auto& b = *at;
  if (came && step(b, event::taken_in)) {
    accept(b, *came, false, out);
    if (b.asker) collect(b, out);
    return out;
  }
  if (is_answered_refusal(came.error()) && step(b, event::refused)) {
    fail(b, came.error(), out);
    return out;
  }
  if (came.error().code != error_code::not_offered) retry(b);
  answer_asker(b, out);
  return out;
}

decision scheduler::on_collected(const id& batch_id, const result<std::optional<std::uint64_t>>& came,
                                 std::uint64_t now_ms) {
  decision out;
  auto* const at = back_from_clerk(batch_id, now_ms);
  if (!at) return out;
  auto& b = *at;
  const bool by_hand = b.status.now != state::collecting; // a downloaded file is taken in other states, too
  if (!came) {
    b.status.error = error_name(came.error());
    if (by_hand)
      answer_asker(b, out);
    else if (is_refusal(came.error()) && step(b, event::refused))
      fail(b, came.error(), out);
    else if (step(b, event::not_collected)) {
      retry(b);
      answer_asker(b, out);
    }
    return out;
  }
  if (!*came) {
    if (step(b, event::still_working)) retry(b);
    answer_asker(b, out);
    return out;
  }
  if (!step(b, by_hand ? event::result_given : event::result_came)) return out;
  b.status.answered = 0;
  b.status.error.clear();
  b.taken.assign(b.rows->size(), false);
  b.told.clear();
  if (b.rows->empty()) b.status.rows = **came; // of a period: whoever is in the result
  out.write(batch_answered{batch_id, **came}, {}, {});
  to_clerk(b, work::kind::read, out);
  return out;
}

decision scheduler::on_read(const id& batch_id, const result<void>& how, std::uint64_t now_ms) {
  decision out;
  auto* const at = back_from_clerk(batch_id, now_ms);
  if (!at) return out;
  auto& b = *at;
  if (!how && is_refusal(how.error()) && step(b, event::refused)) {
    fail(b, how.error(), out);
    return out;
  }
  if (!how) {
    if (!step(b, event::result_broken)) return out;
    b.status.error = error_name(how.error());
    retry(b);
    answer_asker(b, out);
    return out;
  }
  if (!step(b, event::all_taken)) return out;
  const auto sent = b.status.rows - std::min(b.status.rows, b.status.refused);
  b.status.missing = b.rows->empty() ? 0 : sent - std::min(sent, b.status.answered);
  out.write(batch_listed{batch_id, b.status.answered, b.status.missing, b.status.changes}, {}, {});
  answer_asker(b, out);
  return out;
}

// -- what staff and outside schedulers say -------------------------------------------------------------------------

void scheduler::handle(const list_batches&, const command_envelope& command, decision& out) {
  out.reply(command, batch_list{batches(), times()});
}

void scheduler::handle(const collect_batch& m, const command_envelope& command, decision& out) {
  const auto found = batches_.find(m.batch);
  if (found == batches_.end()) return out.refuse(command, {error_code::unknown_batch, {m.batch.text()}});
  auto& b = found->second;
  const auto on = m.file.empty() ? event::asked : event::result_given;
  if (b.status.now == state::listed && m.file.empty()) return out.reply(command, b.status);
  const bool late = b.status.now == state::doubtful && m.file.empty(); // its answer may have come by now
  if ((!late && !next(b.status.now, on)) || b.at_clerk)
    return out.refuse(command, {error_code::batch_not_now, {"collect", std::string{name(b.status.now)}}});
  if (late)
    to_clerk(b, work::kind::find, out);
  else if (m.file.empty())
    collect(b, out);
  else if (!options_.by_hand_possible)
    return out.refuse(command, {error_code::no_hand_folder, {}});
  else if (m.file.find('/') != std::string::npos || m.file.starts_with('.') || m.file.size() > 200)
    return out.refuse(command, {error_code::wrong_value, {"file", "a name without a folder is needed"}});
  else
    to_clerk(b, work::kind::take, out, m.file);
  b.asker = command;
}

void scheduler::handle(const settle_batch& m, const command_envelope& command, decision& out) {
  const auto found = batches_.find(m.batch);
  if (found == batches_.end()) return out.refuse(command, {error_code::unknown_batch, {m.batch.text()}});
  auto& b = found->second;
  const bool there = !m.reception_number.empty();
  if (m.reception_number.size() > 100)
    return out.refuse(command, {error_code::wrong_value, {"reception_number", "length"}});
  if (!step(b, there ? event::number_told : event::absence_told))
    return out.refuse(command, {error_code::batch_not_now, {"settle", std::string{name(b.status.now)}}});
  if (there)
    accept(b, m.reception_number, true, out);
  else {
    forget_asked(b);
    b.status.error.clear();
    out.write(batch_failed{m.batch, {}, {}}, {}, {});
  }
  for (auto& e : out.journal.events)
    e.cause = command.id;
  out.reply(command, b.status);
}

// -- time ----------------------------------------------------------------------------------------------------------

/// What is too late for its night.
void scheduler::give_up_late(batch& b, decision& out) {
  const auto& s = b.status;
  const auto since = s.now == state::accepted && b.accepted_ms > 0 ? b.accepted_ms : s.planned_ms;
  const auto wait = s.now == state::saved      ? options_.saved_days_max * 24 * hour_ms
                    : s.now == state::doubtful ? options_.doubt_hours_max * hour_ms
                    : s.now == state::accepted ? options_.result_hours_max * hour_ms
                                               : options_.unsent_hours_max * hour_ms;
  if (now_ms_ < since + wait || b.at_clerk) return;
  const auto from = s.now;
  if (!step(b, event::given_up)) return;
  const auto hours = std::to_string(wait / hour_ms);
  if (from == state::accepted)
    fail(b, {error_code::result_overdue, {hours}}, out);
  else if (from == state::doubtful)
    fail(b, {error_code::outcome_unknown, {"upload"}}, out);
  else
    fail(b, {error_code::deadline_passed, {"upload"}}, out);
}

decision scheduler::on_tick(std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  run_due_schedules(out);
  for (auto& [key, b] : batches_) {
    if (is_over(b.status.now)) continue;
    give_up_late(b, out);
    if (b.again_at_ms == 0 || b.again_at_ms > now_ms_ || b.at_clerk) continue;
    if (b.status.now == state::written) work_on(b, out);
    if (b.status.now == state::accepted) collect(b, out);
    if (b.status.now == state::doubtful) to_clerk(b, work::kind::find, out);
  }
  std::erase_if(batches_, [&](const auto& entry) {
    const auto& s = entry.second.status;
    return is_over(s.now) && s.changed_ms + 14 * 24 * hour_ms < now_ms_;
  });
  return out;
}

std::optional<std::uint64_t> scheduler::next_tick_ms() const {
  constexpr std::uint64_t look_ms = 60'000; ///< for what is late
  std::optional<std::uint64_t> next;
  const auto at = [&](std::uint64_t when) { next = std::min(next.value_or(when), when); };
  for (const auto& s : options_.schedules)
    if (const auto when = s.when.next(now_ms_, options_.calendar)) at(*when);
  for (const auto& [key, b] : batches_) {
    if (is_over(b.status.now)) continue;
    at(now_ms_ + look_ms);
    if (b.again_at_ms > 0 && !b.at_clerk) at(b.again_at_ms);
  }
  return next;
}

// -- after a restart -----------------------------------------------------------------------------------------------

decision scheduler::resume(left_over left, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  night_ = night_of(now_ms);
  runs_ = std::move(left.runs);
  decision out;
  for (auto& visit : left.visits)
    put_visit(std::move(visit));
  for (auto& change : left.changes) {
    changes_of_[change.patient].push_back(change.change);
    changes_[change.change] = std::move(change);
  }
  std::map<id, std::vector<planned_row>> rows;
  for (auto& [of, part] : left.rows) {
    auto& all = rows[of];
    all.insert(all.end(), part.begin(), part.end());
  }
  for (auto& status : left.batches) {
    auto& b = batches_[status.batch];
    b.status = std::move(status);
    b.rows = std::make_shared<const std::vector<planned_row>>(std::move(rows[b.status.batch]));
    for (const auto& row : *b.rows) {
      asked_in_[row.patient] = b.status.batch; // ids are in the order of their making: the newest stays
      if (b.status.night == text_of(night_) && !(b.status.now == state::failed && b.status.error.empty()))
        asked_tonight_.insert(row.patient);
    }
    if (is_over(b.status.now)) continue;
    const auto was = b.status.now;
    step(b, event::interrupted);
    b.accepted_ms = b.status.planned_ms;
    b.status.changes = static_cast<std::uint64_t>(
        std::ranges::count_if(changes_, [&](const auto& entry) { return entry.second.batch == b.status.batch; }));
    if (b.status.now == state::planned) to_clerk(b, work::kind::build, out);
    if (b.status.now == state::accepted) {
      if (b.status.reception_number.empty()) b.status.now = state::saved; // its result was downloaded by hand
      b.again_at_ms = now_ms_;
    }
    if (b.status.now == state::doubtful && was != state::doubtful) {
      b.status.error = error_name({error_code::line_silent, {}});
      out.write(batch_doubted{b.status.batch, b.status.error}, {}, {});
    }
    if (b.status.now == state::doubtful) b.again_at_ms = now_ms_;
  }
  run_due_schedules(out);
  return out;
}

} // namespace batch_scheduler
