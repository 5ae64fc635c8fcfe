// A hub for a bench, in a process of its own: the bus and the journal as a hub has them (sealed, chained, with its
// views, over preallocated logs), and for the actors between them one that appends.
#pragma once

#include "messages/result.hpp"
#include "tools/bench/bus_flow.hpp"
#include "tools/bench/child.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

namespace tools {

struct bus_hub_options {
  std::filesystem::path folder; ///< its journal, keys and the nodes' keys; made
  bool curve = false;           ///< else plain, on loopback
};

/// Start it before the bench has threads.
messages::result<child> start_bus_hub(const bus_hub_options& o);

/// Asks the hub to register reference numbers, each a command of its own that is answered once the event is durable;
/// @p readers follow the whole tail. The envelope of each event has @p event_bytes.
messages::result<std::unique_ptr<measured_bus>> join_bus_hub(const child& hub, std::size_t readers,
                                                             std::size_t event_bytes);

/// Reads what the hub's journal holds from its first event on, by replay, as `uketsuke watch` does: events a second,
/// over at most @p events of them.
messages::result<double> replay_rate(const child& hub, std::uint64_t events);

} // namespace tools
