// By topic, by node, by place.
#include "actors/account_admin/guesser.hpp"

#include "messages/commands.hpp"
#include "messages/registry.hpp"

namespace account_admin {

using namespace messages;

namespace {

template <class M> std::string place_in(const command_envelope& command) {
  const auto body = decode_body<M>(command.body, command.v);
  return body ? body->place : std::string{};
}

} // namespace

std::string guesser_of(const command_envelope& command, std::string_view hub) {
  const bool signs_in = command.topic == sign_in::topic, resets = command.topic == reset_master::topic;
  if (!signs_in && !resets && command.topic != change_password::topic) return {};
  const auto from = address::from_text(command.from);
  if (!from) return {};
  if (from->node != hub || from->actor != "screen") return from->node;
  return from->node + '\n' + (signs_in ? place_in<sign_in>(command) : resets ? place_in<reset_master>(command) : "");
}

} // namespace account_admin
