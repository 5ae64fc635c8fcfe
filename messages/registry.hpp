// Every message there is, in one list each: what the compiler checks about the vocabulary, and what needs no type to be
// done with it (redaction).
#pragma once

#include "messages/account_commands.hpp"
#include "messages/account_events.hpp"
#include "messages/batch_commands.hpp"
#include "messages/batch_events.hpp"
#include "messages/commands.hpp"
#include "messages/draft.hpp"
#include "messages/events.hpp"
#include "messages/face_commands.hpp"
#include "messages/line_commands.hpp"
#include "messages/line_events.hpp"

#include <algorithm>
#include <array>
#include <memory>

namespace messages {

template <class... Ms> struct message_list {};

using all_events =
    message_list<node_started, actor_restarted, reader_attached, reader_detached, desk_opened, desk_closed,
                 desk_mode_switched, photo_compared, desk_described, update_noted, staff_called, staff_attended,
                 card_placed, photo_comparison_awaited,
                 identity_vouched, patient_moved, identity_method_chosen,
                 pin_attempt_allowed, pin_attempt_ended, face_attempt_ended, face_decided, identity_proven,
                 consents_recorded, answer_shown,
                 eligibility_not_asked, registration_requested, reference_settled, walk_in_kept, card_return_awaited,
                 card_forgotten, card_lifted, checkin_resumed, checkin_ended, checkin_settled, question_asked,
                 eligibility_answered, outcome_unknown, question_refused, reference_number_registered, head_signed,
                 keys_rotated, patient_forgotten, records_expired, expiry_put_off, backup_made, backup_failed,
                 line_lost, line_restored, face_file_taken, face_file_claimed, answer_matched, match_stopped,
                 patient_recorded, handover_begun, handover_written, handover_taken, registration_begun,
                 registrations_sent, registrations_accepted, registrations_collected,
                 records_asked, records_fetched, records_viewed, records_refused, consent_withdrawn, withdrawal_ended,
                 account_registered, initial_password_received, password_changed, account_updated, password_reset,
                 account_deleted, reset_secret_replaced, code_enrolled, signed_in, signed_out, sign_in_refused,
                 command_refused, visitor_recorded, visit_expected, visit_cancelled, visits_passed, batch_rows_planned,
                 batch_planned, batch_written, batch_row_refused, batch_saved, batch_uploading, batch_not_sent,
                 batch_doubted, batch_accepted, batch_answered, batch_row_answered, batch_listed, batch_failed,
                 batch_run_begun, change_decided>;

using all_commands =
    message_list<node_hello, verify_pin, forget_pin, ask_present, read_certificate, read_photo, prove_by_face,
                 match_face, stop_matching, enter_check_number, decide_face, show_sight, report_card_placed,
                 report_card_removed,
                 choose_method, enter_pin, answer_consents, provide_information, extend_time, stop_checkin,
                 register_reference_number, skip_reference_number, finish_at_window, begin_visual_check, vouch,
                 end_visual_check, move_patient, keep_walk_in, obtain_challenge,
                 ask_eligibility, ask_typed, register_number, recall_answer, settle_checkin, show_prompt,
                 show_at_reception, show_desk, show_visual_check, show_again, report_reader, open_desk, close_desk,
                 switch_mode, note_mode,
                 describe_desk, note_update,
                 call_staff, attend_desk, list_desks, ask_status, list_waiting, print_declaration, claim_face_file,
                 find_match, decide_match, list_handovers, register_numbers, list_registrations, hand_over,
                 list_face_files, obtain_records, withdraw_consent, send_registrations,
                 sign_in, reset_master, init_accounts, sign_out, change_password, enrol_code, register_account,
                 receive_password, search_accounts, update_account, reset_account, delete_account, take_visits,
                 list_visits, plan_batches, send_batches, list_batches, collect_batch, settle_batch, list_changes,
                 decide_change, obtain_url, find_consented>;

using all_replies = message_list<done, node_welcome, pin_report, card_present, card_certificate, photo_report,
                                 face_proof, face_report, checkin_begun, challenge_obtained,
                                 question_report, monitor_status, desk_list, waiting_list, printed_form, match_report,
                                 handover_list, numbers_taken, registration_list, face_file_list, records_obtained,
                                 session_opened, initial_password, master_secrets, code_secret, account_list,
                                 visits_taken, visit_list, batch_plan, batches_begun, batch_list, change_list,
                                 access_url, consented_list, batch_status>;

template <class... Ms, class F> constexpr void for_each_message(message_list<Ms...>, F&& f) {
  (f.template operator()<Ms>(), ...);
}

// -- what the compiler checks --------------------------------------------------------------------------------------

namespace detail {

/// Over plain strings: a template for each pair of messages would cost every file that includes this three seconds.
template <class... Es, class... Cs, class... Rs>
constexpr bool topics_are_unique(message_list<Es...>, message_list<Cs...>, message_list<Rs...>) {
  std::array topics{std::string_view{Es::topic}..., std::string_view{Cs::topic}..., std::string_view{Rs::topic}...};
  std::ranges::sort(topics);
  return std::ranges::adjacent_find(topics) == topics.end();
}

template <class T> constexpr bool holds_personal();
template <class T> constexpr bool holds_credential();

template <class M, class F> constexpr bool any_field(F&& f) {
  return std::apply([&]<class... Fs>(const Fs&...) { return (f.template operator()<Fs>() || ...); }, M::fields());
}
template <class M, class T> constexpr T member_type(field<M, T>);

template <class T> constexpr bool holds_personal() {
  if constexpr (is_personal_v<T>)
    return true;
  else if constexpr (is_vector<T>::value)
    return holds_personal<typename T::value_type>();
  else if constexpr (has_fields<T>)
    return any_field<T>([]<class F>() { return holds_personal<decltype(member_type(std::declval<F>()))>(); });
  else
    return false;
}

template <class T> constexpr bool holds_credential() {
  if constexpr (std::is_same_v<T, credential>)
    return true;
  else if constexpr (is_personal_v<T> || is_vector<T>::value)
    return holds_credential<typename T::value_type>();
  else if constexpr (has_fields<T>)
    return any_field<T>([]<class F>() { return holds_credential<decltype(member_type(std::declval<F>()))>(); });
  else
    return false;
}

constexpr bool events_hold_no_credential() {
  bool none = true;
  for_each_message(all_events{}, [&]<class M>() { none = none && !holds_credential<M>(); });
  return none;
}

template <class M>
concept names_its_patient = requires(M m) {
  { m.patient } -> std::same_as<id&>;
};

constexpr bool personal_events_name_their_patient() {
  bool all = true;
  for_each_message(all_events{}, [&]<class M>() { all = all && (!holds_personal<M>() || names_its_patient<M>); });
  return all;
}

} // namespace detail

static_assert(detail::topics_are_unique(all_events{}, all_commands{}, all_replies{}), "two messages share one topic");
static_assert(detail::events_hold_no_credential(), "a credential would be written to the journal");
static_assert(detail::personal_events_name_their_patient(), "personal data without the patient whose key seals it");

// -- making envelopes ----------------------------------------------------------------------------------------------

/// An event draft from a typed event.
template <class M>
event_draft make_draft(const M& m, std::string desk = {}, id checkin = {}, id cause = {}, std::string account = {}) {
  event_draft made{M::version,         std::string{M::topic}, std::move(desk), checkin,
                   std::move(account), cause,                 encode_body(m),  {}};
  if constexpr (detail::holds_personal<M>()) made.from.typed = std::make_shared<const M>(m);
  return made;
}

/// The typed body of @p envelope, when its topic is M's and its bytes fit.
template <class M, class E> std::optional<M> body_as(const E& envelope) {
  if (envelope.topic != M::topic) return std::nullopt;
  auto body = decode_body<M>(envelope.body, envelope.v);
  if (!body) return std::nullopt;
  return std::move(*body);
}

/// An event's body as the journal keeps it: every personal value sealed (ext 3) under the key of the patient it names.
struct sealed_body {
  id patient;
  std::string body;
  std::shared_ptr<const void> typed; ///< the topic's own struct, in clear: who folds the event need not decode it again
};
/// Gives what seals values of @p patient.
using sealer_of = std::function<result<writer::sealer>(const id& patient)>;
/// Nothing when events of this topic hold no personal value; `malformed` when the body does not fit its topic; or the
/// error of @p sealer.
result<std::optional<sealed_body>> sealed(const event_draft& event, const sealer_of& sealer);

/// Is this a topic of an event (a command) that this build knows?
bool is_event(std::string_view topic);
bool is_command(std::string_view topic);

/// The newest version of @p topic this build reads; 0 when it is unknown.
std::uint64_t version_of(std::string_view topic);

/// The same event with every personal value replaced by ext 1. A topic this build does not know loses its whole body:
/// what cannot be judged is not shown.
event_envelope redacted(const event_envelope& event);

} // namespace messages
