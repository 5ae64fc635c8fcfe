// What a hub's watchers are told of its batches: what is open, what waits for staff, which planned time passed by.
#include "tests/test.hpp"

#include "actors/batch_scheduler/standing.hpp"

using namespace messages;
using namespace batch_scheduler;

namespace {

constexpr std::uint64_t minute = 60'000, hour = 60 * minute;
/// Friday 2026-11-27, 19:00 in Japan.
std::uint64_t evening() { return moment_of(*day_from("20261127"), 19 * 60); }

options every_evening() {
  options o;
  o.schedules.push_back({"appointments", asking_reason::appointment, *schedule::from("every day at 19:00")});
  return o;
}
batch_status a_batch(batch_state now, std::uint64_t planned_ms) {
  batch_status b;
  b.now = now;
  b.planned_ms = planned_ms;
  return b;
}
std::vector<std::string> missed(const std::map<std::string, std::string>& runs, std::uint64_t since_ms,
                                std::uint64_t now_ms) {
  return standing_of({}, runs, every_evening(), since_ms, now_ms).missed;
}
const std::vector<std::string> nothing, appointments{"appointments"};

} // namespace

BOOST_AUTO_TEST_CASE(open_batches_are_counted_and_the_oldest_says_since_when) {
  const auto all = standing_of({a_batch(batch_state::listed, 1), a_batch(batch_state::failed, 2),
                                a_batch(batch_state::saved, 30), a_batch(batch_state::doubtful, 20),
                                a_batch(batch_state::asking, 40)},
                               {}, {}, 0, 100);
  BOOST_CHECK_EQUAL(all.open, 3u);
  BOOST_CHECK_EQUAL(all.doubtful, 1u);
  BOOST_CHECK_EQUAL(all.saved, 1u);
  BOOST_CHECK_EQUAL(all.oldest_ms, 20u);
  BOOST_CHECK_EQUAL(standing_of({}, {}, {}, 0, 100).oldest_ms, 0u);
}

BOOST_AUTO_TEST_CASE(a_planned_time_without_a_run_is_missed_after_a_quarter_of_an_hour_until_the_next_one_ran) {
  const std::map<std::string, std::string> yesterday{{"appointments", "20261126"}}, today{{"appointments", "20261127"}};
  const auto long_ago = evening() - 90 * 24 * hour;
  BOOST_CHECK(missed(yesterday, long_ago, evening() - minute) == nothing);
  BOOST_CHECK(missed(yesterday, long_ago, evening() + 14 * minute) == nothing);
  BOOST_CHECK(missed(yesterday, long_ago, evening() + 15 * minute) == appointments);
  BOOST_CHECK(missed(yesterday, long_ago, evening() + 20 * hour) == appointments);
  BOOST_CHECK(missed(today, long_ago, evening() + 20 * hour) == nothing);
  BOOST_CHECK(missed({}, long_ago, evening() + hour) == appointments);
  BOOST_CHECK(missed({}, evening() + minute, evening() + hour) == nothing); // this clinic began after it
}
