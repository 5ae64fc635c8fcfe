// The face in the frame: what the desk's comparison said, what staff decided, and how often a card may be tried.
#include "actors/consent_session/session.hpp"

#include <algorithm>

namespace consent_session {

using namespace messages;

namespace {

constexpr std::size_t failures_kept_max = 10'000;
constexpr std::uint64_t failures_kept_ms = 24u * 3600 * 1000;

event event_after(face_outcome outcome) {
  switch (outcome) {
  case face_outcome::matched: return event::face_matched;
  case face_outcome::unsure: return event::face_unsure;
  case face_outcome::number_missing:
  case face_outcome::wrong_number: return event::number_missing;
  case face_outcome::different:
  case face_outcome::no_face:
  case face_outcome::cannot_tell: break;
  }
  return event::face_refused;
}

} // namespace

void session::remember_failures(std::vector<face_failures> rows) {
  for (auto& row : rows)
    face_failures_[row.patient] = row;
}

/// Milliseconds until this card's face may be compared again; 0: now. After five failures in a row it waits, longer
/// each time; a PIN or staff's word ends that (NIST SP 800-63B-4 §3.2.3).
std::uint64_t session::face_delay_ms(id patient) const {
  const auto found = face_failures_.find(patient);
  if (found == face_failures_.end() || found->second.failures < options_.face_failures_max) return 0;
  const auto more = std::min(found->second.failures - options_.face_failures_max, 20u);
  const auto wait_ms = std::min(options_.face_delay_ms << more, options_.face_delay_ms_max);
  const auto until_ms = found->second.last_ms + wait_ms;
  return until_ms > now_ms_ ? until_ms - now_ms_ : 0;
}

void session::note_face_failure(id patient) {
  std::erase_if(face_failures_, [this](const auto& f) { return f.second.last_ms + failures_kept_ms < now_ms_; });
  if (face_failures_.size() >= failures_kept_max && !face_failures_.contains(patient))
    face_failures_.erase(std::ranges::min_element(face_failures_, {}, [](const auto& f) { return f.second.last_ms; }));
  auto& f = face_failures_[patient];
  f.patient = patient;
  ++f.failures;
  f.last_ms = now_ms_;
}

/// May the patient choose the face here and now? Refuses when not.
bool session::may_show_face(visit& v, const command_envelope& command, actors::effects& out) {
  // Without a certified terminal a real card signs only after its PIN (design.md §6): the face alone asks the national
  // system under the simulated profile, and nowhere else.
  if (!options_.asks_without_pin) {
    out.refuse(command, {error_code::face_not_offered, {}});
    return false;
  }
  const auto wait_ms = face_delay_ms(v.row.patient);
  if (wait_ms == 0) return true;
  out.refuse(command, {error_code::face_delayed, {std::to_string((wait_ms + 999) / 1000)}});
  return false;
}

void session::carry_out_face(visit& v, effect then, const happening& what, actors::effects& out) {
  switch (then) {
  case effect::compare_face: compare_face(v, what, out); break;
  case effect::ask_for_number:
    v.note = what.face.outcome == face_outcome::wrong_number ? prompt_note::wrong_number : prompt_note::none;
    break;
  case effect::ask_staff:
    record(v, face_attempt_ended{v.row.patient, face_outcome::unsure, what.face.model}, what.cause, out);
    break;
  case effect::prove_by_face: prove_by_face(v, what, out); break;
  case effect::let_card_sign: let_card_sign(v, out); break;
  case effect::fall_to_pin: fall_to_pin(v, what, out); break;
  default: break; // steps.cpp's
  }
}

void session::compare_face(visit& v, const happening& what, actors::effects& out) {
  if (what.on == event::face_chosen) record(v, identity_method_chosen{identity_method::face}, what.cause, out);
  v.note = prompt_note::none;
  v.comparison = make_id_();
  out.inquire(matcher_of(v), match_face{v.row.checkin, v.row.reader_session}, {face_compared, v.comparison},
              options_.waits.matching_ms);
}

/// A comparison that nobody waits for any more ends, and what it saw is wiped.
void session::stop_comparison(visit& v, const happening& what, actors::effects& out) {
  v.comparison = {};
  const bool over = what.on == event::face_matched || what.on == event::face_unsure || what.on == event::face_refused ||
                    what.on == event::number_missing;
  if (!over) out.show(matcher_of(v), stop_matching{v.row.checkin});
}

void session::on_face_report(visit& v, const result<std::string>& body, std::uint64_t version, actors::effects& out) {
  if (v.now != state::matching) return;
  // No desk, no engine, no answer: says nothing about the face, and the patient goes on with the PIN.
  const auto report = body ? decode_body<face_report>(*body, version) : failure(body.error());
  happening what;
  if (report) what.face = *report;
  what.on = event_after(what.face.outcome);
  fire(v, what, out);
}

void session::prove_by_face(visit& v, const happening& what, actors::effects& out) {
  if (what.on == event::staff_confirmed)
    record(v, face_decided{v.row.patient, true}, what.cause, out);
  else
    record(v, face_attempt_ended{v.row.patient, face_outcome::matched, what.face.model}, what.cause, out);
  ask_to_prepare(v, out);
}

void session::let_card_sign(visit& v, actors::effects& out) {
  out.ask(reader_of(v), messages::prove_by_face{v.row.reader_session, v.challenge}, {proof_wanted, v.row.checkin},
          options_.waits.proving_ms);
}

void session::on_face_proof(visit& v, const result<std::string>& body, std::uint64_t version, actors::effects& out) {
  if (v.now != state::proving) return;
  const auto proof = body ? decode_body<face_proof>(*body, version) : failure(body.error());
  happening what{.on = event::face_not_proven};
  if (proof && !proof->signature.reveal().empty()) {
    what.proof = *proof;
    what.on = v.row.eligibility_only() ? event::face_proven_eligibility_only : event::face_proven;
  }
  fire(v, what, out);
}

/// The face was not confirmed, by whomever: the PIN is asked for, with the card where it is.
void session::fall_to_pin(visit& v, const happening& what, actors::effects& out) {
  if (what.on == event::staff_denied)
    record(v, face_decided{v.row.patient, false}, what.cause, out);
  else if (what.on != event::face_not_proven && v.row.state == state::matching)
    record(v, face_attempt_ended{v.row.patient, what.face.outcome, what.face.model}, what.cause, out);
  if (what.on == event::staff_denied || what.face.outcome == face_outcome::different)
    note_face_failure(v.row.patient);
  v.note = face_delay_ms(v.row.patient) == 0 ? prompt_note::face_not_confirmed : prompt_note::face_delayed;
  prepare(v, what, out);
}

// -- what staff say ------------------------------------------------------------------------------------------------

void session::handle(const decide_face& m, const command_envelope& command, actors::effects& out) {
  auto* v = find_for_reception(command, m.checkin, out);
  if (!v) return;
  if (const auto why = may_not_compare(command)) // the same right as 目視確認
    out.refuse(command, *why);
  else
    fire_and_reply(*v, {.on = m.same_person ? event::staff_confirmed : event::staff_denied}, command, out);
}

void session::handle(const enter_check_number& m, const command_envelope& command, actors::effects& out) {
  auto* v = find_for(command, m.checkin, out);
  if (!v) return;
  if (v->now != state::awaiting_number) out.show(reader_of(*v), forget_pin{v->row.reader_session}); // wipes it
  fire_and_reply(*v, {.on = event::number_entered}, command, out);
}

} // namespace consent_session
