// Prints moments in Japan's time.
#include "tools/time_text.hpp"

#include <ctime>

namespace tools {

std::string time_text(std::uint64_t utc_ms) {
  const auto jst = static_cast<std::time_t>(utc_ms / 1000 + 9 * 3600);
  std::tm t{};
  ::gmtime_r(&jst, &t);
  char text[32];
  std::strftime(text, sizeof text, "%F %T", &t);
  return text;
}

} // namespace tools
