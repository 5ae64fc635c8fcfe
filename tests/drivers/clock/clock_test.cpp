// Time and chance: the host's go on, the simulated ones obey.
#include "tests/test.hpp"

#include "drivers/clock/port.hpp"

#include <set>

using namespace drivers::clock;

BOOST_AUTO_TEST_CASE(a_standing_clock_stands_until_it_is_moved) {
  standing_clock clock{1'000};
  BOOST_TEST(clock.utc_ms() == 1'000u);
  BOOST_TEST(clock.steady_ms() == 0u);
  clock.advance(250);
  BOOST_TEST(clock.utc_ms() == 1'250u);
  BOOST_TEST(clock.steady_ms() == 250u);
}

BOOST_AUTO_TEST_CASE(the_hosts_clock_never_goes_backwards_where_deadlines_are_counted) {
  const auto clock = system_clock();
  auto last = clock->steady_ms();
  for (int n = 0; n < 1000; ++n) {
    const auto now = clock->steady_ms();
    BOOST_REQUIRE(now >= last);
    last = now;
  }
  BOOST_TEST(clock->utc_ms() > 1'600'000'000'000u);
}

BOOST_AUTO_TEST_CASE(the_same_seed_draws_the_same_and_other_streams_draw_others) {
  const auto a = seeded_chance(7, "desk-1"), b = seeded_chance(7, "desk-1"), c = seeded_chance(7, "desk-2");
  bool differs = false;
  for (int n = 0; n < 100; ++n) {
    const auto drawn = a->draw();
    BOOST_REQUIRE(drawn == b->draw());
    differs = differs || drawn != c->draw();
  }
  BOOST_TEST(differs);
}

BOOST_AUTO_TEST_CASE(ids_carry_their_time_and_do_not_repeat) {
  standing_clock clock{1'795'000'000'000};
  const auto chance = system_chance();
  std::set<messages::id> seen;
  for (int n = 0; n < 10'000; ++n) {
    const auto made = fresh_id(clock, *chance);
    BOOST_REQUIRE(made.time_ms() == 1'795'000'000'000u);
    BOOST_REQUIRE(seen.insert(made).second);
  }
}
