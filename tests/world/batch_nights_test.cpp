// A month of nights: the morning lists say what truly changed and nothing else, nobody is asked about twice in a night,
// whatever the line does and whenever the process dies.
#include "tests/world/support_nights.hpp"

#include <iostream>

using namespace world_test;

namespace {

std::uint64_t seed_or(std::uint64_t usual) {
  const char* given = std::getenv("UKETSUKE_SEED");
  return given ? std::strtoull(given, nullptr, 10) : usual;
}

void live(std::uint64_t seed, int nights, std::size_t people, std::size_t home, bool crashes,
          std::size_t singly_max = 0) {
  BOOST_TEST_MESSAGE("seed " << seed);
  night_world world{seed, people, home, crashes, singly_max};
  for (int night = 0; night < nights; ++night) {
    world.day();
    world.evening();
    world.morning();
  }
  BOOST_TEST_MESSAGE(world.answers << " answers, " << world.changes_listed << " changes, " << world.crashes
                                   << " crashes, " << world.line->uploads << " uploads, " << world.line->silences
                                   << " of unknown fate, " << world.line->found << " found late, " << world.settled
                                   << " settled, " << world.line->singly << " asked singly");
  BOOST_CHECK_EQUAL(world.line->twice, 0u);
  BOOST_CHECK_MESSAGE(world.wrong == 0, world.wrong << " wrong, first: " << world.first_wrong);
  BOOST_CHECK_GT(world.answers, people);
  BOOST_CHECK_GT(world.changes_listed, people / 10);
  if (crashes) BOOST_CHECK_GT(world.crashes, 3u);
  BOOST_CHECK_EQUAL(world.line->singly > home, singly_max > 0);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_month_of_nights_without_crashes) { live(seed_or(20261101), 30, 2'000, 200, false); }
BOOST_AUTO_TEST_CASE(a_month_of_nights_with_crashes_at_any_moment) { live(seed_or(20261102), 30, 2'000, 200, true); }
BOOST_AUTO_TEST_CASE(nights_in_which_home_visits_are_asked_about_one_by_one) {
  live(seed_or(20261103), 12, 500, 60, true, 100);
}
