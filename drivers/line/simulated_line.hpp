// The line to a simulated centre in the same process: deterministic, with delays only through a scheduler passed in.
#pragma once

#include "drivers/line/centre.hpp"
#include "drivers/line/exchange.hpp"

#include <cstdint>
#include <functional>
#include <memory>

namespace drivers::line {

struct simulated_line_options {
  asker who;
  /// Calls the function after so many milliseconds of the simulation's time. Without it, everything that would wait
  /// is told at once, and completions come inside the call.
  std::function<void(std::uint64_t delay_ms, std::function<void()>)> after;
  std::uint32_t in_flight_max = 8;
};

/// Completions come from the scheduler, or inside the call. The XML is the same as on the HTTPS line: built, read by
/// the centre, built, read.
class simulated_line final : public carried_line {
public:
  simulated_line(simulated_line_options options, centre* to);
  ~simulated_line() override;

  /// Speaks to another centre from now on; nullptr is an outage. The centre has to outlive its use here.
  void connect(centre* to);
  void behave(centre_behaviour behaviour);

  void stop() override;

private:
  void carry(outgoing request, std::uint32_t wait_ms_max, arrival done) override;

  struct state;
  std::shared_ptr<state> state_; ///< shared with what the scheduler still holds
};

} // namespace drivers::line
