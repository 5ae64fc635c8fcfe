// Reading the expressions, and what they mean on a day.
#include "actors/batch_scheduler/calendar.hpp"

#include "messages/japanese_time.hpp"

#include <algorithm>
#include <vector>

namespace batch_scheduler {

using messages::error_code;
using messages::failure;
using messages::result;

namespace {

using std::chrono::days;
using std::chrono::year_month_day;

constexpr std::uint64_t minute_ms = 60'000, day_ms = 24 * 60 * minute_ms;
constexpr std::uint64_t japan_ahead_ms = 9 * 60 * minute_ms;
constexpr int days_ahead_max = 400;
constexpr std::array<std::string_view, 7> weekday_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::size_t expression_bytes_max = 200;

std::optional<unsigned> number(std::string_view text, unsigned most) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  unsigned n = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    n = n * 10 + static_cast<unsigned>(c - '0');
  }
  return n <= most ? std::optional{n} : std::nullopt;
}

std::optional<std::size_t> weekday(std::string_view text) {
  const auto at = std::ranges::find(weekday_names, text);
  return at == weekday_names.end() ? std::nullopt : std::optional{static_cast<std::size_t>(at - weekday_names.begin())};
}

std::size_t weekday_of(day d) { return std::chrono::weekday{d}.c_encoding(); }

/// Takes @p ending, and the blank before it, off the end of @p text.
bool take_ending(std::string_view& text, std::string_view ending) {
  if (!text.ends_with(ending)) return false;
  text.remove_suffix(ending.size());
  while (text.ends_with(' '))
    text.remove_suffix(1);
  return true;
}

/// Calls @p each with the parts between commas; false: one of them was not taken.
template <class Each> bool each_part(std::string_view list, Each&& each) {
  for (;;) {
    const auto comma = list.find(',');
    auto part = list.substr(0, comma);
    while (part.starts_with(' '))
      part.remove_prefix(1);
    while (part.ends_with(' '))
      part.remove_suffix(1);
    if (!each(part)) return false;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

} // namespace

std::optional<day> day_from(std::string_view text) {
  if (text.size() != 8) return std::nullopt;
  const auto y = number(text.substr(0, 4), 2199), m = number(text.substr(4, 2), 12), d = number(text.substr(6), 31);
  if (!y || !m || !d || *y < 1900) return std::nullopt;
  const year_month_day date{std::chrono::year{static_cast<int>(*y)}, std::chrono::month{*m}, std::chrono::day{*d}};
  return date.ok() ? std::optional<day>{date} : std::nullopt;
}

std::string text_of(day d) {
  const auto since = static_cast<std::uint64_t>(std::max<std::int64_t>(0, d.time_since_epoch().count()));
  return messages::japanese_time(since * day_ms).substr(0, 8); // 09:00 in Japan: the same day
}

day day_of(std::uint64_t utc_ms) { return day{days{static_cast<int>((utc_ms + japan_ahead_ms) / day_ms)}}; }
unsigned minute_of(std::uint64_t utc_ms) {
  return static_cast<unsigned>((utc_ms + japan_ahead_ms) % day_ms / minute_ms);
}
std::uint64_t moment_of(day d, unsigned minute) {
  const auto midnight = static_cast<std::uint64_t>(d.time_since_epoch().count()) * day_ms;
  return midnight + minute * minute_ms - japan_ahead_ms;
}
day night_of(std::uint64_t utc_ms) {
  const auto today = day_of(utc_ms);
  return minute_of(utc_ms) < 12 * 60 ? today - days{1} : today;
}

// -- when the clinic is open ---------------------------------------------------------------------------------------

result<clinic_calendar> clinic_calendar::from(const std::vector<std::string>& holidays,
                                              const std::vector<std::string>& closed) {
  clinic_calendar c;
  for (const auto& text : holidays) {
    auto digits = text;
    std::erase(digits, '-');
    if (const auto d = day_from(digits))
      c.holidays_.insert(*d);
    else if (digits.size() == 4 && day_from("2024" + digits)) // a leap year: 02-29 is a day
      c.each_year_.emplace(*number(digits.substr(0, 2), 12), *number(digits.substr(2), 31));
    else
      return failure(error_code::wrong_value, "holidays", text);
  }
  for (const auto& text : closed) {
    const auto w = weekday(text);
    if (!w) return failure(error_code::wrong_value, "closed", text);
    c.closed_[*w] = true;
  }
  if (std::ranges::all_of(c.closed_, [](bool one) { return one; }))
    return failure(error_code::wrong_value, "closed", "every day of the week");
  return c;
}

bool clinic_calendar::is_open(day d) const {
  const year_month_day date{d};
  return !closed_[weekday_of(d)] && !holidays_.contains(d) &&
         !each_year_.contains({static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day())});
}

