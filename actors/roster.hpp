// Who there is: one row per actor, and the only place that names it. `serve`, the supervisor, the bus permissions and
// the diagram read this table. To add an actor: a folder under actors/, its spawn function, its row.
#pragma once

#include "messages/registry.hpp"

#include <array>
#include <span>
#include <string_view>

namespace caf {
class actor;
class actor_system;
} // namespace caf

namespace actors::runtime {

struct place;
struct node_ports;

/// On which nodes an actor may live.
enum class home : std::uint8_t {
  hub,   ///< one in the clinic; may append to the journal
  desk,  ///< one per desk; volatile
  either ///< one on every node
};

struct roster_row {
  std::string_view name;
  caf::actor (*spawn)(caf::actor_system& system, const place& where, const node_ports& ports);
  home lives{};
  int restarts_max = 0; ///< within a minute; one more ends the node, whose own supervisor starts it again
  std::span<const std::string_view> publishes; ///< topics of events it may append
  std::span<const std::string_view> answers;   ///< topics of commands it may be sent
};

} // namespace actors::runtime

// Spawn functions, each in its actor's actor.cpp.
namespace reader {
caf::actor spawn(caf::actor_system&, const actors::runtime::place&, const actors::runtime::node_ports&);
}
namespace face_matcher {
caf::actor spawn(caf::actor_system&, const actors::runtime::place&, const actors::runtime::node_ports&);
}
namespace screen {
caf::actor spawn(caf::actor_system&, const actors::runtime::place&, const actors::runtime::node_ports&);
}
namespace consent_session {
caf::actor spawn(caf::actor_system&, const actors::runtime::place&, const actors::runtime::node_ports&);
}
namespace eligibility_gateway {
caf::actor spawn(caf::actor_system&, const actors::runtime::place&, const actors::runtime::node_ports&);
}
namespace desks {
caf::actor spawn(caf::actor_system&, const actors::runtime::place&, const actors::runtime::node_ports&);
}
namespace account_admin {
caf::actor spawn(caf::actor_system&, const actors::runtime::place&, const actors::runtime::node_ports&);
}
namespace batch_scheduler {
caf::actor spawn(caf::actor_system&, const actors::runtime::place&, const actors::runtime::node_ports&);
}
namespace monitor {
caf::actor spawn(caf::actor_system&, const actors::runtime::place&, const actors::runtime::node_ports&);
}

