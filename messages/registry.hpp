// Every message there is, in one list each: what the compiler checks about the vocabulary, and what needs no type to be
// done with it (redaction).
#pragma once

#include "messages/commands.hpp"
#include "messages/draft.hpp"
#include "messages/events.hpp"

namespace messages {

template <class... Ms> struct message_list {};

using all_events =
    message_list<node_started, actor_restarted, reader_attached, reader_detached, desk_opened, desk_closed,
                 desk_mode_switched, card_placed, identity_method_chosen, pin_attempt_allowed, pin_attempt_ended,
                 identity_proven, consents_recorded, answer_shown, eligibility_not_asked, registration_requested,
                 reference_settled, walk_in_kept, card_return_awaited, card_forgotten, card_lifted, checkin_resumed,
                 checkin_ended, checkin_settled, question_asked, eligibility_answered, outcome_unknown,
                 question_refused, reference_number_registered>;

using all_commands =
    message_list<node_hello, verify_pin, forget_pin, ask_present, report_card_placed, report_card_removed,
                 choose_method, enter_pin, answer_consents, provide_information, stop_checkin,
                 register_reference_number, skip_reference_number, finish_at_window, keep_walk_in, obtain_challenge,
                 ask_eligibility, ask_typed, register_number, recall_answer, settle_checkin, show_prompt,
                 show_at_reception, report_reader, open_desk, close_desk, switch_mode, list_desks, ask_status>;

using all_replies = message_list<done, node_welcome, pin_report, card_present, checkin_begun, challenge_obtained,
                                 question_report, monitor_status, desk_list>;

template <class... Ms, class F> constexpr void for_each_message(message_list<Ms...>, F&& f) {
  (f.template operator()<Ms>(), ...);
}

// -- what the compiler checks --------------------------------------------------------------------------------------

namespace detail {

template <class F> constexpr void for_each_known(F&& f) {
  for_each_message(all_events{}, f);
  for_each_message(all_commands{}, f);
  for_each_message(all_replies{}, f);
}

constexpr bool topics_are_unique() {
  bool unique = true;
  for_each_known([&]<class A>() {
    int same = 0;
    for_each_known([&]<class B>() { same += A::topic == B::topic; });
    unique = unique && same == 1;
  });
  return unique;
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

static_assert(detail::topics_are_unique(), "two messages share one topic");
static_assert(detail::events_hold_no_credential(), "a credential would be written to the journal");
static_assert(detail::personal_events_name_their_patient(), "personal data without the patient whose key seals it");

// -- making envelopes ----------------------------------------------------------------------------------------------

/// An event draft from a typed event.
template <class M>
event_draft make_draft(const M& m, std::string desk = {}, id checkin = {}, id cause = {}, std::string account = {}) {
  return {M::version, std::string{M::topic}, std::move(desk), checkin, std::move(account), cause, encode_body(m)};
}

/// The typed body of @p envelope, when its topic is M's and its bytes fit.
template <class M, class E> std::optional<M> body_as(const E& envelope) {
  if (envelope.topic != M::topic) return std::nullopt;
  auto body = decode_body<M>(envelope.body, envelope.v);
  if (!body) return std::nullopt;
  return std::move(*body);
}

/// Is this a topic of an event (a command) that this build knows?
bool is_event(std::string_view topic);
bool is_command(std::string_view topic);

/// The newest version of @p topic this build reads; 0 when it is unknown.
std::uint64_t version_of(std::string_view topic);

/// The same event with every personal value replaced by ext 1. A topic this build does not know loses its whole body:
/// what cannot be judged is not shown.
event_envelope redacted(const event_envelope& event);

} // namespace messages
