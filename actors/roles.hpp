// What a node on another host may say, by the role of its key: the roster's other half. The switchboard asks it of
// every command that came in by a key; what comes from inside the hub's host is the house's own.
#pragma once

#include "actors/roster.hpp"
#include "drivers/bus/node_keys.hpp"

namespace actors::runtime {

namespace topics {

/// What a desk's reader, its patient's page and its face_matcher say, the last one to its own desk through the hub.
/// Reception's commands come from the hub's own pages.
inline constexpr auto& desk_says =
    of<report_card_placed, report_card_removed, report_reader, choose_method, enter_pin, enter_check_number,
       answer_consents, provide_information, extend_time, stop_checkin, show_again, call_staff, read_photo, show_sight>;
inline constexpr auto& watcher_says = of<ask_status, list_desks>;
inline constexpr auto& scheduler_says =
    of<ask_status, ask_typed, recall_answer, list_waiting, register_numbers, list_registrations, take_visits,
       list_visits, plan_batches, send_batches, list_batches, collect_batch, settle_batch, list_changes>;
inline constexpr auto& receipt_computer_says =
    of<ask_status, ask_typed, recall_answer, list_waiting, register_number, register_numbers, list_registrations,
       list_handovers>;

} // namespace topics

constexpr std::span<const std::string_view> says(bus::node_role role) {
  switch (role) {
  case bus::node_role::desk: return topics::desk_says;
  case bus::node_role::monitor:
  case bus::node_role::personal_monitor: return topics::watcher_says;
  case bus::node_role::scheduler: return topics::scheduler_says;
  case bus::node_role::receipt_computer: return topics::receipt_computer_says;
  }
  return {};
}

/// May a node of this role send it? Only a desk's nodes hold actors of the house, and only those that live at desks:
/// no other may say it were one. Whoever has a key may ask how things are.
constexpr bool may_say(bus::node_role role, std::string_view from_actor, std::string_view topic) {
  const auto* row = find_row(from_actor);
  if (row == nullptr && contains(topics::watcher_says, topic)) return true;
  const bool is_desk = role == bus::node_role::desk;
  if (is_desk ? row == nullptr || row->lives == home::hub : row != nullptr) return false;
  return contains(says(role), topic);
}

/// A card's photo and what a camera sees belong to one desk: who asks for the one or tells the other sits at it.
constexpr bool stays_at_its_desk(std::string_view topic) {
  return topic == messages::read_photo::topic || topic == messages::show_sight::topic;
}

/// The node that a key may speak for: its own, and the program that examines it beside it.
inline constexpr std::string_view examiner_ending = "-doctor";
constexpr bool may_be(std::string_view key_s_node, std::string_view node) {
  return node.starts_with(key_s_node) &&
         (node.size() == key_s_node.size() || node.substr(key_s_node.size()) == examiner_ending);
}

/// Every topic that a role may say is answered by somebody.
constexpr bool are_answered(bus::node_role role) {
  for (const auto topic : says(role)) {
    bool answered = false;
    for (const auto& row : roster)
      answered = answered || contains(row.answers, topic);
    if (!answered) return false;
  }
  return true;
}
static_assert(are_answered(bus::node_role::desk) && are_answered(bus::node_role::monitor) &&
              are_answered(bus::node_role::scheduler) && are_answered(bus::node_role::receipt_computer));

} // namespace actors::runtime
