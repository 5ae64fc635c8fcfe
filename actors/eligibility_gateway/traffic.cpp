// Lanes and the circuit.
#include "actors/eligibility_gateway/traffic.hpp"

#include <algorithm>

namespace eligibility_gateway {

using messages::id;

void traffic::wait(id key, lane which) {
  if (!travels(key) && waiting_keys_.insert(key).second) waiting_[static_cast<std::size_t>(which)].push_back(key);
}

std::vector<id> traffic::next() {
  std::vector<id> go;
  if (circuit_open()) return go;
  const std::size_t places[] = {limits_.real_time_in_flight_max, limits_.background_in_flight_max};
  for (std::size_t n = 0; n < 2; ++n)
    while (!waiting_[n].empty() && in_flight_[n].size() < places[n]) {
      go.push_back(waiting_[n].front());
      in_flight_[n].insert(waiting_[n].front());
      waiting_keys_.erase(waiting_[n].front());
      waiting_[n].pop_front();
    }
  return go;
}

std::vector<id> traffic::drain() {
  std::vector<id> all(waiting_[0].begin(), waiting_[0].end());
  all.insert(all.end(), waiting_[1].begin(), waiting_[1].end());
  waiting_[0].clear();
  waiting_[1].clear();
  waiting_keys_.clear();
  return all;
}

void traffic::leave(id key) {
  const bool waited = waiting_keys_.erase(key) > 0;
  for (std::size_t n = 0; n < 2; ++n) {
    if (waited) std::erase(waiting_[n], key);
    in_flight_[n].erase(key);
  }
}

traffic::change traffic::arrived(id key, bool reached, std::uint64_t now_ms) {
  leave(key);
  if (reached) {
    failing_.clear();
    if (!circuit_open()) return change::none;
    open_since_ms_.reset();
    return change::restored;
  }
  failing_.insert(key);
  if (circuit_open() || failing_.size() < limits_.failures_to_open) return change::none;
  open_circuit(now_ms, now_ms);
  return change::lost;
}

void traffic::open_circuit(std::uint64_t since_ms, std::uint64_t now_ms) {
  failing_.clear();
  open_since_ms_ = since_ms;
  trial_ms_ = limits_.trial_ms_first;
  trial_at_ms_ = now_ms + trial_ms_;
}

std::optional<std::uint64_t> traffic::trial_at_ms() const {
  return circuit_open() ? std::optional{trial_at_ms_} : std::nullopt;
}

void traffic::trial_sent(std::uint64_t now_ms) {
  trial_ms_ = std::min(2 * trial_ms_, limits_.trial_ms_max);
  trial_at_ms_ = now_ms + trial_ms_;
}

} // namespace eligibility_gateway
