// How fast events flow through a bus: one publisher, N readers, a window of events under way; ours and others' alike.
#pragma once

#include "messages/result.hpp"

#include <cstdint>
#include <string>

namespace tools {

/// A bus whose publisher and readers are in the hands of one thread. Events are published and arrive in one order.
class measured_bus {
public:
  virtual ~measured_bus() = default;
  /// Sends one event on its way; never waits for what becomes of it.
  virtual messages::result<void> publish() = 0;
  /// Takes whatever has come; waits at most @p wait_ms for the first of it.
  virtual messages::result<void> look(int wait_ms) = 0;
  virtual std::uint64_t acked() const = 0;     ///< events known to be durable, since it was opened
  virtual std::uint64_t delivered() const = 0; ///< events that even the slowest reader has, since it was opened
};

struct flow {
  double rate = 0; ///< events a second that were durable and delivered to all
  double ack_p50_us = 0, ack_p99_us = 0;
  double delivery_p50_us = 0, delivery_p99_us = 0; ///< to the last reader
};

/// Keeps @p window events under way for @p seconds: an event is over when it is durable and every reader has it. Error:
/// story_failed with @p name when nothing moves for ten seconds, and whatever the bus says.
messages::result<flow> measure_flow(measured_bus& bus, const std::string& name, std::uint64_t window, double seconds);

} // namespace tools
