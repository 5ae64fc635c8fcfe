// What the simulated マイナ在宅受付Web remembers, without a centre around it.
#include "tests/test.hpp"

#include "drivers/line/web_consents.hpp"

using namespace drivers::line;

namespace {

const web_place home{"1319999999", false}, online{"1319999999", true}, elsewhere{"1318888888", false};

} // namespace

BOOST_AUTO_TEST_CASE(each_institution_has_one_address_for_each_kind_of_care_until_it_is_renewed) {
  web_consents web;
  const auto first = web.address_of(home);
  BOOST_CHECK_EQUAL(web.address_of(home), first);
  BOOST_CHECK_NE(web.address_of(online), first);
  BOOST_CHECK_NE(web.address_of(elsewhere), first);
  BOOST_CHECK(web.place_of(first) == home);
  BOOST_CHECK(web.place_of(web.address_of(online)) == online);
  const auto second = web.address_of(home, "a chance");
  BOOST_CHECK_NE(second, first);
  BOOST_CHECK(!web.place_of(first));
  BOOST_CHECK(web.place_of(second) == home);
  BOOST_CHECK(!web.place_of("") && !web.place_of("h"));
}

BOOST_AUTO_TEST_CASE(addresses_that_were_given_out_are_the_same_after_a_restart) {
  web_consents before, after;
  const auto old = before.address_of(home);
  const auto now = before.address_of(home, "a chance");
  for (const auto& token : {old, now, before.address_of(online)})
    after.remember_address(home.institution, token);
  BOOST_CHECK(!after.place_of(old));
  BOOST_CHECK(after.place_of(now) == home);
  BOOST_CHECK_EQUAL(after.address_of(home), now);
  after.remember_address(home.institution, "no token");
  after.remember_address(home.institution, "x0123456789abcdef");
  BOOST_CHECK_EQUAL(after.address_of(home), now);
}

BOOST_AUTO_TEST_CASE(the_newest_consent_of_a_person_replaces_the_one_before_at_that_institution_alone) {
  web_consents web;
  web.take(home, "SIM1", {"20261126120000", {.surgery = true}, "", false});
  web.take(home, "SIM1", {"20261126130000", {.medicine = true}, "", false});
  BOOST_REQUIRE(web.of(home, "SIM1"));
  BOOST_CHECK(web.of(home, "SIM1")->chosen == web_choices{.medicine = true});
  BOOST_CHECK(!web.of(online, "SIM1") && !web.of(elsewhere, "SIM1") && !web.of(home, "SIM2"));
}

BOOST_AUTO_TEST_CASE(a_consent_goes_into_a_line_and_comes_back) {
  const web_consent given{"20261126120000", {true, false, true, false}, "20261203", false};
  const web_consent ended{"20261126120000", {true, true, true, true}, "", true};
  BOOST_CHECK(web_consent_from(to_line(given)) == given);
  BOOST_CHECK(web_consent_from(to_line(ended)) == ended);
  for (const auto* wrong : {"", "20261126120000", "2026112612000011111x", "2026112612000011111202612031"})
    BOOST_CHECK(!web_consent_from(wrong));
}
