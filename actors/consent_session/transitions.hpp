// One check-in, at a glance. This table is the whole control flow of design.md §5: read it top to bottom, and change
// behaviour here and nowhere else. What each `then` does is in session.cpp.
#pragma once

#include "messages/values.hpp"

namespace consent_session {

using state = messages::checkin_state;

} // namespace consent_session

namespace messages {

/// What can happen to a check-in.
UKETSUKE_ENUMERATION(checkin_event, card_placed, card_unusable, card_expired, pin_chosen, challenge_ready, line_is_down,
                     pin_entered, last_try_unconfirmed, attempt_elsewhere, pin_right, pin_right_eligibility_only,
                     pin_wrong, pin_blocked, pin_in_doubt, consents_answered, information_answered, valid_with_number,
                     valid_without_number, not_valid, answer_missing, number_given, number_registered, number_refused,
                     number_unknown, number_skipped, window_finished, stopped, card_removed, timed_out, visual_begun,
                     card_placed_uncompared, card_placed_vouched, other_card, vouched, visual_ended, sight_ready,
                     sight_ready_eligibility_only, moved, face_chosen, face_matched, face_unsure, face_refused,
                     number_missing, number_entered, staff_confirmed, staff_denied, face_proven,
                     face_proven_eligibility_only, face_not_proven)

/// What is done about it.
UKETSUKE_ENUMERATION(checkin_effect, offer_methods, refuse_card, explain_card, prepare, show_pin_pad, warn_last_try,
                     hold_attempt, allow_attempt, ask_consents, skip_consents, try_again, ask_information,
                     ask_eligibility, offer_registration, send_to_window, not_asked, register_number, settle_number,
                     offer_again, give_card_back, end, note_card_lifted, alarm, compare_photo, refuse_other_card,
                     prepare_by_sight, ask_consents_by_sight, skip_consents_by_sight, send_to_desk, compare_face,
                     ask_for_number, ask_staff, prove_by_face, let_card_sign, fall_to_pin)

} // namespace messages

