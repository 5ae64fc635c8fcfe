// The node's one door to the command bus: the actor that owns the DEALER, and on the hub the switchboard beside it.
// Actors send here and are delivered to from here; nothing passes between two actors of a node except through the
// switchboard. It never waits: a lookout sends for it. As an actor among the others it is where they are: a command
// from one to the next then costs no thread's wake-up (25-35 us each on an idle machine), where a thread of its own
// cost two.
#pragma once

#include "actors/runtime/mail.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <memory>
#include <string>

namespace bus {
class dealer;
}

namespace actors::runtime {

/// supervisor → bus port: commands to @p name go to @p handle from now on.
struct actor_born {
  std::string name;
  caf::actor handle;
};
/// supervisor → bus port: what @p name was working at is answered outcome_unknown.
struct actor_died {
  std::string name;
};
/// lookout → bus port: something can be read.
struct look_again {};
/// the bus port → itself: something is due.
struct due {};

/// @p clock: the door's.
caf::actor spawn_bus_port(caf::actor_system& system, std::shared_ptr<bus::dealer> door, std::string node,
                          std::function<std::uint64_t()> clock, std::function<void(const messages::error&)> refused);

} // namespace actors::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::runtime::actor_born)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::runtime::actor_died)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::runtime::look_again)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::runtime::due)
