// When something may go to the line: a lane for patients who wait and a lane for everything else, each with its own
// places, and a circuit that opens when the line is gone. Pure: it holds keys, never questions.
#pragma once

#include "messages/id.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <vector>

namespace eligibility_gateway {

struct traffic_limits {
  // Places are not shared: whatever is done in the background, a patient's question finds its place as if it were not.
  std::size_t real_time_in_flight_max = 6;
  std::size_t background_in_flight_max = 2;
  std::size_t failures_to_open = 3;    ///< different questions or challenges in a row that found nobody
  std::uint32_t trial_ms_first = 1000; ///< from one trial of a lost line to the next: doubles up to
  std::uint32_t trial_ms_max = 5000;
};

enum class lane : std::uint8_t { real_time, background };

class traffic {
public:
  enum class change : std::uint8_t { none, lost, restored };

  explicit traffic(traffic_limits limits) : limits_(limits) {}

  /// Waits for a place, after those who came before. Nothing happens when it waits or travels already.
  void wait(messages::id key, lane which);
  /// Those who may go now. They are in flight from here on; none while the circuit is open.
  std::vector<messages::id> next();
  /// Takes whoever still waits for a place out of the lanes: the circuit is open.
  std::vector<messages::id> drain();
  void leave(messages::id key);
  bool waits(messages::id key) const { return waiting_keys_.contains(key); }
  bool travels(messages::id key) const { return in_flight_[0].contains(key) || in_flight_[1].contains(key); }

  /// What came of @p key (or of a challenge): whether somebody was reached.
  change arrived(messages::id key, bool reached, std::uint64_t now_ms);
  /// After a restart in the middle of an outage.
  void open_circuit(std::uint64_t since_ms, std::uint64_t now_ms);

  bool circuit_open() const { return open_since_ms_.has_value(); }
  std::uint64_t open_since_ms() const { return open_since_ms_.value_or(0); }
  /// When the next trial may go; none while the circuit is closed.
  std::optional<std::uint64_t> trial_at_ms() const;
  void trial_sent(std::uint64_t now_ms);

private:
  traffic_limits limits_;
  std::deque<messages::id> waiting_[2]; ///< by lane
  std::set<messages::id> waiting_keys_; ///< of both lanes
  std::set<messages::id> in_flight_[2];
  std::set<messages::id> failing_; ///< since somebody was reached last
  std::optional<std::uint64_t> open_since_ms_;
  std::uint64_t trial_at_ms_ = 0;
  std::uint32_t trial_ms_ = 0;
};

} // namespace eligibility_gateway
