// The clerk of batches begins a piece in the gap behind a step of a check-in, and desks that are never quiet do not
// stop it.
#include "tests/test.hpp"

#include "actors/batch_scheduler/actor_clerk.hpp"

using namespace std::chrono_literals;
using batch_scheduler::wait_for_gap;
using steady = std::chrono::steady_clock;

BOOST_AUTO_TEST_CASE(where_nobody_is_at_a_desk_a_piece_waits_for_one_quiet_moment_only) {
  int looks = 0;
  const auto begin = steady::now();
  wait_for_gap([&] { return ++looks, std::uint64_t{7}; }, 2ms, 60s);
  const auto took = steady::now() - begin;
  BOOST_CHECK(took >= 2ms);
  BOOST_CHECK(took < 30s);
  BOOST_CHECK_GT(looks, 1);
}

BOOST_AUTO_TEST_CASE(each_step_of_a_check_in_begins_the_quiet_moment_anew) {
  std::uint64_t steps = 0;
  auto last = steady::now();
  wait_for_gap(
      [&] {
        if (steps < 20) {
          ++steps;
          last = steady::now();
        }
        return steps;
      },
      2ms, 60s);
  BOOST_CHECK_EQUAL(steps, 20u);
  BOOST_CHECK(steady::now() - last >= 2ms);
}

BOOST_AUTO_TEST_CASE(a_day_on_which_no_desk_is_ever_quiet_delays_a_piece_by_so_much_and_no_more) {
  std::uint64_t steps = 0;
  const auto begin = steady::now();
  wait_for_gap([&] { return ++steps; }, 400us, 8ms);
  BOOST_CHECK(steady::now() - begin >= 8ms);
  BOOST_CHECK_GT(steps, 2u);
}
