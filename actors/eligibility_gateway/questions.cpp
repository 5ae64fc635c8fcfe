// What comes in: commands, what the line brought, and time.
#include "actors/eligibility_gateway/questions.hpp"

#include <algorithm>

namespace eligibility_gateway {

using namespace messages;

namespace {

/// Without its command there is nothing to ask with; such a question can only stand in a damaged journal.
bool waits_to_be_asked(const question& q) { return q.now == state::doubtful && !q.in_flight && !q.body.empty(); }

} // namespace

questions::questions(options how, actors::id_source make_id) : options_(std::move(how)), make_id_(std::move(make_id)) {}

decision questions::on_command(const command_envelope& command, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  using handled = message_list<obtain_challenge, ask_eligibility, ask_typed, register_number, recall_answer>;
  actors::dispatch(handled{}, command, out, [&](const auto& body) { handle(body, command, out); });
  return out;
}

void questions::handle(const obtain_challenge&, const command_envelope& command, decision& out) {
  if (challenges_.size() >= options_.challenges_in_flight_max)
    return out.refuse(command, {error_code::busy, {"eligibility_gateway"}});
  challenges_[command.id] = command;
  const auto wait_ms = std::min(options_.challenge_wait_ms_max, command.deadline_ms);
  out.line_at_once.push_back({line_request::kind::challenge, command.id, {}, {}, wait_ms});
}

decision questions::on_challenge(id key, const result<challenge>& came, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  const auto found = challenges_.find(key);
  if (found == challenges_.end()) return out;
  if (came)
    out.reply(found->second, challenge_obtained{came->id, came->value});
  else
    out.refuse(found->second, came.error());
  challenges_.erase(found);
  return out;
}

/// The question of this key, made if it is new; nullptr when there is no room (refused).
question* questions::want(id key, const command_envelope& command, decision& out) {
  if (key.empty()) {
    out.refuse(command, {error_code::missing_value, {"question"}});
    return nullptr;
  }
  const auto found = questions_.find(key);
  if (found != questions_.end()) {
    if (found->second.waiting.size() < options_.waiting_max) return &found->second;
    out.refuse(command, {error_code::busy, {"eligibility_gateway"}});
    return nullptr;
  }
  if (questions_.size() >= options_.questions_max) forget_oldest_settled();
  if (questions_.size() >= options_.questions_max) {
    out.refuse(command, {error_code::busy, {"eligibility_gateway"}});
    return nullptr;
  }
  auto& q = questions_[key];
  q.key = key;
  q.body = command.body;
  return &q;
}

void questions::handle(const ask_eligibility& m, const command_envelope& command, decision& out) {
  auto* q = want(m.question, command, out);
  if (!q) return;
  if (q->now == state::fresh) {
    q->kind = question_kind::card;
    q->checkin = m.checkin;
    q->patient = m.patient;
    q->desk = m.desk;
  }
  fire(*q, {.on = event::wanted, .cause = command.id, .command = &command}, out);
}

void questions::handle(const ask_typed& m, const command_envelope& command, decision& out) {
  auto* q = want(m.question, command, out);
  if (!q) return;
  if (q->now == state::fresh) {
    q->kind = question_kind::typed;
    q->checkin = m.checkin;
    q->patient = m.patient;
    q->desk = m.desk;
  }
  fire(*q, {.on = event::wanted, .cause = command.id, .command = &command}, out);
}

void questions::handle(const register_number& m, const command_envelope& command, decision& out) {
  const auto answered = questions_.find(m.answered_question);
  const bool nobody = answered == questions_.end() || answered->second.person.reveal().number.empty();
  const bool known = questions_.contains(m.registration);
  if (!known && nobody)
    return out.refuse(command, {error_code::wrong_value, {"answered_question", "no answer names a person"}});
  auto* q = want(m.registration, command, out);
  if (!q) return;
  if (q->now == state::fresh) {
    q->kind = question_kind::registration;
    q->checkin = m.checkin;
    q->patient = m.patient;
    q->desk = m.desk;
    q->person = answered->second.person;
    q->report.reference_number = m.number;
  }
  fire(*q, {.on = event::wanted, .cause = command.id, .command = &command}, out);
}

void questions::handle(const recall_answer& m, const command_envelope& command, decision& out) {
  const auto found = questions_.find(m.question);
  if (found == questions_.end()) return out.refuse(command, {error_code::wrong_value, {"question", m.question.text()}});
  out.reply(command, found->second.report);
}

// -- what the line brought -----------------------------------------------------------------------------------------

decision questions::on_line(id key, const result<line_answer>& came, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  const auto found = questions_.find(key);
  if (found == questions_.end()) return out;
  auto& q = found->second;
  q.in_flight = false;
  happening what{.on = event::answer_came};
  if (came)
    what.answer = &*came;
  else {
    what.why = came.error();
    switch (describe(what.why.code).retry) {
    case retry_class::never:
      what.on = event::refusal;
      break;
    case retry_class::later:
      what.on = event::nothing_sent;
      break;
    case retry_class::same_identity:
      what.on = event::silence;
      break;
    }
    // The proof has expired: this question can never be answered any more.
    if (what.why.code == error_code::challenge_expired) what.on = event::refusal;
  }
  fire(q, what, out);
  return out;
}

// -- time, acknowledgements, restart -------------------------------------------------------------------------------

decision questions::on_tick(std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  for (auto& [key, q] : questions_)
    if (waits_to_be_asked(q) && q.again_at_ms <= now_ms) fire(q, {.on = event::time_to_ask_again}, out);
  for (auto& [effect_id, u] : untold_)
    if (u.again_at_ms <= now_ms) send_settlement(u, out);
  return out;
}

std::optional<std::uint64_t> questions::next_tick_ms() const {
  std::optional<std::uint64_t> next;
  const auto sooner = [&](std::uint64_t at) { next = std::min(next.value_or(at), at); };
  for (const auto& [key, q] : questions_)
    if (waits_to_be_asked(q)) sooner(q.again_at_ms);
  for (const auto& [effect_id, u] : untold_)
    sooner(u.again_at_ms);
  return next;
}

decision questions::on_reply(const actors::tag& who, const result<std::string>& body, std::uint64_t,
                             std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  const auto found = untold_.find(who.about);
  if (who.step != settlement_told || found == untold_.end() || !body) return out; // said again by on_tick
  out.journal.settled.push_back(who.about);
  untold_.erase(found);
  return out;
}

decision questions::resume(std::vector<question> settled, std::vector<outbox_row> open, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  for (auto& q : settled)
    questions_.emplace(q.key, std::move(q));
  for (auto& row : open) {
    if (row.topic == settle_checkin::topic) {
      auto& u = untold_[row.effect];
      u.row = std::move(row);
      send_settlement(u, out);
      continue;
    }
    auto& q = questions_[row.effect];
    q.key = row.effect;
    q.body = row.body;
    q.checkin = row.checkin;
    q.desk = row.desk;
    if (q.now != state::doubtful) q.now = state::asked;
    q.was_unknown = true; // whoever waited for it may be gone: its outcome is told as a settlement
    if (const auto m = decode_body<register_number>(row.body, 1); m && row.topic == register_number::topic) {
      q.kind = question_kind::registration;
      q.patient = m->patient;
      q.report.reference_number = m->number;
      if (const auto of = questions_.find(m->answered_question); of != questions_.end()) q.person = of->second.person;
    } else if (const auto t = decode_body<ask_typed>(row.body, 1); t && row.topic == ask_typed::topic) {
      q.kind = question_kind::typed;
      q.patient = t->patient;
    } else if (const auto c = decode_body<ask_eligibility>(row.body, 1)) {
      q.kind = question_kind::card;
      q.patient = c->patient;
    }
    fire(q, {.on = event::started_again}, out);
  }
  return out;
}

void questions::forget_oldest_settled() {
  const auto oldest = std::ranges::find_if(
      questions_, [](const auto& q) { return q.second.now == state::answered || q.second.now == state::refused; });
  if (oldest != questions_.end()) questions_.erase(oldest); // ids are ordered by time
}

} // namespace eligibility_gateway
