// Housekeeping of a running hub: what is kept no longer is forgotten every night, without a restart.
#pragma once

#include "messages/draft.hpp"
#include "messages/result.hpp"
#include "tools/schedule.hpp"

#include <cstdint>
#include <functional>

namespace tools {

/// The next moment after @p now_ms at which it is @p hour o'clock in Japan (0–23); both in UTC milliseconds.
std::uint64_t next_hour_ms(unsigned hour, std::uint64_t now_ms);

/// Once a day, at an hour without patients. At its start nothing is done: the journal's opening did it. What cannot be
/// done is logged, told of once, and tried again after ten minutes.
class scheduled_expiry {
public:
  /// @p expire answers how many keys were destroyed (node::expire_records); all are called on a thread of its own.
  scheduled_expiry(unsigned hour, std::function<messages::result<std::uint64_t>()> expire,
                   std::function<void(messages::event_draft)> tell, std::function<std::uint64_t()> now_ms,
                   std::chrono::milliseconds looks_every = schedule::usual);

private:
  std::uint64_t expire_when_due();

  const unsigned hour_;
  const std::function<messages::result<std::uint64_t>()> expire_;
  const std::function<void(messages::event_draft)> tell_;
  const std::function<std::uint64_t()> now_ms_;
  bool told_put_off_ = false;
  schedule schedule_; ///< last: its thread uses all the others
};

} // namespace tools
