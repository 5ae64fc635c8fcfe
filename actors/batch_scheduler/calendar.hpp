// Days in Japan, on which of them the clinic is open, and the expressions by which schedules and standing visits name
// days and times. Pure.
//
// Expressions: `every day` · weekdays `mon,wed-fri` · days of the month `day 1,15,20-25,last,last-3` (last-3: three
// days before the last); then, where the day may be a closed one, `if open`, `or next open day` or `or last open day`;
// of a schedule at last `at 19:00`.
#pragma once

#include "messages/result.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace batch_scheduler {

using day = std::chrono::sys_days; ///< a day in Japan; no time zone is in it

/// yyyyMMdd of a day that exists, 1900 to 2199.
std::optional<day> day_from(std::string_view text);
std::string text_of(day d);
/// The day, and the minute of it, that clocks in Japan show at @p utc_ms.
day day_of(std::uint64_t utc_ms);
unsigned minute_of(std::uint64_t utc_ms);
/// UTC milliseconds of @p minute of a day in Japan.
std::uint64_t moment_of(day d, unsigned minute);
/// The evening that a moment belongs to: until noon it is the evening before.
day night_of(std::uint64_t utc_ms);

/// When the clinic is open.
class clinic_calendar {
public:
  /// @p holidays: yyyyMMdd or yyyy-MM-dd, or each year MM-dd. @p closed: weekdays, `sun`. `wrong_value` names which.
  static messages::result<clinic_calendar> from(const std::vector<std::string>& holidays,
                                                const std::vector<std::string>& closed);
  bool is_open(day d) const;
  /// The first open day after @p d; a year ahead when none is.
  day next_open(day d) const;

private:
  std::set<day> holidays_;
  std::set<std::pair<unsigned, unsigned>> each_year_; ///< month and day
  std::array<bool, 7> closed_{};                      ///< from Sunday
};

/// Days named by an expression.
class day_pattern {
public:
  static messages::result<day_pattern> from(std::string_view expression);
  bool contains(day d, const clinic_calendar& open) const;

private:
  enum class closed_days : std::uint8_t { whatever, skipped, next, last };
  bool names(day d) const;

  bool by_weekday_ = true;
  std::array<bool, 7> weekdays_{};     ///< from Sunday
  std::array<bool, 32> month_days_{};  ///< 1…31
  std::array<bool, 31> before_last_{}; ///< 0: the last day of the month
  closed_days when_closed_{};
};

/// Days and a time.
struct schedule {
  day_pattern days;
  unsigned minute = 0; ///< of the day
  std::string text;    ///< as configured

  static messages::result<schedule> from(std::string_view expression);
  /// The first time after @p utc_ms; nothing within 400 days.
  std::optional<std::uint64_t> next(std::uint64_t utc_ms, const clinic_calendar& open) const;
  /// The last time at or before @p utc_ms; nothing within 400 days.
  std::optional<std::uint64_t> last(std::uint64_t utc_ms, const clinic_calendar& open) const;
};

} // namespace batch_scheduler
