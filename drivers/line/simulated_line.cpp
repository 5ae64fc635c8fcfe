// The line to a simulated centre in the same process.
#include "drivers/line/simulated_line.hpp"

#include <map>
#include <mutex>

namespace drivers::line {

using messages::error_code;
using messages::failure;
using messages::result;

struct simulated_line::state : std::enable_shared_from_this<state> {
  using arrival = carried_line::arrival;

  simulated_line_options options;
  std::mutex mutex; // held for bookkeeping and for the centre, never while a completion runs
  centre* to = nullptr;
  centre_behaviour behaviour;
  bool stopped = false;
  std::uint64_t next = 1;
  std::map<std::uint64_t, arrival> waiting;

  void settle(std::uint64_t number, result<incoming> came) {
    arrival done;
    {
      const std::lock_guard lock{mutex};
      const auto at = waiting.find(number);
      if (at == waiting.end()) return;
      done = std::move(at->second);
      waiting.erase(at);
    }
    done(std::move(came));
  }

  /// What comes back for @p request and after how long. Called under the lock.
  std::pair<result<incoming>, std::uint64_t> carry(const outgoing& request, std::uint32_t wait_ms_max) {
    if (stopped) return {failure(error_code::line_down, "stopped"), 0};
    if (behaviour.down_requests > 0 || !to) {
      if (to && behaviour.down_requests != centre_behaviour::down_for_good) --behaviour.down_requests;
      return {failure(error_code::line_down, "connection refused"), 0};
    }
    if (waiting.size() >= options.in_flight_max) return {failure(error_code::busy, "line"), 0};
    auto reply = to->handle(request.path, options.who.institution, request.body);
    if (behaviour.silent || behaviour.answer_delay_ms >= wait_ms_max)
      return {failure(error_code::line_silent, "no answer in time"), wait_ms_max};
    return {incoming{reply.status, true, std::move(reply.xml)}, behaviour.answer_delay_ms};
  }

  void exchange(const outgoing& request, std::uint32_t wait_ms_max, arrival done) {
    std::unique_lock lock{mutex};
    auto [came, delay_ms] = carry(request, wait_ms_max);
    if (!options.after || stopped || (!came && came.error().code == error_code::busy)) {
      lock.unlock();
      return done(std::move(came));
    }
    const auto number = next++;
    waiting.emplace(number, std::move(done));
    lock.unlock();
    options.after(delay_ms, [weak = weak_from_this(), number, came = std::move(came)]() mutable {
      if (const auto self = weak.lock()) self->settle(number, std::move(came));
    });
  }
};

simulated_line::simulated_line(simulated_line_options options, centre* to)
    : carried_line(options.who), state_(std::make_shared<state>()) {
  state_->options = std::move(options);
  state_->to = to;
}
simulated_line::~simulated_line() { stop(); }

void simulated_line::connect(centre* to) {
  const std::lock_guard lock{state_->mutex};
  state_->to = to;
}

void simulated_line::behave(centre_behaviour behaviour) {
  const std::lock_guard lock{state_->mutex};
  state_->behaviour = behaviour;
}

void simulated_line::carry(outgoing request, std::uint32_t wait_ms_max, arrival done) {
  state_->exchange(request, wait_ms_max, std::move(done));
}

void simulated_line::stop() {
  std::map<std::uint64_t, state::arrival> waiting;
  {
    const std::lock_guard lock{state_->mutex};
    state_->stopped = true;
    waiting.swap(state_->waiting);
  }
  for (auto& [number, done] : waiting)
    done(failure(error_code::line_silent, "stopped"));
}

} // namespace drivers::line