day clinic_calendar::next_open(day d) const {
  for (int n = 1; n < 366; ++n)
    if (is_open(d + days{n})) return d + days{n};
  return d + days{366};
}

// -- days by an expression -----------------------------------------------------------------------------------------

result<day_pattern> day_pattern::from(std::string_view expression) {
  const auto wrong = [&] {
    return failure(error_code::wrong_value, "days", std::string{expression.substr(0, expression_bytes_max)});
  };
  if (expression.size() > expression_bytes_max) return wrong();
  auto text = expression;
  day_pattern p;
  if (take_ending(text, "if open"))
    p.when_closed_ = closed_days::skipped;
  else if (take_ending(text, "or next open day"))
    p.when_closed_ = closed_days::next;
  else if (take_ending(text, "or last open day"))
    p.when_closed_ = closed_days::last;
  if (text == "every day") {
    p.weekdays_.fill(true);
    return p;
  }
  p.by_weekday_ = !text.starts_with("day ");
  const auto range = [](std::size_t from, std::size_t to, auto& into) {
    if (from > to || to >= into.size()) return false;
    std::fill(into.begin() + static_cast<std::ptrdiff_t>(from), into.begin() + static_cast<std::ptrdiff_t>(to) + 1,
              true);
    return true;
  };
  const auto take_weekdays = [&](std::string_view part) {
    const auto to = part.find('-');
    const auto a = weekday(part.substr(0, to)), b = to == std::string_view::npos ? a : weekday(part.substr(to + 1));
    return a && b && range(*a, *b, p.weekdays_);
  };
  const auto take_month_days = [&](std::string_view part) {
    if (part == "last") return range(0, 0, p.before_last_);
    if (part.starts_with("last-")) {
      const auto n = number(part.substr(5), 30);
      return n && range(*n, *n, p.before_last_);
    }
    const auto to = part.find('-');
    const auto a = number(part.substr(0, to), 31);
    const auto b = to == std::string_view::npos ? a : number(part.substr(to + 1), 31);
    return a && b && *a > 0 && range(*a, *b, p.month_days_);
  };
  const bool good = p.by_weekday_ ? each_part(text, take_weekdays) : each_part(text.substr(4), take_month_days);
  if (!good) return wrong();
  return p;
}

bool day_pattern::names(day d) const {
  if (by_weekday_) return weekdays_[weekday_of(d)];
  const year_month_day date{d};
  const std::chrono::year_month_day_last end{date.year(), std::chrono::month_day_last{date.month()}};
  const auto n = static_cast<unsigned>(date.day()), last = static_cast<unsigned>(end.day());
  return month_days_[n] || before_last_[last - n];
}

bool day_pattern::contains(day d, const clinic_calendar& open) const {
  if (when_closed_ == closed_days::whatever) return names(d);
  if (!open.is_open(d)) return false;
  if (names(d)) return true;
  if (when_closed_ == closed_days::skipped) return false;
  const days step{when_closed_ == closed_days::next ? -1 : 1};
  auto other = d + step;
  for (int n = 0; n < 366 && !open.is_open(other); ++n, other += step)
    if (names(other)) return true;
  return false;
}

// -- days and a time -----------------------------------------------------------------------------------------------

result<schedule> schedule::from(std::string_view expression) {
  const auto wrong = [&] {
    return failure(error_code::wrong_value, "schedule", std::string{expression.substr(0, expression_bytes_max)});
  };
  const auto at = expression.rfind(" at ");
  if (at == std::string_view::npos || expression.size() > expression_bytes_max) return wrong();
  const auto time = expression.substr(at + 4);
  if (time.size() != 5 || time[2] != ':') return wrong();
  const auto hour = number(time.substr(0, 2), 23), minute = number(time.substr(3), 59);
  auto pattern = day_pattern::from(expression.substr(0, at));
  if (!hour || !minute || !pattern) return wrong();
  return schedule{std::move(*pattern), *hour * 60 + *minute, std::string{expression}};
}

std::optional<std::uint64_t> schedule::next(std::uint64_t utc_ms, const clinic_calendar& open) const {
  using step = std::chrono::days;
  for (auto d = day_of(utc_ms); d < day_of(utc_ms) + step{days_ahead_max}; d += step{1})
    if (days.contains(d, open) && moment_of(d, minute) > utc_ms) return moment_of(d, minute);
  return std::nullopt;
}

std::optional<std::uint64_t> schedule::last(std::uint64_t utc_ms, const clinic_calendar& open) const {
  using step = std::chrono::days;
  for (auto d = day_of(utc_ms); d > day_of(utc_ms) - step{days_ahead_max}; d -= step{1})
    if (days.contains(d, open) && moment_of(d, minute) <= utc_ms) return moment_of(d, minute);
  return std::nullopt;
}

} // namespace batch_scheduler
