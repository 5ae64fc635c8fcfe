// Months and days in Japan, for keys and for signed heads.
#include "storage/retention.hpp"

#include <chrono>
#include <cstdio>

namespace storage {

namespace {

std::chrono::year_month_day date_of(std::uint64_t utc_ms) {
  using namespace std::chrono;
  return floor<days>(sys_time<milliseconds>{milliseconds{utc_ms}} + hours{9}); // no summer time since 1951
}

} // namespace

std::uint16_t month_of(std::uint64_t utc_ms) {
  const auto date = date_of(utc_ms);
  return static_cast<std::uint16_t>(static_cast<int>(date.year()) * 12 + static_cast<int>(unsigned{date.month()}) - 1);
}

std::string month_text(std::uint16_t month) {
  char text[16];
  std::snprintf(text, sizeof text, "%04d%02d", month / 12, month % 12 + 1);
  return text;
}

std::string day_text(std::uint64_t utc_ms) {
  const auto date = date_of(utc_ms);
  char text[24];
  std::snprintf(text, sizeof text, "%04d%02u%02u", static_cast<int>(date.year()), unsigned{date.month()},
                unsigned{date.day()});
  return text;
}

std::uint16_t kept_from(const retention& rules, record_kind kind, std::uint64_t utc_ms) {
  const auto kept_ms = std::uint64_t{rules.days_of(kind)} * 24 * 3600 * 1000;
  if (kept_ms == 0 || kept_ms > utc_ms) return 0;
  return month_of(utc_ms - kept_ms); // the month in which the last kept day lies stays whole
}

} // namespace storage
