// Counting what is open, and looking for planned times that passed by.
#include "actors/batch_scheduler/standing.hpp"

#include <algorithm>

namespace batch_scheduler {

standing standing_of(const std::vector<messages::batch_status>& batches,
                     const std::map<std::string, std::string>& runs, const options& how, std::uint64_t since_ms,
                     std::uint64_t now_ms) {
  standing all;
  for (const auto& b : batches) {
    if (is_over(b.now)) continue;
    ++all.open;
    all.doubtful += b.now == state::doubtful;
    all.saved += b.now == state::saved;
    if (all.oldest_ms == 0 || b.planned_ms < all.oldest_ms) all.oldest_ms = b.planned_ms;
  }
  for (const auto& s : how.schedules) {
    const auto came = s.when.last(now_ms, how.calendar);
    if (!came || *came < since_ms || now_ms < *came + run_grace_ms) continue;
    const auto run = runs.find(s.name);
    if (run == runs.end() || run->second < text_of(night_of(*came))) all.missed.push_back(s.name);
  }
  return all;
}

} // namespace batch_scheduler
