// The small values that messages are made of: the field's own words, each enumeration with its names.
#pragma once

#include "messages/field.hpp"

#include <cstdint>

/// Declares an enumeration and its names in one place: they cannot drift apart.
#define UKETSUKE_ENUMERATION(type, ...)                                                                                \
  enum class type : std::uint8_t { __VA_ARGS__ };                                                                      \
  template <> struct enumeration<type> {                                                                               \
    static constexpr auto names = detail::split<detail::count(#__VA_ARGS__)>(#__VA_ARGS__);                            \
  };

namespace messages {
namespace detail {

constexpr std::size_t count(std::string_view list) {
  std::size_t n = 1;
  for (const char c : list)
    n += c == ',';
  return n;
}

template <std::size_t N> constexpr std::array<std::string_view, N> split(std::string_view list) {
  std::array<std::string_view, N> names{};
  for (std::size_t n = 0; n < N; ++n) {
    const auto comma = list.find(',');
    auto word = list.substr(0, comma);
    while (!word.empty() && word.front() == ' ')
      word.remove_prefix(1);
    while (!word.empty() && word.back() == ' ')
      word.remove_suffix(1);
    names[n] = word;
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return names;
}

} // namespace detail

/// What lies on the reader, told by SELECT and the token file, never by ATR (card-reader.md §1.1).
UKETSUKE_ENUMERATION(card_kind, unknown, my_number_card, juki_card, phone)

/// 本人確認方法: how a person is shown to be the card's owner (quick guide 1).
UKETSUKE_ENUMERATION(identity_method, face, pin, visual)

/// How one PIN attempt ended. `in_doubt`: the VERIFY may or may not have reached the card; tries are re-read, never
/// the attempt repeated. `not_made`: nothing was sent to the card.
UKETSUKE_ENUMERATION(pin_outcome, right, wrong, blocked, in_doubt, not_made)

/// One 同意 or 提供 choice. `not_chosen` until the patient has answered.
UKETSUKE_ENUMERATION(choice, not_chosen, given, refused)

/// 資格有効性 (OQSCD006, oqs-interface.md §3): `none` where the answer states nothing.
UKETSUKE_ENUMERATION(validity, none, valid, invalid, newer_exists, no_match, several, valid_unregistered)

/// How a question to the national system stands. `unknown`: asked, no answer yet; settled later under the same
/// identifier. `not_asked`: the centre was down before anything was signed. `refused`: the centre answered with an
/// error.
UKETSUKE_ENUMERATION(question_outcome, open, answered, unknown, not_asked, refused)

/// What is asked: with a card's proof, from typed details, that a 照会番号 be registered, that a consent be withdrawn.
UKETSUKE_ENUMERATION(question_kind, card, typed, registration, withdrawal)

/// 診療区分 (OQSCD028).
UKETSUKE_ENUMERATION(care, outpatient, home_visit, online, emergency)

/// 情報種別: what can be viewed of a patient, each under a consent of its own.
UKETSUKE_ENUMERATION(information_kind, drugs, treatment, surgery, checkup)

/// Where a drug was read from: 電子処方箋 first, weeks later the claim of the same month says it again.
UKETSUKE_ENUMERATION(drug_source, prescription, dispensing, claim)

/// 照会番号 at the end of a check-in.
UKETSUKE_ENUMERATION(reference_outcome, none, came_with_answer, registered, refused, skipped, waiting)

/// Why a check-in is over.
/// `moved`: goes on at another desk.
UKETSUKE_ENUMERATION(ending, completed, card_removed, timed_out, stopped_by_patient, wrong_card, pin_blocked,
                     reader_lost, interrupted, moved)

/// Where a check-in stands: the states of actors/consent_session/transitions.hpp.
UKETSUKE_ENUMERATION(checkin_state, idle, choosing, preparing, entering_pin, verifying, consenting, providing, asking,
                     registering, registration, at_window, taking_card, comparing, matching, awaiting_number, deciding,
                     proving)

/// What one camera frame showed, seen with the engine's eyes; `good` alone is compared with the card's photo.
UKETSUKE_ENUMERATION(face_sight, no_face, several_faces, too_far, off_centre, too_dark, too_bright, unclear, unreadable,
                     good)

/// How the comparison of a face with the card's photo ended. `unsure`: staff decide, looking at the patient;
/// `different`: counted as a failure; `number_missing`: 照合番号B has to be supplied; `cannot_tell`: says nothing.
UKETSUKE_ENUMERATION(face_outcome, cannot_tell, matched, unsure, different, no_face, number_missing, wrong_number)

/// What came of reading the photo from the card. `number_held_back`: so few tries are left that none is made.
UKETSUKE_ENUMERATION(photo_outcome, unreadable, held, number_missing, wrong_number, number_held_back)

/// What the patient's page says beside its prompt, because of what happened before.
UKETSUKE_ENUMERATION(prompt_note, none, face_not_confirmed, face_delayed, wrong_number)

/// 無人運転 / 目視確認.
UKETSUKE_ENUMERATION(desk_mode, unattended, visual_check)

/// What kind of desk it is. `reader`: a card reader of our own. `certified`: a 顔認証付きカードリーダー, whose mode is
/// switched at its own terminal. `home_visit`, `online`: a terminal without a reader (quick guide ②, ③).
UKETSUKE_ENUMERATION(desk_kind, reader, certified, home_visit, online)

/// How far the visual check of a desk has come. `comparing`: staff look at the card's photo and at the patient.
/// `awaiting_card`: they are the same person. `under_way`: the card lies there, its check-in goes on.
UKETSUKE_ENUMERATION(visual_stage, none, comparing, awaiting_card, under_way)

/// Whether a device can be worked with.
UKETSUKE_ENUMERATION(health, unknown, working, failing, absent)

/// What the patient's page of a desk shows. The pages hold the words; this is their key.
UKETSUKE_ENUMERATION(prompt, closed, place_card, choose_method, please_wait, enter_pin, wrong_pin, give_consents,
                     provide_information, asking, come_to_window, take_card, card_forgotten, see_reception, turn_card,
                     last_try, other_card, show_card, not_same_card, go_to_desk, show_face, enter_check_number,
                     wait_for_staff)

/// アカウントの種類: the quick guide's five for persons, then the three of systems, which no person signs in to.
UKETSUKE_ENUMERATION(account_kind, master, master_reset, administration, general, medical_viewing, link_application,
                     web_api, face_authentication)

/// How an account stands. `registered`: its initial password was not received yet, or its password was reset.
/// `initial`: the password has to be changed before anything else. A deleted one stays: its ID names it in the journal.
UKETSUKE_ENUMERATION(account_standing, registered, initial, active, deleted)

/// Why nobody was signed in. Told in the journal only: who tries learns nothing from it.
UKETSUKE_ENUMERATION(sign_in_refusal, wrong_password, no_such_account, not_open, wrong_code, wrong_door)

/// What a card's certificate is worth today. `expires_soon`: within three months. `expired_lately`: no longer than
/// three months ago: eligibility only, no medical information (oqs-interface.md). `unknown`: nobody has judged it.
UKETSUKE_ENUMERATION(certificate_standing, unknown, valid, expires_soon, expired_lately, expired, not_yet_valid)

/// Nobody is asked for a PIN with a certificate that proves nothing.
constexpr bool usable(certificate_standing s) {
  return s != certificate_standing::expired && s != certificate_standing::not_yet_valid;
}

} // namespace messages
