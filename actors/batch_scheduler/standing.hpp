// How the batches of a hub stand, for whoever watches it: what is open, what waits for staff, which planned time passed
// and nobody was asked about. Pure.
#pragma once

#include "actors/batch_scheduler/scheduler.hpp"

namespace batch_scheduler {

struct standing {
  std::uint64_t open = 0, doubtful = 0, saved = 0; ///< not over; of these: in doubt, waiting to be uploaded by hand
  std::uint64_t oldest_ms = 0;                     ///< when the oldest open one was planned; 0: none is open
  std::vector<std::string> missed;                 ///< names of schedules
};

/// A planned time is missed so long after it, when its night knows of no run.
inline constexpr std::uint64_t run_grace_ms = 15 * 60'000;

/// @p runs: schedule → night of its last run. @p since_ms: before it nobody was there to plan anything.
standing standing_of(const std::vector<messages::batch_status>& batches,
                     const std::map<std::string, std::string>& runs, const options& how, std::uint64_t since_ms,
                     std::uint64_t now_ms);

} // namespace batch_scheduler
