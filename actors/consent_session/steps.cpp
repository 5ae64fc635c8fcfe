// What each effect of the table does.
#include "actors/consent_session/session.hpp"

#include <algorithm>

namespace consent_session {

using namespace messages;

bool session::fire(visit& v, const happening& what, actors::effects& out) {
  const auto* row = find(v.now, what.on);
  if (!row) return false;
  if (v.now != row->to) v.since_ms = now_ms_;
  if (v.now == state::matching) stop_comparison(v, what, out);
  v.now = row->to;
  v.until_ms = now_ms_ + options_.waits.of(v.now);
  carry_out(v, row->then, what, out);
  end_visual_check_of(v, what, out);
  show(v, out);
  if (v.now == state::idle) {
    visits_.erase(v.row.checkin); // v is gone
    return true;
  }
  // A card that is no longer there cannot be given back.
  const bool waits_for_card = v.now == state::taking_card || v.now == state::at_window;
  if (waits_for_card && !v.row.card_there) return fire(v, {.on = event::card_removed, .cause = what.cause}, out);
  return true;
}

void session::carry_out(visit& v, effect then, const happening& what, actors::effects& out) {
  switch (then) {
  case effect::offer_methods: break;
  case effect::refuse_card:
    v.how = ending::wrong_card;
    give_card_back(v, what, out);
    break;
  case effect::explain_card: v.how = ending::wrong_card; break;
  case effect::prepare: prepare(v, what, out); break;
  case effect::show_pin_pad: break;
  case effect::allow_attempt: allow_attempt(v, what, out); break;
  case effect::warn_last_try: v.warned = true; break;
  case effect::hold_attempt:
    v.warned = false; // the digits it was about are wiped
    out.show(reader_of(v), forget_pin{v.row.reader_session});
    break;
  case effect::skip_consents:
  case effect::ask_consents: note_proof(v, then, what, out); break;
  case effect::try_again:
    end_attempt(v, what, out);
    v.pin_was_wrong = what.on == event::pin_wrong && what.pin.outcome == pin_outcome::wrong;
    if (v.tries_left < 0) // in doubt: never made again, but how many are left can be read
      out.inquire(reader_of(v), ask_present{}, {presence_asked, v.row.checkin}, options_.retry_ms);
    break;
  case effect::compare_photo:
  case effect::refuse_other_card:
  case effect::prepare_by_sight:
  case effect::skip_consents_by_sight:
  case effect::ask_consents_by_sight:
  case effect::send_to_desk: help_at_desk(v, then, what, out); break;
  case effect::ask_information: break;
  case effect::ask_eligibility: ask_eligibility(v, what, out); break;
  case effect::offer_registration: note_answer(v, what, out); break;
  case effect::send_to_window:
    if (what.on == event::pin_blocked) {
      v.how = ending::pin_blocked;
      end_attempt(v, what, out);
    } else
      note_answer(v, what, out);
    break;
  case effect::not_asked: record(v, eligibility_not_asked{v.row.patient, what.report.error}, what.cause, out); break;
  case effect::register_number: register_number(v, what, out); break;
  case effect::settle_number:
  case effect::offer_again: settle_number(v, then, what, out); break;
  case effect::give_card_back:
    if (what.on == event::valid_with_number) note_answer(v, what, out);
    if (what.on == event::stopped) v.how = ending::stopped_by_patient;
    if (what.on == event::timed_out && v.how == ending::completed && v.row.question.empty()) v.how = ending::timed_out;
    give_card_back(v, what, out);
    break;
  case effect::end: end(v, what, out); break;
  case effect::note_card_lifted:
    record(v, card_lifted{}, what.cause, out);
    show_desk(v.row.desk, prompt_of_free_desk(v.row.desk), out);
    break;
  case effect::compare_face:
  case effect::ask_for_number:
  case effect::ask_staff:
  case effect::prove_by_face:
  case effect::let_card_sign:
  case effect::fall_to_pin: carry_out_face(v, then, what, out); break;
  case effect::alarm: // raised again and again, written once: a card may lie there until Monday
    if (!v.forgotten) record(v, card_forgotten{}, what.cause, out);
    v.forgotten = true;
    break;
  }
}

/// 照会番号: settled, or asked for once more.
void session::settle_number(visit& v, effect then, const happening& what, actors::effects& out) {
  const bool again = then == effect::offer_again;
  record(v, reference_settled{again ? reference_outcome::refused : what.reference}, what.cause, out);
  if (again)
    v.number_refused = what.report.error;
  else
    give_card_back(v, what, out);
}

/// The card has signed: after its PIN, or for a face that was confirmed.
void session::note_proof(visit& v, effect then, const happening& what, actors::effects& out) {
  end_attempt(v, what, out);
  const bool by_face = what.on == event::face_proven || what.on == event::face_proven_eligibility_only;
  const auto& certificate = by_face ? what.proof.certificate : what.pin.certificate;
  const auto& signature = by_face ? what.proof.signature : what.pin.signature;
  const auto method = by_face ? identity_method::face : identity_method::pin;
  record(v, identity_proven{v.row.patient, method, v.challenge_id, certificate, signature}, what.cause, out);
  face_failures_.erase(v.row.patient);
  if (then == effect::skip_consents) offer_nothing_medical(v);
}

/// What staff's eyes and hands do for a visit: the visual check, and another desk.
void session::help_at_desk(visit& v, effect then, const happening& what, actors::effects& out) {
  switch (then) {
  case effect::compare_photo:
    out.show(reader_of(v), forget_pin{v.row.reader_session});
    v.how = ending::completed;
    record(v, photo_comparison_awaited{}, what.cause, out);
    break;
  case effect::refuse_other_card:
    v.how = ending::wrong_card;
    v.is_other_card = true;
    give_card_back(v, what, out);
    break;
  case effect::prepare_by_sight:
    v.how = ending::completed;
    record(v, identity_vouched{v.row.patient, what.account}, what.cause, out);
    v.challenge_id.clear();
    ask_to_prepare(v, out);
    break;
  case effect::skip_consents_by_sight:
  case effect::ask_consents_by_sight:
    record(v, identity_proven{v.row.patient, identity_method::visual, v.challenge_id, v.seen_certificate, {}},
           what.cause, out);
    if (then == effect::skip_consents_by_sight) offer_nothing_medical(v);
    break;
  case effect::send_to_desk:
    v.how = ending::moved;
    record(v, patient_moved{what.desk}, what.cause, out);
    give_card_back(v, what, out);
    break;
  default: break;
  }
}

void session::prepare(visit& v, const happening& what, actors::effects& out) {
  record(v, identity_method_chosen{identity_method::pin}, what.cause, out);
  ask_to_prepare(v, out);
}

/// What is not offered is asked for as refused: the national system opens nothing by it.
void offer_nothing_medical(visit& v) {
  v.choices.surgery = v.choices.treatment = v.choices.drugs = v.choices.checkup = choice::refused;
}

/// The other desk at which a VERIFY of the same card may be under way: the command may reach its reader as late as
/// patience allows, and the card may take as long again. At the same desk the reader itself has one attempt at a time.
std::optional<std::string> session::attempt_elsewhere(const visit& v) {
  std::erase_if(attempts_, [this](const auto& a) { return a.second.until_ms <= now_ms_; });
  const auto found = attempts_.find(v.row.patient);
  if (found == attempts_.end() || found->second.desk == v.row.desk) return std::nullopt;
  return found->second.desk;
}

void session::allow_attempt(visit& v, const happening& what, actors::effects& out) {
  const auto attempt = make_id_();
  record(v, pin_attempt_allowed{attempt, v.row.reader_session, v.tries_left}, what.cause, out);
  // The row tells a restart that a VERIFY may have happened; it is never sent from there.
  out.journal.outbox.push_back(
      {attempt, "consent_session", std::string{verify_pin::topic}, encode_body(done{}), v.row.checkin, v.row.desk});
  out.ask(reader_of(v), verify_pin{v.row.reader_session, attempt, v.challenge, v.tries_left}, {attempt_made, attempt},
          options_.waits.verifying_ms);
  attempts_[v.row.patient] = {attempt, v.row.desk, now_ms_ + 2 * options_.waits.verifying_ms};
  v.warned = false;
}

void session::end_attempt(visit& v, const happening& what, actors::effects& out) {
  if (v.row.attempt.empty()) return; // a card that came blocked: no attempt was made
  auto outcome = pin_outcome::in_doubt;
  if (what.on != event::timed_out && what.on != event::card_removed) outcome = what.pin.outcome;
  const auto tries_left = outcome == pin_outcome::in_doubt && what.pin.tries_left == 0 ? -1 : what.pin.tries_left;
  out.journal.settled.push_back(v.row.attempt);
  record(v, pin_attempt_ended{v.row.attempt, outcome, tries_left}, what.cause, out);
  v.tries_left = tries_left;
}

void session::ask_eligibility(visit& v, const happening& what, actors::effects& out) {
  const messages::ask_eligibility ask{make_id_(),      v.row.checkin,      v.row.patient,
                                      v.row.desk,      v.row.challenge_id, v.row.certificate,
                                      v.row.signature, v.choices,          v.row.method};
  record(v, consents_recorded{v.row.patient, ask.question, v.choices, v.language, v.text_version}, what.cause, out);
  deliver({make_id_(), "consent_session", std::string{messages::ask_eligibility::topic}, encode_body(ask),
           v.row.checkin, v.row.desk},
          ask.question, options_.waits.asking_ms, out);
}

void session::register_number(visit& v, const happening& what, actors::effects& out) {
  const messages::register_number ask{make_id_(), v.row.question, v.row.checkin, v.row.patient, v.row.desk, what.number,
                                      {},         false};
  v.reference_number = what.number;
  record(v, registration_requested{ask.registration, v.row.patient, what.number}, what.cause, out);
  deliver({make_id_(), "consent_session", std::string{messages::register_number::topic}, encode_body(ask),
           v.row.checkin, v.row.desk},
          ask.registration, options_.waits.registering_ms, out);
}

/// Puts a question to the gateway until it has taken it over. The row's effect is the delivery, not the question: the
/// gateway keeps a row of its own under the question's identifier, and the outbox has one row per effect.
void session::deliver(outbox_row row, id question, std::uint32_t wait_ms, actors::effects& out) {
  const auto put = row.topic == messages::register_number::topic ? registration_put : question_put;
  out.binding.push_back({gateway(), row.topic, 1, row.body, wait_ms, {}, actors::tag{put, row.effect}});
  out.journal.outbox.push_back(row);
  undelivered_[row.effect] = {row, question, now_ms_ + wait_ms + options_.retry_ms};
}

void session::note_answer(visit& v, const happening& what, actors::effects& out) {
  const auto& r = what.report;
  const auto outcome = what.on == event::timed_out ? question_outcome::unknown : r.outcome;
  v.name = r.name;
  v.reference_number = r.reference_number;
  record(v, answer_shown{v.row.question, outcome, r.judged, r.has_reference_number, r.error}, what.cause, out);
}

void session::give_card_back(visit& v, const happening& what, actors::effects& out) {
  out.show(reader_of(v), forget_pin{v.row.reader_session});
  record(v, card_return_awaited{v.how}, what.cause, out);
}

void session::end(visit& v, const happening& what, actors::effects& out) {
  if (!v.row.attempt.empty()) end_attempt(v, what, out);
  auto how = ending::card_removed;
  if (what.how)
    how = *what.how;
  else if (v.row.state == state::taking_card)
    how = v.row.how;
  else if (v.row.state == state::at_window)
    how = v.how;
  if (v.row.outcome == question_outcome::not_asked) keep_past({v.row.checkin, v.row.patient, v.row.desk, {}});
  const bool face_failed = v.note == prompt_note::face_not_confirmed || v.note == prompt_note::face_delayed;
  const bool not_proven = (v.pin_was_wrong || face_failed) && v.row.certificate.reveal().empty();
  const bool fell_back = how == ending::pin_blocked || (not_proven && v.row.question.empty());
  if (fell_back && (fell_back_.contains(v.row.desk) || fell_back_.size() < options_.desks_max))
    fell_back_[v.row.desk] = {v.row.patient, now_ms_ + options_.fallback_kept_ms};
  record(v, checkin_ended{how, v.row.reference}, what.cause, out);
  out.show(reader_of(v), forget_pin{v.row.reader_session});
}

// -- what is shown -------------------------------------------------------------------------------------------------

namespace {

/// It was read, and is of no use here, whichever way it lies. What could not be read may lie there the wrong way round.
bool is_another_card(const visit& v) {
  const auto named = [](error_code code) { return std::string{describe(code).name}; };
  return v.row.kind == card_kind::juki_card || v.row.kind == card_kind::phone ||
         v.row.error == named(error_code::not_my_number_card) || v.row.error == named(error_code::certificate_problem);
}

/// The patient's page for a state. Reasons and codes are reception's business.
prompt prompt_of(const visit& v) {
  switch (v.now) {
  case state::idle: return prompt::place_card;
  case state::choosing: return prompt::choose_method;
  case state::preparing:
  case state::verifying: return prompt::please_wait;
  case state::entering_pin:
    if (v.warned) return prompt::last_try;
    return v.pin_was_wrong ? prompt::wrong_pin : prompt::enter_pin;
  case state::matching: return prompt::show_face;
  case state::awaiting_number: return prompt::enter_check_number;
  case state::deciding: return prompt::wait_for_staff;
  case state::proving: return prompt::please_wait;
  case state::consenting: return prompt::give_consents;
  case state::providing: return prompt::provide_information;
  case state::asking: return prompt::asking;
  case state::registration:
  case state::registering: return prompt::please_wait;
  case state::at_window: return prompt::come_to_window;
  case state::comparing: return prompt::show_card;
  case state::taking_card:
    if (v.forgotten) return prompt::card_forgotten;
    if (v.how == ending::moved) return prompt::go_to_desk;
    if (v.how != ending::wrong_card) return prompt::take_card;
    if (v.is_other_card) return prompt::not_same_card; // than the one that staff compared
    // who came with an expired certificate was helped at the window
    if (!usable(v.row.standing)) return prompt::take_card;
    return is_another_card(v) ? prompt::other_card : prompt::turn_card;
  }
  return prompt::see_reception;
}

} // namespace

namespace {

/// The one error that reception should read now; what the certificate is worth, when there is nothing worse.
std::string word_for_staff(const visit& v) {
  if (!v.number_refused.empty()) return v.number_refused;
  if (!v.row.error.empty()) return v.row.error;
  const auto named = [](error_code code) { return std::string{describe(code).name}; };
  if (v.is_other_card) return named(error_code::other_card);
  if (v.row.standing == certificate_standing::expires_soon) return named(error_code::certificate_expires_soon);
  return v.row.eligibility_only() ? named(error_code::certificate_expired_lately) : std::string{};
}

} // namespace

void session::show(const visit& v, actors::effects& out) {
  // A desk whose card was lifted belongs to the next patient.
  if (v.row.card_there) {
    const bool over = v.now == state::idle;
    const bool noted = v.now == state::entering_pin || v.now == state::awaiting_number;
    show_patient(v.row.desk,
                 {over ? id{} : v.row.checkin, 0, over ? prompt_of_free_desk(v.row.desk) : prompt_of(v),
                  over ? -1 : v.tries_left, over ? 0 : options_.waits.of(v.now), over ? "" : v.row.moved_to,
                  noted ? v.note : prompt_note::none},
                 out);
  }
  show_reception(v, out);
}

void session::show_desk(const std::string& desk, prompt shown, actors::effects& out) {
  show_patient(desk, {{}, 0, shown, -1, 0, {}, prompt_note::none}, out);
}

void session::show_patient(const std::string& desk, show_prompt shown, actors::effects& out) {
  if (!unshown_.contains(desk) && unshown_.size() >= options_.desks_max) unshown_.erase(unshown_.begin());
  auto& page = unshown_[desk];
  shown.sequence = ++sequence_;
  if (!shown_.contains(desk) && shown_.size() >= options_.desks_max) shown_.erase(shown_.begin());
  shown_[desk] = shown;
  page = {shown, 0, options_.retry_ms};
  send_prompt(desk, page, out);
}

void session::send_prompt(const std::string& desk, unshown& page, actors::effects& out) {
  const actors::tag who{prompt_shown, make_id(0, page.prompt.sequence, 0)};
  out.inquire({"screen", desk}, page.prompt, who, options_.retry_ms);
  page.again_at_ms = now_ms_ + options_.retry_ms + page.again_ms;
}

/// A page that did not hear would leave its patient before an old sentence.
void session::on_shown(std::uint64_t sequence, const result<std::string>& body) {
  const auto page = std::ranges::find(unshown_, sequence, [](const auto& p) { return p.second.prompt.sequence; });
  if (page == unshown_.end()) return; // something newer is shown
  if (body || describe(body.error().code).retry == retry_class::never) unshown_.erase(page);
}

void session::show_again(actors::effects& out) {
  for (auto& [desk, page] : unshown_) {
    if (page.again_at_ms > now_ms_) continue;
    page.again_ms = std::min(2 * page.again_ms, options_.show_again_ms_max); // the desk may be switched off
    send_prompt(desk, page, out);
  }
}

void session::show_reception(const visit& v, actors::effects& out) {
  out.show({"screen", options_.hub},
           show_at_reception{v.row.desk, v.row.checkin, ++sequence_, v.now, v.row.outcome, v.row.judged, v.name,
                             v.reference_number, word_for_staff(v), v.row.question, v.row.begun_ms, v.since_ms,
                             v.row.method, v.row.vouched_by, v.how == ending::pin_blocked, v.forgotten});
}

} // namespace consent_session
