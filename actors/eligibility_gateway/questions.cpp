// What comes in: commands, what the line brought, and time.
#include "actors/eligibility_gateway/questions.hpp"

#include "messages/japanese_time.hpp"

#include <algorithm>

namespace eligibility_gateway {

using namespace messages;

bool questions::is_due(const id& key, const batch& b) const {
  return line_up() && !b.in_flight && !traffic_.waits(key);
}

/// Without its command there is nothing to ask with; such a question can only stand in a damaged journal.
bool questions::waits_to_be_asked(const question& q) const {
  return q.now == state::doubtful && !q.in_flight && !q.body.empty() && !traffic_.waits(q.key);
}

questions::questions(options how, actors::id_source make_id, const patient_book* book)
    : options_(std::move(how)), make_id_(std::move(make_id)), traffic_(options_.traffic), book_(book) {}

decision questions::on_command(const command_envelope& command, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  using handled = message_list<obtain_challenge, ask_eligibility, ask_typed, register_number, recall_answer,
                               claim_face_file, find_match, decide_match, register_numbers, obtain_records,
                               withdraw_consent>;
  actors::dispatch(handled{}, command, out, [&](const auto& body) { handle(body, command, out); });
  send_next(out);
  return out;
}

void questions::handle(const obtain_challenge&, const command_envelope& command, decision& out) {
  if (challenges_.size() >= options_.challenges_in_flight_max)
    return out.refuse(command, {error_code::busy, {"eligibility_gateway"}});
  const auto trial_at = traffic_.trial_at_ms();
  if (trial_at && !challenges_offered_) return out.refuse(command, {error_code::not_offered, {"challenge"}});
  if (trial_at && (*trial_at > now_ms_ || !trial_.empty())) // nobody waits for what is known to be lost
    return out.refuse(command, {error_code::line_down, {"lost"}});
  if (trial_at) {
    trial_ = command.id;
    traffic_.trial_sent(now_ms_);
  }
  challenges_[command.id] = command;
  const auto wait_ms = std::min(options_.challenge_wait_ms_max, command.deadline_ms);
  out.line_at_once.push_back({line_request::kind::challenge, command.id, {}, {}, wait_ms});
}

decision questions::on_challenge(id key, const result<challenge>& came, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  const auto found = challenges_.find(key);
  const bool trial = !trial_.empty() && trial_ == key;
  if (found == challenges_.end() && !trial) return out;
  if (found != challenges_.end()) {
    if (came)
      out.reply(found->second, challenge_obtained{came->id, came->value});
    else
      out.refuse(found->second, came.error());
    challenges_.erase(found);
  }
  note_arrival(key, came ? nullptr : &came.error(), out);
  send_next(out);
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

namespace {

bool is_day(const std::string& text) {
  return text.size() == 8 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// What the answer's consents will be about. Online without a day: the day of asking (外来・通常とは異なる動線).
void note_how(const ask_typed& m, question& q) {
  q.kind = question_kind::typed;
  q.background = m.background;
  q.how = m.kind;
  if (m.kind == care::online)
    q.appointment = m.appointment.empty() ? japanese_time(m.question.time_ms()).substr(0, 8) : m.appointment;
}

} // namespace

void questions::handle(const ask_typed& m, const command_envelope& command, decision& out) {
  if (!m.appointment.empty() && !is_day(m.appointment))
    return out.refuse(command, {error_code::wrong_value, {"appointment", "yyyyMMdd is needed"}});
  auto* q = want(m.question, command, out);
  if (!q) return;
  if (q->now == state::fresh) {
    note_how(m, *q);
    q->checkin = m.checkin;
    q->patient = m.patient;
    q->desk = m.desk;
  }
  fire(*q, {.on = event::wanted, .cause = command.id, .command = &command}, out);
}

void questions::handle(const register_number& m, const command_envelope& command, decision& out) {
  const auto answered = questions_.find(m.answered_question);
  auto person = m.person;
  if (person.reveal().number.empty() && answered != questions_.end()) person = answered->second.person;
  const bool known = questions_.contains(m.registration);
  if (!known && person.reveal().number.empty())
    return out.refuse(command, {error_code::wrong_value, {"answered_question", "no answer names a person"}});
  if (auto* same = known ? nullptr : same_registration(m.patient, m.number.reveal())) { // in the background already
    same->background = false;                                                           // somebody waits for it now
    if (same->now == state::asked && same->waiting.size() < options_.waiting_max)
      same->waiting.push_back(command);
    else
      out.reply(command, same->report);
    return;
  }
  auto* q = want(m.registration, command, out);
  if (!q) return;
  if (q->now == state::fresh) {
    q->kind = question_kind::registration;
    q->checkin = m.checkin;
    q->patient = m.patient;
    q->desk = m.desk;
    q->person = person;
    q->background = m.background;
    q->report.reference_number = m.number;
    registration_of_[m.patient] = q->key;
    auto whole = m; // the row outlives the answer that names the person
    whole.person = person;
    q->body = encode_body(whole);
  }
  fire(*q, {.on = event::wanted, .cause = command.id, .command = &command}, out);
}

void questions::handle(const recall_answer& m, const command_envelope& command, decision& out) {
  const auto found = questions_.find(m.question);
  if (found == questions_.end()) return out.refuse(command, {error_code::wrong_value, {"question", m.question.text()}});
  out.reply(command, found->second.report);
}

// -- what the line brought -----------------------------------------------------------------------------------------

decision questions::on_line(id key, const result<line_answer>& came, std::uint64_t now_ms,
                            const personal<bytes>& original) {
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
    what.original = &original;
    switch (describe(what.why.code).retry) {
    case retry_class::never: what.on = event::refusal; break;
    case retry_class::later: what.on = event::nothing_sent; break;
    case retry_class::same_identity: what.on = event::silence; break;
    }
    // The proof has expired: this question can never be answered any more.
    if (what.why.code == error_code::challenge_expired) what.on = event::refusal;
  }
  fire(q, what, out);
  note_arrival(key, came ? nullptr : &came.error(), out);
  send_next(out);
  return out;
}

// -- time, acknowledgements, restart -------------------------------------------------------------------------------

decision questions::on_tick(std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  tell_those_without_a_place(out);
  try_line(out);
  const auto open = open_; // firing changes it
  for (const auto& key : open)
    if (auto& q = questions_.at(key); line_up() && waits_to_be_asked(q) && q.again_at_ms <= now_ms)
      fire(q, {.on = event::time_to_ask_again}, out);
  for (auto& [key, b] : batches_)
    if (is_due(key, b) && b.again_at_ms <= now_ms) go(key, b);
  look_and_retry(out);
  send_next(out);
  for (auto& [effect_id, u] : untold_)
    if (u.again_at_ms <= now_ms) send_settlement(u, out);
  return out;
}

std::optional<std::uint64_t> questions::next_tick_ms() const {
  std::optional<std::uint64_t> next;
  const auto sooner = [&](std::uint64_t at) { next = std::min(next.value_or(at), at); };
  for (const auto& key : open_) {
    const auto& q = questions_.at(key);
    if (line_up() && waits_to_be_asked(q)) sooner(q.again_at_ms);
    if (q.now == state::asked && !q.background && traffic_.waits(key))
      sooner(q.place_wanted_ms + options_.place_wait_ms_max);
  }
  for (const auto& [key, b] : batches_)
    if (is_due(key, b)) sooner(b.again_at_ms);
  if (const auto trial = traffic_.trial_at_ms(); trial && trial_.empty()) sooner(*trial);
  for (const auto& [handed, h] : handovers_)
    if (h.again_at_ms != never_ms) sooner(h.again_at_ms);
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

void questions::remember(left_over left, std::uint64_t now_ms) {
  if (left.line_lost_ms != 0) traffic_.open_circuit(left.line_lost_ms, now_ms);
  for (auto& file : left.written) {
    auto& h = handovers_[file.handover];
    h.file = std::move(file);
    h.written = true;
    h.again_at_ms = now_ms;
  }
  face_files_ = std::move(left.face_files);
}

decision questions::resume(std::vector<question> settled, std::vector<outbox_row> open, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  for (auto& q : settled) {
    if (q.now == state::doubtful) open_.insert(q.key);
    if (q.kind == question_kind::registration) registration_of_[q.patient] = q.key; // in the order of their ids
    questions_.emplace(q.key, std::move(q));
  }
  for (auto& row : open)
    resume_row(std::move(row), out);
  resume_batches(out);
  send_next(out);
  return out;
}

void questions::resume_row(outbox_row row, decision& out) {
  if (row.topic == settle_checkin::topic) {
    auto& u = untold_[row.effect];
    u.row = std::move(row);
    return send_settlement(u, out);
  }
  if (row.topic == messages::hand_over::topic) {
    const auto m = decode_body<messages::hand_over>(row.body, messages::hand_over::version);
    if (!m) return;
    auto& h = handovers_[row.effect];
    h.file = {row.effect, m->receipt_computer, m->file, m->octets};
    h.again_ms = options_.again_ms_first;
    h.again_at_ms = never_ms;
    out.handovers.push_back(h.file);
    return;
  }
  if (row.topic == send_registrations::topic) {
    const auto m = decode_body<send_registrations>(row.body, send_registrations::version);
    if (!m) return;
    auto& b = batches_[m->batch];
    b.effect = row.effect;
    b.reception_number = m->reception_number;
    return;
  }
  auto& q = questions_[row.effect];
  q.key = row.effect;
  q.body = row.body;
  q.checkin = row.checkin;
  q.desk = row.desk;
  if (q.now != state::doubtful) {
    q.now = state::asked;
    q.may_have_been_sent = true;
  }
  q.was_unknown = true; // whoever waited for it may be gone: its outcome is told as a settlement
  if (const auto m = decode_body<register_number>(row.body, register_number::version);
      m && row.topic == register_number::topic) {
    q.kind = question_kind::registration;
    q.patient = m->patient;
    q.background = m->background;
    q.report.reference_number = m->number;
    q.person = m->person;
    q.batch = m->batch;
    registration_of_[q.patient] = q.key;
    if (!q.batch.empty()) batches_[q.batch].rows.push_back(q.key);
    const auto of = questions_.find(m->answered_question); // a row of an older version names nobody itself
    if (q.person.reveal().number.empty() && of != questions_.end()) q.person = of->second.person;
  } else if (const auto t = decode_body<ask_typed>(row.body, ask_typed::version); t && row.topic == ask_typed::topic) {
    note_how(*t, q);
    q.patient = t->patient;
  } else if (const auto w = decode_body<withdraw_consent>(row.body, withdraw_consent::version);
             w && row.topic == withdraw_consent::topic) {
    q.kind = question_kind::withdrawal;
    q.patient = w->patient;
    q.person = w->person;
  } else if (const auto c = decode_body<ask_eligibility>(row.body, ask_eligibility::version)) {
    q.kind = question_kind::card;
    q.patient = c->patient;
  }
  fire(q, {.on = event::started_again}, out);
}

void questions::forget_oldest_settled() {
  const auto oldest = std::ranges::find_if(
      questions_, [](const auto& q) { return q.second.now == state::answered || q.second.now == state::refused; });
  if (oldest == questions_.end()) return; // ids are ordered by time
  const auto newest = registration_of_.find(oldest->second.patient);
  if (newest != registration_of_.end() && newest->second == oldest->first) registration_of_.erase(newest);
  questions_.erase(oldest);
}

} // namespace eligibility_gateway
