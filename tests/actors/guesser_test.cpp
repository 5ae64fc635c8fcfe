// Who guesses at a password: a node, and of the hub's own pages the place.
#include "tests/actors/support.hpp"

#include "actors/account_admin/guesser.hpp"

using namespace actors_test;
using account_admin::guesser_of;

namespace {

std::string guesser(const std::string& from, const std::string& place) {
  return guesser_of(command_of(from, sign_in{"Staff1", credential{"x"}, {}, place, false}, 1), "hub");
}

} // namespace

BOOST_AUTO_TEST_CASE(a_node_is_one_guesser_whatever_places_it_names) {
  BOOST_TEST(guesser("screen@desk-1", "pc-1") == "desk-1");
  BOOST_TEST(guesser("screen@desk-1", "pc-2") == "desk-1");
  BOOST_TEST(guesser("tool@hub", "pc-3") == "hub");
}

BOOST_AUTO_TEST_CASE(the_hubs_own_pages_are_told_apart_by_where_somebody_sits) {
  BOOST_TEST(guesser("screen@hub", "192.0.2.1") != guesser("screen@hub", "192.0.2.2"));
  BOOST_TEST(guesser("screen@hub", "192.0.2.1") == guesser("screen@hub", "192.0.2.1"));
  BOOST_TEST(!guesser("screen@hub", "").empty());
}

BOOST_AUTO_TEST_CASE(every_command_that_tries_a_secret_is_a_guess_and_no_other_is) {
  const auto guesses = [](const auto& m) { return !guesser_of(command_of("screen@desk-1", m, 1), "hub").empty(); };
  BOOST_TEST(guesses(sign_in{}));
  BOOST_TEST(guesses(reset_master{}));
  BOOST_TEST(guesses(change_password{}));
  BOOST_TEST(!guesses(sign_out{}));
  BOOST_TEST(!guesses(ask_status{}));
  BOOST_TEST(!guesses(choose_method{}));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_still_somebodys_guess) {
  auto c = command_of("screen@hub", sign_in{}, 1);
  c.body = "no map";
  BOOST_TEST(!guesser_of(c, "hub").empty());
}
