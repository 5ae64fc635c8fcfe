// The board of desks: the last value of each, and what changes from there on.
#pragma once

#include "drivers/bus/subscriber.hpp"
#include "tools/commands.hpp"
#include "tools/hub_client.hpp"

namespace tools {

/// Prints how every desk is now, as the hub knows it without any history, then each row that changes; with @p once only
/// the first. @p how to follow: endpoints, keys and clock; where to begin is said by the hub.
outcome watch_board(const hub_at& hub, bus::subscriber_options how, bool json, bool once);

} // namespace tools
