// Folding the events of a check-in into its row, one overload an event.
#include "messages/checkin.hpp"

namespace messages {
namespace {

void fold(const event_envelope& e, const card_placed& m, open_checkin& row) {
  row.checkin = e.checkin;
  row.desk = e.desk;
  row.begun_ms = e.time_ms;
  row.reader_session = m.reader_session;
  row.kind = m.kind;
  row.tries_left = m.tries_left;
  row.patient = m.patient;
  row.standing = m.certificate;
  row.error = m.error;
  row.state = checkin_state::choosing;
  if (m.kind == card_kind::my_number_card && m.tries_left == 0) { // it came locked
    row.state = checkin_state::at_window;
    row.how = ending::pin_blocked;
  } else if (!usable(m.certificate)) {
    row.state = checkin_state::at_window;
    row.how = ending::wrong_card;
    row.error = describe(error_code::certificate_expired).name;
  }
}
void fold(const event_envelope&, const photo_comparison_awaited&, open_checkin& row) {
  row.how = ending::completed; // a locked PIN is no hindrance any more
  row.state = checkin_state::comparing;
}
void fold(const event_envelope&, const identity_vouched& m, open_checkin& row) {
  row.method = identity_method::visual;
  row.vouched_by = m.account;
  row.how = ending::completed;
  row.state = checkin_state::preparing;
}
void fold(const event_envelope&, const patient_moved& m, open_checkin& row) { row.moved_to = m.desk; }
void fold(const event_envelope&, const identity_method_chosen& m, open_checkin& row) {
  row.method = m.method;
  row.state = m.method == identity_method::face ? checkin_state::matching : checkin_state::preparing;
}
void fold(const event_envelope&, const pin_attempt_allowed& m, open_checkin& row) {
  row.attempt = m.attempt;
  row.tries_left = m.tries_left;
  row.state = checkin_state::verifying;
}
void fold(const event_envelope&, const pin_attempt_ended& m, open_checkin& row) {
  row.attempt = {};
  row.tries_left = m.tries_left;
  // The pad is shown again; after a restart the challenge is gone, and resuming starts at `preparing`.
  row.state = checkin_state::entering_pin;
  if (m.outcome == pin_outcome::blocked) {
    row.state = checkin_state::at_window;
    row.how = ending::pin_blocked;
  }
}
void fold(const event_envelope&, const face_attempt_ended& m, open_checkin& row) {
  if (m.outcome == face_outcome::matched) row.state = checkin_state::proving;
  if (m.outcome == face_outcome::unsure) row.state = checkin_state::deciding;
}
void fold(const event_envelope&, const face_decided& m, open_checkin& row) {
  if (m.same_person) row.state = checkin_state::proving;
}
void fold(const event_envelope&, const identity_proven& m, open_checkin& row) {
  row.method = m.method;
  row.challenge_id = m.challenge_id;
  row.certificate = m.certificate;
  row.signature = m.signature;
  row.state = row.eligibility_only() ? checkin_state::providing : checkin_state::consenting;
}
void fold(const event_envelope&, const consents_recorded& m, open_checkin& row) {
  row.question = m.question;
  row.choices = m.choices;
  // The proof has done its work; the outbox holds it until the question has its outcome.
  row.certificate = {};
  row.signature = {};
  row.state = checkin_state::asking;
}
void fold(const event_envelope&, const answer_shown& m, open_checkin& row) {
  row.outcome = m.outcome;
  row.judged = m.judged;
  row.has_reference_number = m.has_reference_number;
  row.error = m.error;
  const bool good = m.outcome == question_outcome::answered && m.judged == validity::valid;
  row.state = good ? checkin_state::registration : checkin_state::at_window;
  if (good && m.has_reference_number) row.reference = reference_outcome::came_with_answer;
}
void fold(const event_envelope&, const eligibility_not_asked& m, open_checkin& row) {
  row.outcome = question_outcome::not_asked;
  row.error = m.error;
  row.state = checkin_state::at_window;
}
void fold(const event_envelope&, const registration_requested& m, open_checkin& row) {
  row.registration = m.registration;
  row.state = checkin_state::registering;
}
void fold(const event_envelope&, const reference_settled& m, open_checkin& row) {
  row.reference = m.outcome;
  if (m.outcome == reference_outcome::refused) row.state = checkin_state::registration; // another number may do
}
void fold(const event_envelope&, const walk_in_kept& m, open_checkin& row) {
  if (row.question.empty()) row.question = m.question; // its settlement is this check-in's
}
void fold(const event_envelope&, const checkin_settled& m, open_checkin& row) {
  if (m.question != row.question) return;
  row.outcome = m.outcome;
  row.judged = m.judged;
  row.error = m.error;
}
void fold(const event_envelope&, const card_return_awaited& m, open_checkin& row) {
  row.how = m.how;
  row.state = checkin_state::taking_card;
}
void fold(const event_envelope&, const card_lifted&, open_checkin& row) { row.card_there = false; }
void fold(const event_envelope&, const checkin_resumed& m, open_checkin& row) { row.state = m.state; }

template <class... Ms> void fold_any(message_list<Ms...>, const event_envelope& e, open_checkin& row) {
  const auto try_one = [&]<class M>() {
    if (const auto m = body_as<M>(e)) fold(e, *m, row);
  };
  (try_one.template operator()<Ms>(), ...);
}

using folded =
    message_list<card_placed, photo_comparison_awaited, identity_vouched, patient_moved, identity_method_chosen,
                 pin_attempt_allowed, pin_attempt_ended, face_attempt_ended, face_decided, identity_proven,
                 consents_recorded, answer_shown, eligibility_not_asked, registration_requested, reference_settled,
                 walk_in_kept, checkin_settled, card_return_awaited, card_lifted, checkin_resumed>;

} // namespace

bool begins_checkin(const event_envelope& event) { return event.topic == card_placed::topic; }

bool apply(const event_envelope& event, open_checkin& row) {
  if (event.topic == checkin_ended::topic) return false;
  fold_any(folded{}, event, row);
  return true;
}

} // namespace messages