namespace actors::runtime {

namespace topics {

template <class... Ms> inline constexpr std::array<std::string_view, sizeof...(Ms)> of{Ms::topic...};
inline constexpr std::array<std::string_view, 0> none{};
using namespace messages;

inline constexpr auto& consent_session_writes =
    of<card_placed, photo_comparison_awaited, identity_vouched, patient_moved, photo_compared, desk_mode_switched,
       identity_method_chosen, pin_attempt_allowed, pin_attempt_ended, face_attempt_ended, face_decided,
       identity_proven, consents_recorded,
       answer_shown, eligibility_not_asked, registration_requested, reference_settled, walk_in_kept,
       card_return_awaited, card_forgotten, card_lifted, checkin_resumed, checkin_ended, checkin_settled>;
inline constexpr auto& consent_session_answers =
    of<report_card_placed, report_card_removed, choose_method, enter_pin, answer_consents, provide_information,
       extend_time, stop_checkin, show_again, register_reference_number, skip_reference_number, finish_at_window,
       begin_visual_check, vouch, end_visual_check, move_patient, keep_walk_in, settle_checkin, decide_face,
       enter_check_number>;
inline constexpr auto& gateway_writes =
    of<question_asked, eligibility_answered, outcome_unknown, question_refused, reference_number_registered, line_lost,
       line_restored, face_file_taken, face_file_claimed, answer_matched, match_stopped, patient_recorded,
       handover_begun, handover_written, handover_taken, registration_begun, registrations_sent, registrations_accepted,
       registrations_collected, records_asked, records_fetched, records_viewed, records_refused, consent_withdrawn,
       withdrawal_ended>;
inline constexpr auto& gateway_answers =
    of<obtain_challenge, ask_eligibility, ask_typed, register_number, recall_answer, list_waiting, print_declaration,
       claim_face_file, list_face_files, find_match, decide_match, list_handovers, register_numbers, list_registrations,
       obtain_records, withdraw_consent, find_consented>;
inline constexpr auto& desks_writes =
    of<desk_opened, desk_closed, desk_mode_switched, desk_described, update_noted, staff_called, staff_attended,
       reader_attached, reader_detached>;
inline constexpr auto& desks_answers =
    of<report_reader, open_desk, close_desk, switch_mode, note_mode, describe_desk, note_update, call_staff,
       attend_desk, list_desks, show_again>;

inline constexpr auto& account_admin_writes =
    of<account_registered, initial_password_received, password_changed, account_updated, password_reset,
       account_deleted, reset_secret_replaced, code_enrolled, signed_in, signed_out, sign_in_refused, command_refused>;
inline constexpr auto& account_admin_answers =
    of<sign_in, reset_master, sign_out, change_password, enrol_code, register_account, receive_password,
       search_accounts, update_account, reset_account, delete_account>;

inline constexpr auto& batch_scheduler_writes =
    of<visitor_recorded, visit_expected, visit_cancelled, visits_passed, batch_rows_planned, batch_planned,
       batch_written, batch_row_refused, batch_saved, batch_uploading, batch_not_sent, batch_doubted, batch_accepted,
       batch_answered, batch_row_answered, batch_listed, batch_failed, batch_run_begun, change_decided>;
inline constexpr auto& batch_scheduler_answers =
    of<take_visits, list_visits, plan_batches, send_batches, list_batches, collect_batch, settle_batch, list_changes,
       decide_change, obtain_url>;

} // namespace topics

inline constexpr std::array roster{
    //         name, spawn, lives, restarts within a minute, events it writes, commands it answers
    roster_row{"eligibility_gateway", &eligibility_gateway::spawn, home::hub, 5, topics::gateway_writes,
               topics::gateway_answers},
    roster_row{"consent_session", &consent_session::spawn, home::hub, 5, topics::consent_session_writes,
               topics::consent_session_answers},
    roster_row{"desks", &desks::spawn, home::hub, 5, topics::desks_writes, topics::desks_answers},
    roster_row{"monitor", &monitor::spawn, home::hub, 5, topics::none, topics::of<messages::ask_status>},
    roster_row{"account_admin", &account_admin::spawn, home::hub, 5, topics::account_admin_writes,
               topics::account_admin_answers},
    roster_row{"batch_scheduler", &batch_scheduler::spawn, home::hub, 5, topics::batch_scheduler_writes,
               topics::batch_scheduler_answers},
    roster_row{"reader", &reader::spawn, home::desk, 5, topics::none,
               topics::of<messages::verify_pin, messages::forget_pin, messages::ask_present,
                          messages::read_certificate, messages::read_photo, messages::prove_by_face>},
    roster_row{"face_matcher", &face_matcher::spawn, home::desk, 5, topics::none,
               topics::of<messages::match_face, messages::stop_matching>},
    roster_row{"screen", &screen::spawn, home::either, 5, topics::none,
               topics::of<messages::show_prompt, messages::show_at_reception, messages::show_desk,
                          messages::show_visual_check, messages::show_sight>},
};

constexpr const roster_row* find_row(std::string_view name) {
  for (const auto& row : roster)
    if (row.name == name) return &row;
  return nullptr;
}

constexpr bool contains(std::span<const std::string_view> topics, std::string_view topic) {
  for (const auto t : topics)
    if (t == topic) return true;
  return false;
}

constexpr bool publishes(const roster_row& row, std::string_view topic) { return contains(row.publishes, topic); }

/// May a command of this topic be sent to this actor? What the switchboard asks.
constexpr bool answers(std::string_view actor, std::string_view topic) {
  const auto* row = find_row(actor);
  return row != nullptr && contains(row->answers, topic);
}

} // namespace actors::runtime
