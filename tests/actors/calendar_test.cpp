// Days and times as schedules name them, with holidays and closing days.
#include "tests/test.hpp"

#include "actors/batch_scheduler/calendar.hpp"

using namespace batch_scheduler;

namespace {

day on(const char* text) { return *day_from(text); }
clinic_calendar usual() { return *clinic_calendar::from({"2026-11-23", "12-31", "01-01"}, {"sun"}); }
bool contains(const char* expression, const char* d) {
  const auto p = day_pattern::from(expression);
  BOOST_REQUIRE_MESSAGE(p, expression);
  return p->contains(on(d), usual());
}
/// yyyyMMddHHmm in Japan.
std::string text_at(std::optional<std::uint64_t> ms) {
  if (!ms) return "never";
  const auto m = minute_of(*ms);
  return text_of(day_of(*ms)) + " " + std::to_string(m / 60) + ":" + std::to_string(m % 60);
}

} // namespace

BOOST_AUTO_TEST_CASE(days_that_do_not_exist_are_none) {
  for (const auto* text :
       {"20260229", "20261131", "20260001", "20261301", "2026112", "x0261127", "20261100", "18991231"})
    BOOST_CHECK_MESSAGE(!day_from(text), text);
  for (const auto* text : {"20240229", "20261130", "19000101", "21991231"})
    BOOST_CHECK_MESSAGE(day_from(text), text);
  BOOST_CHECK_EQUAL(text_of(on("20240229")), "20240229");
}

BOOST_AUTO_TEST_CASE(a_day_in_japan_begins_nine_hours_before_utc) {
  const auto midnight = moment_of(on("20261127"), 0);
  BOOST_CHECK_EQUAL(text_of(day_of(midnight)), "20261127");
  BOOST_CHECK_EQUAL(text_of(day_of(midnight - 1)), "20261126");
  BOOST_CHECK_EQUAL(minute_of(midnight + 61 * 60'000), 61u);
  BOOST_CHECK_EQUAL(text_of(night_of(moment_of(on("20261127"), 11 * 60 + 59))), "20261126");
  BOOST_CHECK_EQUAL(text_of(night_of(moment_of(on("20261127"), 12 * 60))), "20261127");
}

BOOST_AUTO_TEST_CASE(closed_days_are_weekdays_dates_and_dates_of_each_year) {
  const auto c = usual();
  BOOST_CHECK(!c.is_open(on("20261122"))); // Sunday
  BOOST_CHECK(!c.is_open(on("20261123")));
  BOOST_CHECK(c.is_open(on("20271123")));
  BOOST_CHECK(!c.is_open(on("20261231")));
  BOOST_CHECK(!c.is_open(on("20270101")));
  BOOST_CHECK_EQUAL(text_of(c.next_open(on("20261121"))), "20261124"); // over Sunday and a holiday
  BOOST_CHECK_EQUAL(text_of(c.next_open(on("20261230"))), "20270102");
  BOOST_CHECK(!clinic_calendar::from({"2026-02-30"}, {}));
  BOOST_CHECK(!clinic_calendar::from({}, {"sunday"}));
  BOOST_CHECK(!clinic_calendar::from({}, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}));
}

BOOST_AUTO_TEST_CASE(expressions_name_days) {
  BOOST_CHECK(contains("every day", "20261122"));
  BOOST_CHECK(!contains("every day if open", "20261122"));
  BOOST_CHECK(contains("mon,wed-fri", "20261126")); // Thursday
  BOOST_CHECK(!contains("mon,wed-fri", "20261128"));
  BOOST_CHECK(contains("day 1,20-25", "20261122"));
  BOOST_CHECK(!contains("day 1,20-25", "20261126"));
  BOOST_CHECK(contains("day last", "20261130"));
  BOOST_CHECK(contains("day last-2", "20261128"));
  BOOST_CHECK(contains("day last", "20280229"));
  BOOST_CHECK(!contains("day 22 or next open day", "20261122"));
  BOOST_CHECK(contains("day 22 or next open day", "20261124"));
  BOOST_CHECK(contains("day 22 or last open day", "20261121"));
  BOOST_CHECK(!contains("day 31", "20261130"));
}

BOOST_AUTO_TEST_CASE(what_is_no_expression_is_refused) {
  for (const auto* text : {"", "sometimes", "mon,", "fri-mon", "day 0", "day 32", "day", "day last-31", "day last--1",
                           "every day or never", "mon;tue", "day 5-3"})
    BOOST_CHECK_MESSAGE(!day_pattern::from(text), text);
  for (const auto* text : {"every day", "every day at 25:00", "every day at 9:00", "every day at 12:60", "at 12:00",
                           "every day at 12:00 "})
    BOOST_CHECK_MESSAGE(!schedule::from(text), text);
  BOOST_CHECK(!day_pattern::from(std::string(1'000, 'm')));
}

BOOST_AUTO_TEST_CASE(a_schedule_finds_its_next_and_its_last_time) {
  const auto s = *schedule::from("day 21 or next open day at 19:30");
  const auto noon = moment_of(on("20261122"), 12 * 60);
  BOOST_CHECK_EQUAL(text_at(s.next(noon, usual())), "20261221 19:30");
  BOOST_CHECK_EQUAL(text_at(s.last(noon, usual())), "20261121 19:30");
  const auto at = moment_of(on("20261121"), 19 * 60 + 30);
  BOOST_CHECK_EQUAL(text_at(s.last(at, usual())), "20261121 19:30");
  BOOST_CHECK_EQUAL(text_at(s.next(at, usual())), "20261221 19:30"); // not the same again
  BOOST_CHECK_EQUAL(text_at(s.last(at - 1, usual())), "20261021 19:30");
}
