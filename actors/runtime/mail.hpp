// What travels inside one node between the bus port and an actor's shell. Never between two actors: they speak over
// ZeroMQ only.
#pragma once

#include "messages/envelope.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <functional>

namespace actors::runtime {

/// bus port → actor: a command for it.
struct delivered {
  messages::command_envelope command;
};
/// bus port → actor: the reply to a command of its.
struct answered {
  messages::command_envelope reply;
};
/// bus port → actor: the hub was reached (again), or lost.
struct hub_seen {
  bool there = false;
};
/// a port's own thread → its actor: go on there with what came.
struct came {
  std::function<void()> work;
};
/// the shell → itself: it may be time.
struct time_passed {};

/// any shell, any thread → bus port: send this.
struct send_out {
  std::vector<messages::command_envelope> envelopes;
};

} // namespace actors::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::runtime::delivered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::runtime::answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::runtime::hub_seen)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::runtime::came)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::runtime::time_passed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::runtime::send_out)