namespace consent_session {

using event = messages::checkin_event;
using effect = messages::checkin_effect;

struct transition {
  state from;
  event on;
  state to;
  effect then;
};

// clang-format off
inline constexpr std::array table{
  //          from                 on                            to                   then
  transition{state::idle,         event::card_placed,           state::choosing,     effect::offer_methods},
  transition{state::idle,         event::card_unusable,         state::taking_card,  effect::refuse_card},
  transition{state::idle,         event::pin_blocked,           state::at_window,    effect::send_to_window},
  transition{state::idle,         event::card_expired,          state::at_window,    effect::explain_card},

  // 目視確認: staff switched this desk for one patient (visual_check.hpp), and look at the card's photo and at the
  // patient. A card may lie there already, or be placed before they have looked, or after.
  transition{state::idle,         event::card_placed_uncompared, state::comparing,   effect::compare_photo},
  transition{state::idle,         event::card_placed_vouched,   state::preparing,    effect::prepare_by_sight},
  transition{state::idle,         event::other_card,            state::taking_card,  effect::refuse_other_card},
  transition{state::choosing,     event::visual_begun,          state::comparing,    effect::compare_photo},
  transition{state::preparing,    event::visual_begun,          state::comparing,    effect::compare_photo},
  transition{state::entering_pin, event::visual_begun,          state::comparing,    effect::compare_photo},
  transition{state::at_window,    event::visual_begun,          state::comparing,    effect::compare_photo},
  transition{state::matching,     event::visual_begun,          state::comparing,    effect::compare_photo},
  transition{state::awaiting_number, event::visual_begun,       state::comparing,    effect::compare_photo},
  transition{state::deciding,     event::visual_begun,          state::comparing,    effect::compare_photo},
  transition{state::comparing,    event::vouched,               state::preparing,    effect::prepare_by_sight},
  transition{state::preparing,    event::sight_ready,           state::consenting,   effect::ask_consents_by_sight},
  transition{state::preparing, event::sight_ready_eligibility_only, state::providing, effect::skip_consents_by_sight},
  transition{state::comparing,    event::visual_ended,          state::taking_card,  effect::give_card_back},

  // The face in the frame. It falls to the PIN without lifting the card, and may be tried again from there.
  transition{state::choosing,     event::face_chosen,           state::matching,     effect::compare_face},
  transition{state::entering_pin, event::face_chosen,           state::matching,     effect::compare_face},
  transition{state::matching,     event::number_missing,        state::awaiting_number, effect::ask_for_number},
  transition{state::awaiting_number, event::number_entered,     state::matching,     effect::compare_face},
  transition{state::matching,     event::face_matched,          state::proving,      effect::prove_by_face},
  transition{state::matching,     event::face_unsure,           state::deciding,     effect::ask_staff},
  transition{state::matching,     event::face_refused,          state::preparing,    effect::fall_to_pin},
  transition{state::deciding,     event::staff_confirmed,       state::proving,      effect::prove_by_face},
  transition{state::deciding,     event::staff_denied,          state::preparing,    effect::fall_to_pin},
  transition{state::proving,      event::challenge_ready,       state::proving,      effect::let_card_sign},
  transition{state::proving,      event::line_is_down,          state::at_window,    effect::not_asked},
  transition{state::proving,      event::face_proven,           state::consenting,   effect::ask_consents},
  transition{state::proving,      event::face_proven_eligibility_only, state::providing, effect::skip_consents},
  transition{state::proving,      event::face_not_proven,       state::preparing,    effect::fall_to_pin},
  transition{state::matching,     event::pin_chosen,            state::preparing,    effect::prepare},
  transition{state::awaiting_number, event::pin_chosen,         state::preparing,    effect::prepare},
  transition{state::deciding,     event::pin_chosen,            state::preparing,    effect::prepare},

  transition{state::choosing,     event::pin_chosen,            state::preparing,    effect::prepare},
  transition{state::preparing,    event::challenge_ready,       state::entering_pin, effect::show_pin_pad},
  transition{state::preparing,    event::line_is_down,          state::at_window,    effect::not_asked},
  transition{state::entering_pin, event::pin_entered,           state::verifying,    effect::allow_attempt},
  // The last try wants a second, explicit confirmation; one card has one attempt under way, wherever it lies.
  transition{state::entering_pin, event::last_try_unconfirmed,  state::entering_pin, effect::warn_last_try},
  transition{state::entering_pin, event::attempt_elsewhere,     state::entering_pin, effect::hold_attempt},
  transition{state::verifying,    event::pin_right,             state::consenting,   effect::ask_consents},
  // A certificate that expired within three months: eligibility only, no medical information is offered.
  transition{state::verifying,    event::pin_right_eligibility_only, state::providing, effect::skip_consents},
  transition{state::verifying,    event::pin_wrong,             state::entering_pin, effect::try_again},
  transition{state::verifying,    event::pin_in_doubt,          state::entering_pin, effect::try_again},
  transition{state::verifying,    event::pin_blocked,           state::at_window,    effect::send_to_window},

  transition{state::consenting,   event::consents_answered,     state::providing,    effect::ask_information},
  transition{state::providing,    event::information_answered,  state::asking,       effect::ask_eligibility},

  transition{state::asking,       event::valid_with_number,     state::taking_card,  effect::give_card_back},
  transition{state::asking,       event::valid_without_number,  state::registration, effect::offer_registration},
  transition{state::asking,       event::not_valid,             state::at_window,    effect::send_to_window},
  transition{state::asking,       event::answer_missing,        state::at_window,    effect::send_to_window},

  transition{state::registration, event::number_given,          state::registering,  effect::register_number},
  transition{state::registration, event::number_skipped,        state::taking_card,  effect::settle_number},
  transition{state::registering,  event::number_registered,     state::taking_card,  effect::settle_number},
  transition{state::registering,  event::number_unknown,        state::taking_card,  effect::settle_number},
  transition{state::registering,  event::number_refused,        state::registration, effect::offer_again},
  transition{state::at_window,    event::window_finished,       state::taking_card,  effect::give_card_back},

  // 終了する: the patient may stop as long as nothing was asked.
  transition{state::choosing,     event::stopped,               state::taking_card,  effect::give_card_back},
  transition{state::matching,     event::stopped,               state::taking_card,  effect::give_card_back},
  transition{state::awaiting_number, event::stopped,            state::taking_card,  effect::give_card_back},
  transition{state::deciding,     event::stopped,               state::taking_card,  effect::give_card_back},
  transition{state::preparing,    event::stopped,               state::taking_card,  effect::give_card_back},
  transition{state::entering_pin, event::stopped,               state::taking_card,  effect::give_card_back},
  transition{state::consenting,   event::stopped,               state::taking_card,  effect::give_card_back},
  transition{state::providing,    event::stopped,               state::taking_card,  effect::give_card_back},
  transition{state::comparing,    event::stopped,               state::taking_card,  effect::give_card_back},

  // A patient who is stuck goes on at another desk, as long as nothing was asked.
  transition{state::choosing,     event::moved,                 state::taking_card,  effect::send_to_desk},
  transition{state::preparing,    event::moved,                 state::taking_card,  effect::send_to_desk},
  transition{state::entering_pin, event::moved,                 state::taking_card,  effect::send_to_desk},
  transition{state::consenting,   event::moved,                 state::taking_card,  effect::send_to_desk},
  transition{state::providing,    event::moved,                 state::taking_card,  effect::send_to_desk},
  transition{state::comparing,    event::moved,                 state::taking_card,  effect::send_to_desk},
  transition{state::at_window,    event::moved,                 state::taking_card,  effect::send_to_desk},
  transition{state::matching,     event::moved,                 state::taking_card,  effect::send_to_desk},
  transition{state::awaiting_number, event::moved,              state::taking_card,  effect::send_to_desk},
  transition{state::deciding,     event::moved,                 state::taking_card,  effect::send_to_desk},

  // A card may be lifted at any moment. Before the question that ends the check-in and records no consent;
  // after it the answer is still wanted, and the desk is free for the next patient.
  transition{state::choosing,     event::card_removed,          state::idle,         effect::end},
  transition{state::matching,     event::card_removed,          state::idle,         effect::end},
  transition{state::awaiting_number, event::card_removed,       state::idle,         effect::end},
  transition{state::deciding,     event::card_removed,          state::idle,         effect::end},
  transition{state::proving,      event::card_removed,          state::idle,         effect::end},
  transition{state::preparing,    event::card_removed,          state::idle,         effect::end},
  transition{state::entering_pin, event::card_removed,          state::idle,         effect::end},
  transition{state::verifying,    event::card_removed,          state::idle,         effect::end},
  transition{state::consenting,   event::card_removed,          state::idle,         effect::end},
  transition{state::providing,    event::card_removed,          state::idle,         effect::end},
  transition{state::asking,       event::card_removed,          state::asking,       effect::note_card_lifted},
  transition{state::registration, event::card_removed,          state::registration, effect::note_card_lifted},
  transition{state::registering,  event::card_removed,          state::registering,  effect::note_card_lifted},
  transition{state::at_window,    event::card_removed,          state::idle,         effect::end},
  transition{state::taking_card,  event::card_removed,          state::idle,         effect::end},
  transition{state::comparing,    event::card_removed,          state::idle,         effect::end},

  // Nobody waits for ever.
  transition{state::choosing,     event::timed_out,             state::taking_card,  effect::give_card_back},
  transition{state::matching,     event::timed_out,             state::preparing,    effect::fall_to_pin},
  transition{state::awaiting_number, event::timed_out,          state::preparing,    effect::prepare},
  transition{state::deciding,     event::timed_out,             state::preparing,    effect::prepare},
  transition{state::proving,      event::timed_out,             state::preparing,    effect::fall_to_pin},
  transition{state::preparing,    event::timed_out,             state::at_window,    effect::not_asked},
  transition{state::entering_pin, event::timed_out,             state::taking_card,  effect::give_card_back},
  transition{state::verifying,    event::timed_out,             state::entering_pin, effect::try_again},
  transition{state::consenting,   event::timed_out,             state::taking_card,  effect::give_card_back},
  transition{state::providing,    event::timed_out,             state::taking_card,  effect::give_card_back},
  transition{state::asking,       event::timed_out,             state::at_window,    effect::send_to_window},
  transition{state::registration, event::timed_out,             state::taking_card,  effect::settle_number},
  transition{state::registering,  event::timed_out,             state::taking_card,  effect::settle_number},
  transition{state::at_window,    event::timed_out,             state::taking_card,  effect::give_card_back},
  transition{state::taking_card,  event::timed_out,             state::taking_card,  effect::alarm},
  transition{state::comparing,    event::timed_out,             state::taking_card,  effect::give_card_back},
};
// clang-format on

constexpr const transition* find(state from, event on) {
  for (const auto& row : table)
    if (row.from == from && row.on == on) return &row;
  return nullptr;
}

/// Where the centre's challenge is waited for: the card signs it next.
constexpr bool awaits_challenge(state s) { return s == state::preparing || s == state::proving; }

// -- what the compiler checks --------------------------------------------------------------------------------------

inline constexpr std::size_t state_count = messages::enumeration<state>::names.size();

constexpr bool no_row_twice() {
  for (std::size_t i = 0; i < table.size(); ++i)
    for (std::size_t j = i + 1; j < table.size(); ++j)
      if (table[i].from == table[j].from && table[i].on == table[j].on) return false;
  return true;
}

constexpr bool every_waiting_state_answers(event on) {
  for (std::size_t s = 0; s < state_count; ++s)
    if (static_cast<state>(s) != state::idle && !find(static_cast<state>(s), on)) return false;
  return true;
}

constexpr bool every_state_leads_to_idle() {
  for (std::size_t s = 0; s < state_count; ++s) {
    std::array<bool, state_count> reached{};
    reached[s] = true;
    for (std::size_t round = 0; round < state_count; ++round)
      for (const auto& row : table)
        if (reached[static_cast<std::size_t>(row.from)]) reached[static_cast<std::size_t>(row.to)] = true;
    if (!reached[static_cast<std::size_t>(state::idle)]) return false;
  }
  return true;
}

/// A PIN attempt is allowed on one row only: the pad is shown and a person entered something.
constexpr bool only_a_key_press_leads_to_an_attempt() {
  for (const auto& row : table) {
    const bool attempts = row.then == effect::allow_attempt || row.to == state::verifying;
    if (attempts && !(row.from == state::entering_pin && row.on == event::pin_entered)) return false;
  }
  return true;
}

/// Without a PIN the card is asked to sign only for a face that was matched, or that staff vouched for.
constexpr bool only_a_confirmed_face_proves() {
  for (const auto& row : table) {
    const bool signs = row.then == effect::prove_by_face || (row.to == state::proving && row.from != state::proving);
    const bool confirmed = (row.from == state::matching && row.on == event::face_matched) ||
                           (row.from == state::deciding && row.on == event::staff_confirmed);
    if (signs != confirmed) return false;
  }
  return true;
}

/// The centre is asked only when all questions to the patient are answered.
constexpr bool only_finished_questions_are_asked() {
  for (const auto& row : table)
    if (row.then == effect::ask_eligibility && row.on != event::information_answered) return false;
  return true;
}

/// Without a PIN the consents are reached by one way only: staff said that they saw card and patient.
constexpr bool only_who_looked_replaces_the_pin() {
  for (const auto& row : table) {
    const bool by_sight = row.then == effect::ask_consents_by_sight || row.then == effect::skip_consents_by_sight;
    const bool begins = row.then == effect::prepare_by_sight;
    const bool said = row.on == event::vouched || row.on == event::card_placed_vouched;
    const bool ready = row.on == event::sight_ready || row.on == event::sight_ready_eligibility_only;
    if (begins != said || by_sight != ready) return false;
  }
  return true;
}

static_assert(no_row_twice());
static_assert(every_waiting_state_answers(event::card_removed));
static_assert(every_waiting_state_answers(event::timed_out));
static_assert(every_state_leads_to_idle());
static_assert(only_a_key_press_leads_to_an_attempt());
static_assert(only_a_confirmed_face_proves());
static_assert(only_finished_questions_are_asked());
static_assert(only_who_looked_replaces_the_pin());

/// How long each state waits, in milliseconds. Quick guide: no hurry; a card left behind must be noticed.
struct patience {
  std::uint32_t choosing_ms = 60'000;
  std::uint32_t preparing_ms = 10'000;
  std::uint32_t entering_pin_ms = 90'000;
  std::uint32_t verifying_ms = 15'000;
  std::uint32_t consenting_ms = 120'000;
  std::uint32_t providing_ms = 120'000;
  std::uint32_t asking_ms = 20'000;
  std::uint32_t registration_ms = 180'000;
  std::uint32_t registering_ms = 20'000;
  std::uint32_t matching_ms = 45'000; ///< longer than the desk's own end of a comparison
  std::uint32_t awaiting_number_ms = 180'000;
  std::uint32_t deciding_ms = 300'000;
  std::uint32_t proving_ms = 15'000;
  std::uint32_t at_window_ms = 600'000;
  std::uint32_t taking_card_ms = 20'000; ///< then, and every such time again, the alarm
  std::uint32_t comparing_ms = 180'000;
  std::uint32_t visual_check_ms = 300'000; ///< a desk switched for one patient, when no card comes: back by itself
  std::uint32_t lifting_ms = 5'000;        ///< a card lifted so soon after staff had looked was lifted to be shown

  constexpr std::uint32_t of(state s) const {
    switch (s) {
    case state::idle:
      return 0;
    case state::choosing:
      return choosing_ms;
    case state::preparing:
      return preparing_ms;
    case state::entering_pin:
      return entering_pin_ms;
    case state::verifying:
      return verifying_ms;
    case state::consenting:
      return consenting_ms;
    case state::providing:
      return providing_ms;
    case state::asking:
      return asking_ms;
    case state::registration:
      return registration_ms;
    case state::registering:
      return registering_ms;
    case state::matching:
      return matching_ms;
    case state::awaiting_number:
      return awaiting_number_ms;
    case state::deciding:
      return deciding_ms;
    case state::proving:
      return proving_ms;
    case state::at_window:
      return at_window_ms;
    case state::taking_card:
      return taking_card_ms;
    case state::comparing:
      return comparing_ms;
    }
    return 0;
  }
};

} // namespace consent_session
