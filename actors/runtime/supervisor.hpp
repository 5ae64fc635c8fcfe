// Keeps a node's actors alive: spawns them by the roster, and spawns a dead one again once its last appends are
// durable. The others notice nothing but a late answer.
#pragma once

#include "actors/runtime/ports.hpp"
#include "actors/runtime/shell.hpp"

#include <caf/actor_system.hpp>

namespace actors::runtime {

struct supervised {
  std::vector<const roster_row*> rows; ///< the actors of this node, in the roster's order
  place common;                        ///< `row` is set for each actor
  node_ports ports;
  std::function<void(std::string_view actor, const caf::actor& handle)> born; ///< tells the bus port
  std::function<void(std::string_view actor)> died;
};

/// For tests and for the node's end: kills one actor of this node as a bug would.
struct kill_actor {
  std::string name;
};

caf::actor spawn_supervisor(caf::actor_system& system, supervised what);

} // namespace actors::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::runtime::kill_actor)
