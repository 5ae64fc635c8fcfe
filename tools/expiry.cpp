// When housekeeping is due, and what is said of it.
#include "tools/expiry.hpp"

#include "messages/registry.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace tools {

std::uint64_t next_hour_ms(unsigned hour, std::uint64_t now_ms) {
  constexpr std::uint64_t hour_ms = 3'600'000, day_ms = 24 * hour_ms, japan_ms = 9 * hour_ms;
  const auto day = (now_ms + japan_ms) / day_ms * day_ms; // 0 o'clock in Japan, as if it were UTC
  const auto today = day + hour * hour_ms - japan_ms;
  return today > now_ms ? today : today + day_ms;
}

scheduled_expiry::scheduled_expiry(unsigned hour, std::function<messages::result<std::uint64_t>()> expire,
                                   std::function<void(messages::event_draft)> tell,
                                   std::function<std::uint64_t()> now_ms, std::chrono::milliseconds looks_every)
    : hour_(hour), expire_(std::move(expire)), tell_(std::move(tell)), now_ms_(std::move(now_ms)),
      schedule_([this] { return expire_when_due(); }, now_ms_, next_hour_ms(hour_, now_ms_()), looks_every) {}

std::uint64_t scheduled_expiry::expire_when_due() {
  const auto now = now_ms_();
  const auto done = expire_();
  if (!done) {
    const auto& why = done.error();
    spdlog::error("housekeeping: {}", messages::to_sentence(why));
    if (!std::exchange(told_put_off_, true))
      tell_(messages::make_draft(messages::expiry_put_off{std::string{messages::describe(why.code).name}, why.args}));
    return now + schedule_retry_ms;
  }
  told_put_off_ = false;
  if (*done > 0) spdlog::info("housekeeping: {} keys of what is kept no longer were destroyed", *done);
  return next_hour_ms(hour_, now);
}

} // namespace tools
