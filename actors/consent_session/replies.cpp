// What others answered, and how everything goes on after a restart.
#include "actors/consent_session/session.hpp"

#include <algorithm>

namespace consent_session {

using namespace messages;

/// Said by the bus or the reader before anything was done: no try is in doubt.
static bool never_reached_the_card(error_code why) {
  return describe(why).retry != retry_class::same_identity && why != error_code::already_done;
}

actors::effects session::on_reply(const actors::tag& who, const result<std::string>& body, std::uint64_t version,
                                  std::uint64_t now_ms) {
  now_ms_ = now_ms;
  actors::effects out;
  if (who.step == question_put || who.step == registration_put) {
    on_report(who, body, version, out);
    return out;
  }
  if (who.step == prompt_shown) {
    std::uint64_t sequence = 0;
    for (std::size_t i = 8; i < id::size; ++i)
      sequence = sequence << 8 | who.about.bytes[i];
    on_shown(sequence, body);
    return out;
  }
  // although its check-in may be over; an unknown outcome is no end
  if (who.step == attempt_made && (body || never_reached_the_card(body.error().code)))
    std::erase_if(attempts_, [&](const auto& a) { return a.second.attempt == who.about; });
  auto found = visits_.find(who.about);
  if (who.step == attempt_made)
    found = std::ranges::find(visits_, who.about, [](const auto& v) { return v.second.row.attempt; });
  if (who.step == face_compared)
    found = std::ranges::find(visits_, who.about, [](const auto& v) { return v.second.comparison; });
  if (found == visits_.end()) return out; // over meanwhile
  auto& v = found->second;
  switch (who.step) {
  case challenge_wanted:
    on_challenge(v, body, version, out);
    break;
  case attempt_made:
    on_attempt(v, body, version, out);
    break;
  case presence_asked:
    on_presence(v, body, version, out);
    break;
  case certificate_wanted: on_certificate(v, body, version, out); break;
  case face_compared:
    on_face_report(v, body, version, out);
    break;
  case proof_wanted:
    on_face_proof(v, body, version, out);
    break;
  case answer_recalled:
    if (const auto r = body ? decode_body<question_report>(*body, version) : failure(body.error())) {
      v.name = r->name;
      v.reference_number = r->reference_number;
      show_reception(v, out);
    }
    break;
  default:
    break;
  }
  return out;
}

/// Says nothing about the line: the gateway did not answer, or not in time.
static bool is_of_the_bus(error_code why) {
  return why == error_code::unknown_address || why == error_code::dead_peer || why == error_code::outcome_unknown ||
         why == error_code::deadline_passed || why == error_code::busy;
}

void session::on_challenge(visit& v, const result<std::string>& body, std::uint64_t version, actors::effects& out) {
  if (!awaits_challenge(v.now)) return;
  const auto got = body ? decode_body<challenge_obtained>(*body, version) : failure(body.error());
  if (!got && is_of_the_bus(got.error().code)) { // the gateway is being started again: a late answer, no outage
    v.ask_again_ms = now_ms_ + options_.ask_again_ms;
    return;
  }
  if (!got) {
    happening what{.on = event::line_is_down};
    what.report.error = describe(got.error().code).name;
    fire(v, what, out);
    return;
  }
  v.challenge = got->challenge;
  v.challenge_id = got->challenge_id;
  if (v.row.method == identity_method::visual) return go_on_by_sight(v, out);
  fire(v, {.on = event::challenge_ready}, out);
}

void session::on_attempt(visit& v, const result<std::string>& body, std::uint64_t version, actors::effects& out) {
  if (v.now != state::verifying) return;
  const auto report = body ? decode_body<pin_report>(*body, version) : failure(body.error());
  happening what{.on = event::pin_in_doubt};
  what.pin.outcome = pin_outcome::in_doubt;
  what.pin.tries_left = -1;
  if (!body && never_reached_the_card(body.error().code)) {
    what.on = event::pin_wrong;
    what.pin.outcome = pin_outcome::not_made;
    what.pin.tries_left = v.tries_left;
  }
  if (report) {
    what.pin = *report;
    if (report->outcome == pin_outcome::not_made && report->tries_left < 0) what.pin.tries_left = v.tries_left;
    // The last try: whatever it is called, the card is locked.
    if (report->outcome == pin_outcome::wrong && report->tries_left == 0) what.pin.outcome = pin_outcome::blocked;
    if (report->outcome == pin_outcome::wrong || report->outcome == pin_outcome::not_made) what.on = event::pin_wrong;
    if (what.pin.outcome == pin_outcome::blocked) what.on = event::pin_blocked;
    // Right, but the card did not sign: without a proof nothing can be asked; the PIN may be entered again.
    if (report->outcome == pin_outcome::right)
      what.on = report->signature.reveal().empty() ? event::pin_in_doubt
                : v.row.eligibility_only()         ? event::pin_right_eligibility_only
                                                   : event::pin_right;
  }
  fire(v, what, out);
}

/// The gateway's word on a question or a registration that was put to it.
void session::on_report(const actors::tag& who, const result<std::string>& body, std::uint64_t version,
                        actors::effects& out) {
  const auto kept = undelivered_.find(who.about);
  if (kept == undelivered_.end()) return; // settled by an earlier reply
  const auto report = body ? decode_body<question_report>(*body, version) : failure(body.error());
  if (!report) { // not delivered, or not known whether: the same question goes again, and is the same question
    kept->second.retry_at_ms = now_ms_ + options_.retry_ms;
    return;
  }
  const auto [row, question, at] = kept->second;
  out.journal.settled.push_back(row.effect);
  undelivered_.erase(kept);
  const auto found = visits_.find(row.checkin);
  if (found != visits_.end() && take_report(found->second, question, *report, {}, out)) return;
  // Too late for the patient at the desk: reception reads it. What is still unknown is settled by the gateway.
  if (report->outcome == question_outcome::answered || report->outcome == question_outcome::refused)
    note_settled(row.checkin, row.desk, question, *report, {}, out);
}

/// An outcome for the step the check-in is at; false when it does not wait for this question (any more).
bool session::take_report(visit& v, id question, const question_report& report, id cause, actors::effects& out) {
  happening what{.cause = cause, .report = report};
  if (v.now == state::registering && v.row.registration == question) {
    what.on = event::number_unknown;
    what.reference = reference_outcome::waiting;
    if (report.outcome == question_outcome::answered) {
      what.on = event::number_registered;
      what.reference = reference_outcome::registered;
    } else if (report.outcome == question_outcome::refused)
      what.on = event::number_refused;
    return fire(v, what, out);
  }
  if (v.now != state::asking || v.row.question != question) return false;
  what.on = event::answer_missing;
  if (report.outcome == question_outcome::answered) {
    what.on = event::not_valid;
    if (report.judged == validity::valid)
      what.on = report.has_reference_number ? event::valid_with_number : event::valid_without_number;
  }
  return fire(v, what, out);
}

/// What was unknown, or not asked, is known now.
void session::note_settled(id checkin, const std::string& desk, id question, const question_report& report, id cause,
                           actors::effects& out) {
  const checkin_settled settled{question, report.outcome, report.judged, report.error};
  const auto found = visits_.find(checkin);
  if (found == visits_.end()) return out.write(settled, desk, checkin, cause);
  auto& v = found->second;
  const bool its_own = v.row.question == question;
  if (its_own && v.row.outcome == report.outcome && v.row.judged == report.judged) return; // said again
  record(v, settled, cause, out);
  if (!its_own) return;
  v.name = report.name;
  v.reference_number = report.reference_number;
  show_reception(v, out);
}

void session::deliver_no_more(id question, actors::effects& out) {
  std::erase_if(undelivered_, [&](const auto& entry) {
    if (entry.second.question != question) return false;
    out.journal.settled.push_back(entry.first);
    return true;
  });
}

void session::deliver_again(actors::effects& out) {
  for (auto& [key, u] : undelivered_) {
    if (u.retry_at_ms > now_ms_) continue;
    const auto wait_ms = options_.waits.asking_ms;
    u.retry_at_ms = now_ms_ + wait_ms + options_.retry_ms;
    const auto put = u.row.topic == messages::register_number::topic ? registration_put : question_put;
    actors::outgoing again{gateway(), u.row.topic, 1, u.row.body, wait_ms, {}, actors::tag{put, key}};
    out.showing.push_back(std::move(again)); // its row has been durable since it was first put
  }
}

namespace {

/// The identifier inside a kept question.
id question_in(const outbox_row& row) {
  if (row.topic == messages::register_number::topic)
    if (const auto m = decode_body<messages::register_number>(row.body, 1)) return m->registration;
  if (row.topic == ask_typed::topic)
    if (const auto m = decode_body<ask_typed>(row.body, 1)) return m->question;
  if (row.topic == messages::ask_eligibility::topic)
    if (const auto m = decode_body<messages::ask_eligibility>(row.body, 1)) return m->question;
  return {};
}

} // namespace

// -- after a restart -----------------------------------------------------------------------------------------------

actors::effects session::resume(std::vector<open_checkin> rows, std::vector<outbox_row> kept, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  sequence_ = now_ms << 8; // later than anything the last incarnation showed
  actors::effects out;
  for (auto& row : rows) {
    auto& v = visits_[row.checkin];
    v.row = std::move(row);
    v.now = v.row.state;
    v.how = v.row.how;
    v.tries_left = v.row.tries_left;
    v.choices = v.row.choices;
    if (!v.row.attempt.empty()) { // a VERIFY may have happened, or still be under way; it is never repeated
      attempts_[v.row.patient] = {v.row.attempt, v.row.desk, now_ms + 2 * options_.waits.verifying_ms};
      happening doubt{.on = event::timed_out};
      doubt.pin.tries_left = -1;
      end_attempt(v, doubt, out);
      v.now = state::entering_pin;
    }
    v.resuming = v.row.card_there;
    v.since_ms = now_ms;
    if (const auto check = visual_.find(v.row.desk);
        check != visual_.end() && v.row.card_there && !v.row.vouched_by.empty()) {
      check->second.stage = visual_stage::under_way;
      check->second.checkin = v.row.checkin;
      check->second.until_ms = 0;
    }
    v.until_ms = now_ms + (v.resuming ? options_.resume_ms_max : options_.waits.of(v.now));
    v.ask_again_ms = now_ms;
    if (!v.row.question.empty() && v.now != state::asking)
      out.inquire(gateway(), recall_answer{v.row.question}, {answer_recalled, v.row.checkin}, options_.retry_ms);
  }
  for (auto& row : kept)
    if (row.topic != verify_pin::topic) undelivered_[row.effect] = {row, question_in(row), now_ms};
  deliver_again(out);
  return out;
}

void session::on_presence(visit& v, const result<std::string>& body, std::uint64_t version, actors::effects& out) {
  const auto said = body ? decode_body<card_present>(*body, version) : failure(body.error());
  const bool same_card = said && said->reader_session == v.row.reader_session;
  if (!v.resuming) { // asked after an attempt in doubt: how many tries are left?
    if (!said) v.ask_again_ms = now_ms_ + options_.retry_ms; // what lost the outcome may have lost this question, too
    if (!same_card || said->tries_left < 0 || v.now != state::entering_pin || v.tries_left >= 0) return;
    v.tries_left = said->tries_left;
    v.warned = false; // it was about other tries; the digits are entered anew
    return show(v, out);
  }
  if (same_card) return go_on_with(v, said->tries_left, out);
  if (!said && now_ms_ < v.until_ms) return; // the desk may still be starting: on_tick asks again
  v.resuming = false;
  happening what{.on = event::card_removed};
  const bool before_the_end = v.row.state != state::taking_card && v.row.state != state::at_window;
  if (before_the_end) what.how = ending::interrupted;
  fire(v, what, out);
}

/// The card is still there: back to the step whose answer the restart lost.
void session::go_on_with(visit& v, std::int64_t tries_left, actors::effects& out) {
  v.resuming = false;
  if (tries_left >= 0) v.tries_left = tries_left;
  switch (v.now) {
  case state::preparing:
  case state::entering_pin: // the challenge was only in memory
    v.now = state::preparing;
    ask_to_prepare(v, out);
    break;
  case state::proving:
    ask_to_prepare(v, out);
    break;
  case state::matching: // what the desk compares it reports to nobody now
    out.show(matcher_of(v), stop_matching{v.row.checkin});
    compare_face(v, {.on = event::number_entered}, out);
    break;
  case state::providing: // half an answer is no consent
    v.now = v.row.eligibility_only() ? state::providing : state::consenting;
    if (v.row.eligibility_only()) offer_nothing_medical(v);
    break;
  default:
    break;
  }
  if (v.now == state::consenting || v.now == state::providing) v.challenge_id = v.row.challenge_id;
  v.until_ms = now_ms_ + options_.waits.of(v.now);
  record(v, checkin_resumed{v.now}, {}, out);
  show(v, out);
}

} // namespace consent_session
