// The node's one door to the command bus: a detached blocking actor that owns the DEALER (stack.md §2.5). Actors send
// here and are delivered to from here; nothing passes between two actors of a node except through the switchboard.
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

caf::actor spawn_bus_port(caf::actor_system& system, std::shared_ptr<bus::dealer> door, std::string node,
                          std::function<void(const messages::error&)> refused);

} // namespace actors::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::runtime::actor_born)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::runtime::actor_died)
