// A closed loop over a measured_bus: the next event goes out when the oldest is over.
#include "tools/bench/bus_flow.hpp"

#include "messages/error.hpp"
#include "tools/bench/figures.hpp"

#include <chrono>
#include <vector>

namespace tools {

using namespace messages;
using steady = std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds stuck_after{10};

class closed_flow {
public:
  closed_flow(measured_bus& bus, std::uint64_t window)
      : bus_(bus), sent_at_(window), acked_(bus.acked()), delivered_(bus.delivered()), published_(acked_),
        base_(acked_) {}

  std::uint64_t under_way() const { return published_ - over(); }
  std::uint64_t finished() const { return over() - base_; }

  result<void> publish() {
    sent_at_[published_ % sent_at_.size()] = steady::now();
    ++published_;
    return bus_.publish();
  }
  /// False: nothing came.
  result<bool> look(int wait_ms) {
    if (auto looked = bus_.look(wait_ms); !looked) return failure(looked.error());
    const auto before = over();
    const auto now = steady::now();
    note(acked_, bus_.acked(), now, acks_us_);
    note(delivered_, bus_.delivered(), now, deliveries_us_);
    return over() != before;
  }
  flow seen(double seconds) const {
    return {static_cast<double>(finished()) / seconds, percentile(acks_us_, 0.5), percentile(acks_us_, 0.99),
            percentile(deliveries_us_, 0.5), percentile(deliveries_us_, 0.99)};
  }

private:
  std::uint64_t over() const { return std::min(acked_, delivered_); }
  void note(std::uint64_t& mine, std::uint64_t theirs, steady::time_point now, std::vector<double>& into) {
    for (; mine < theirs; ++mine)
      into.push_back(std::chrono::duration<double, std::micro>(now - sent_at_[mine % sent_at_.size()]).count());
  }

  measured_bus& bus_;
  std::vector<steady::time_point> sent_at_;
  std::uint64_t acked_, delivered_, published_, base_;
  std::vector<double> acks_us_, deliveries_us_;
};

} // namespace

result<flow> measure_flow(measured_bus& bus, const std::string& name, std::uint64_t window, double seconds) {
  closed_flow events{bus, window};
  const auto begin = steady::now();
  const auto until = begin + std::chrono::duration_cast<steady::duration>(std::chrono::duration<double>(seconds));
  auto moved_at = begin;
  auto now = begin;
  for (; now < until || events.under_way() > 0; now = steady::now()) {
    while (now < until && events.under_way() < window)
      if (auto sent = events.publish(); !sent) return failure(sent.error());
    const auto moved = events.look(100);
    if (!moved) return failure(moved.error());
    if (*moved) moved_at = steady::now();
    if (now - moved_at > stuck_after)
      return failure(error_code::story_failed, "bench bus", name,
                     std::to_string(events.under_way()) + " events neither acknowledged nor delivered");
  }
  return events.seen(std::chrono::duration<double>(now - begin).count());
}

} // namespace tools
