// What a consent opens, to the second, and drugs that are told twice.
#include "tests/actors/support.hpp"

#include "actors/eligibility_gateway/validity_words.hpp"
#include "actors/eligibility_gateway/viewing.hpp"

#include <algorithm>

using namespace actors_test;
using namespace eligibility_gateway;

namespace {

// 2023-11-15 07:13:20 in Japan.
constexpr std::uint64_t now_ms = start_ms;

consent_flag until(std::string time) { return {1, "20231114071320", std::move(time)}; }

bool open_for(const consent_flag& flag, const consent_scope& scope = {}, const viewing_windows& windows = {}) {
  return may_view("drugs", flag, scope, windows, now_ms).has_value();
}

} // namespace

BOOST_AUTO_TEST_CASE(flag_1_with_available_time_one_second_ahead_opens_and_one_second_past_does_not) {
  BOOST_CHECK(open_for(until("20231115071321")));
  BOOST_CHECK(!open_for(until("20231115071320"))); // it has come
  BOOST_CHECK(!open_for(until("20231115071319")));
}

BOOST_AUTO_TEST_CASE(flags_0_2_and_3_open_nothing_whatever_time_stands_beside_them) {
  for (const std::int64_t flag : {0, 2, 3, 9}) {
    const auto why = may_view("drugs", {flag, "", "20991231235959"}, {}, {}, now_ms);
    BOOST_CHECK(!why);
    BOOST_CHECK_EQUAL(why.error().code, error_code::consent_missing);
    BOOST_CHECK(!open_for({flag, "", ""}, {care::home_visit, "", false}));
  }
  BOOST_CHECK(!open_for({1, "", ""})); // at a desk a consent states its end
}

BOOST_AUTO_TEST_CASE(consent_flag_2_after_the_patient_cancelled_ends_a_home_visits_viewing_and_so_does_withdrawal) {
  const consent_scope visit{care::home_visit, "", false};
  BOOST_CHECK(open_for({1, "20230101000000", ""}, visit));
  BOOST_CHECK(!open_for({2, "", ""}, visit));
  BOOST_CHECK(!open_for({1, "20230101000000", ""}, {care::home_visit, "", true}));
}

BOOST_AUTO_TEST_CASE(an_online_consent_lasts_to_the_end_of_the_appointments_day_and_as_long_after_as_configured) {
  const auto on = [](std::string day) { return consent_scope{care::online, std::move(day), false}; };
  BOOST_CHECK(open_for(until(""), on("20231115")));
  BOOST_CHECK(open_for(until(""), on("20231201")));
  BOOST_CHECK(!open_for(until(""), on("20231114")));
  BOOST_CHECK(open_for(until(""), on("20231114"), {.online_days_after = 1}));
  BOOST_CHECK(!open_for(until(""), on("")));
}

BOOST_AUTO_TEST_CASE(when_viewing_ends_by_itself_is_told_with_the_consent) {
  const auto ends = [](const consent_flag& flag, const consent_scope& scope, std::uint32_t days = 0) {
    return open_until({1, flag, scope, {}}, {.online_days_after = days});
  };
  BOOST_CHECK_EQUAL(ends(until("20231116071320"), {}), "20231116071320");
  BOOST_CHECK_EQUAL(ends(until(""), {care::home_visit, "", false}), "");
  BOOST_CHECK_EQUAL(ends(until(""), {care::online, "20240228", false}), "20240229000000");
  BOOST_CHECK_EQUAL(ends(until(""), {care::online, "20231231", false}, 1), "20240102000000");
}

BOOST_AUTO_TEST_CASE(a_drug_of_a_prescription_that_the_claim_says_again_counts_once) {
  dispensed_drug prescribed;
  prescribed.source = drug_source::prescription;
  prescribed.institution = "1318888888";
  prescribed.day = "20260915";
  prescribed.code = "999";
  prescribed.name = "ミホン錠";
  auto claimed = prescribed;
  claimed.source = drug_source::claim;
  auto elsewhere = prescribed;
  elsewhere.institution = "1317777777";
  auto later = prescribed;
  later.day = "20261001";
  const auto shown = without_doubles({prescribed, claimed, claimed, elsewhere, later});
  BOOST_REQUIRE_EQUAL(shown.size(), 4u);
  BOOST_CHECK_EQUAL(shown.front().day, "20261001");
  BOOST_CHECK_EQUAL(std::ranges::count(shown, false, &dispensed_drug::replaced), 3);
  BOOST_CHECK(std::ranges::find_if(shown, [](const auto& d) {
                return d.replaced && d.source == drug_source::prescription && d.institution == "1318888888";
              }) != shown.end());
}

BOOST_AUTO_TEST_CASE(every_validity_is_explained_with_a_next_step_and_6_is_no_error) {
  for (std::size_t n = 0; n < enumeration<validity>::names.size(); ++n) {
    const auto& words = words_of(static_cast<validity>(n));
    BOOST_CHECK_EQUAL(words.of, static_cast<validity>(n));
    BOOST_CHECK(!words.ja.empty() && !words.next_ja.empty() && !words.en.empty() && !words.next_en.empty());
  }
  BOOST_CHECK(words_of(validity::valid_unregistered).en.find("no error") != std::string_view::npos);
}
