// Whose password is hashed next: fair between places, short, and with room for somebody new.
#include "tests/actors/support.hpp"

#include "actors/account_admin/waiting_line.hpp"

using namespace actors_test;
using namespace account_admin;

namespace {

in_line one(const std::string& account, const std::string& place) {
  in_line who;
  who.account = account;
  who.place = place;
  return who;
}
in_line doubted(const std::string& account, const std::string& place) {
  auto who = one(account, place);
  who.doubted = true;
  return who;
}
in_line at_home(const std::string& account, const std::string& place) {
  auto who = one(account, place);
  who.at_home = true;
  return who;
}

std::string order_of(waiting_line& line) {
  std::string all;
  while (const auto next = line.take())
    all += (all.empty() ? "" : " ") + next->account;
  return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(places_take_turns_and_within_a_place_the_first_comes_first) {
  waiting_line line;
  for (const auto* account : {"a1", "a2", "a3"})
    BOOST_CHECK(!line.add(one(account, "a")));
  line.add(one("b1", "b"));
  line.add(one("b2", "b"));
  line.add(one("c1", "c"));
  BOOST_CHECK_EQUAL(order_of(line), "a1 b1 c1 a2 b2 a3");
  BOOST_CHECK(!line.take());
}

BOOST_AUTO_TEST_CASE(a_place_that_comes_later_does_not_wait_for_the_turns_of_the_others) {
  waiting_line line;
  for (const auto* account : {"a1", "a2", "a3", "a4"})
    line.add(one(account, "a"));
  BOOST_CHECK_EQUAL(line.take()->account, "a1");
  line.add(one("b1", "b"));
  BOOST_CHECK_EQUAL(order_of(line), "b1 a2 a3 a4");
}

BOOST_AUTO_TEST_CASE(who_is_doubted_comes_after_somebody_new_and_is_not_passed_for_ever) {
  waiting_line line;
  line.add(doubted("guesser", "a"));
  for (int n = 0; n < 15; ++n) { // somebody new each time, from a new place
    line.add(one("new" + std::to_string(n), "p" + std::to_string(n)));
    line.add(one("too" + std::to_string(n), "p" + std::to_string(n)));
  }
  int before = 0;
  while (line.take()->account != "guesser")
    ++before;
  BOOST_CHECK_GT(before, 20);
  line = {};
  line.add(doubted("guesser", "a"));
  for (before = 0; before < 100; ++before) { // while somebody new keeps coming
    line.add(one("x", "x"));
    if (line.take()->account == "guesser") break;
  }
  BOOST_CHECK_EQUAL(before, static_cast<int>(waiting_line::turns_of_doubted));
}

BOOST_AUTO_TEST_CASE(who_is_at_home_goes_first_once) {
  waiting_line line;
  for (const auto* account : {"g1", "g2", "g3", "g4"})
    line.add(one(account, "pc"));
  BOOST_CHECK(!line.add(at_home("staff", "pc"))); // past the place's share
  BOOST_CHECK(line.add(at_home("staff", "pc")));  // whoever tries twice at once has no more right than the guessers
  BOOST_CHECK_EQUAL(order_of(line), "staff g1 g2 g3 g4");
}

BOOST_AUTO_TEST_CASE(a_place_has_its_share_and_a_full_line_gives_room_to_whoever_comes_earlier) {
  waiting_line line;
  for (std::size_t n = 0; n < waiting_line::of_place_max; ++n)
    BOOST_CHECK(!line.add(one("a", "a")));
  BOOST_CHECK_EQUAL(line.add(one("late", "a"))->account, "late");
  for (int place = 0; line.size() < waiting_line::waiting_max; ++place)
    for (int n = 0; n < 4 && line.size() < waiting_line::waiting_max; ++n)
      BOOST_CHECK(!line.add(one("g" + std::to_string(n), "p" + std::to_string(place))));
  const auto out = line.add(one("new", "elsewhere"));
  BOOST_REQUIRE(out);
  BOOST_CHECK_EQUAL(out->account, "g3");
  BOOST_CHECK_EQUAL(line.size(), waiting_line::waiting_max);
  BOOST_CHECK_EQUAL(line.add(doubted("newer", "elsewhere"))->account, "newer"); // would itself come last
}
