// How a new node gets its key: it makes the pair itself, and brings the public half to the hub's host over CURVE, by a
// key that both sides compute from a one-time code a person carried from one to the other.
//
// Whoever does not know the code can neither open the hub's side (the handshake needs its public key, which is said
// nowhere) nor play it. The first who comes is the node; then the door is closed, and the code worth nothing.
#pragma once

#include "drivers/bus/context.hpp"
#include "drivers/bus/node_keys.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace bus {

/// 32 octets of a hash of the code: the hub's secret key for this one conversation.
using enrolment_seed = std::array<unsigned char, 32>;

struct invitation {
  std::string endpoint; ///< tcp://address:port
  enrolment_seed seed{};
  std::string node;
  node_role role{};
  std::string hub_key; ///< the hub's lasting public key
  std::uint64_t wait_ms = 15 * 60'000;
  std::function<std::uint64_t()> clock;                          ///< monotonic milliseconds
  std::function<messages::result<void>(const known_node&)> keep; ///< let_in(); called once, when the node has its file
  std::function<void(const std::string& endpoint)> on_open;      ///< as bound
  std::function<bool()> given_up = {};                           ///< asked now and then
};

/// Waits for the node that was invited. Errors: those of bind and of keep, deadline_passed (nobody came),
/// wrong_value (endpoint).
messages::result<known_node> await_enrolment(std::shared_ptr<context> home, invitation what);

struct application {
  std::string endpoint; ///< tcp://host:port of the invitation
  enrolment_seed seed{};
  std::uint64_t wait_ms = 10'000;
  std::function<std::uint64_t()> clock;
  std::function<messages::result<void>(const node_key&)> keep; ///< writes the node's file
};

/// The node's side. Errors: no_hub (nobody there, or the code is another), malformed, those of keep.
messages::result<node_key> enrol(std::shared_ptr<context> home, application what);

} // namespace bus
