// Time in Japan.
#include "messages/japanese_time.hpp"

#include <ctime>

namespace messages {

std::string japanese_time(std::uint64_t utc_ms) {
  const auto jst = static_cast<std::time_t>(utc_ms / 1000 + 9 * 3600);
  std::tm when{};
  ::gmtime_r(&jst, &when);
  char text[24];
  std::strftime(text, sizeof text, "%Y%m%d%H%M%S", &when);
  return text;
}

} // namespace messages
