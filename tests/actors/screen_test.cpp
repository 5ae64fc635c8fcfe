// What the pages of a node may say and what they are shown.
#include "tests/actors/support.hpp"

#include "actors/screen/pages.hpp"
#include "messages/json.hpp"

#include <algorithm>

using namespace actors_test;
using screen::pages;

namespace {

std::string said(std::string_view topic, const std::string& body = "{}", int n = 1) {
  return R"({"n":)" + std::to_string(n) + R"(,"topic":")" + std::string{topic} + R"(","body":)" + body + "}";
}

/// The error's name in a line answered to a page; empty: ok.
std::string refusal(const screen::decision& d) {
  BOOST_REQUIRE_EQUAL(d.lines.size(), 1u);
  const auto v = *from_json(d.lines.front().text);
  const auto* why = v.find("error");
  return why ? *why->find("name")->as<std::string>() : "";
}

std::string prompt_in(const screen::line& l) {
  const auto v = *from_json(l.text);
  const auto* p = v.find("prompt");
  return p ? *p->find("shown")->as<std::string>() : "";
}

screen::decision show(pages& p, std::uint64_t sequence, prompt what) {
  return p.on_command(command_of("consent_session@hub", show_prompt{numbered(1), sequence, what, 3}));
}

} // namespace

BOOST_AUTO_TEST_CASE(a_patients_page_may_say_what_is_the_patients_and_nothing_else) {
  pages p{"desk-1", "hub"};
  for (const auto topic : {choose_method::topic, enter_pin::topic, answer_consents::topic, provide_information::topic,
                           stop_checkin::topic}) {
    const auto d = p.on_said(1, said(topic));
    BOOST_REQUIRE_EQUAL(d.showing.size(), 1u);
    BOOST_CHECK((d.showing.front().to == address{"consent_session", "hub"}));
  }
  for (const auto topic : {register_reference_number::topic, skip_reference_number::topic, finish_at_window::topic,
                           keep_walk_in::topic, open_desk::topic, switch_mode::topic, list_desks::topic}) {
    const auto d = p.on_said(1, said(topic));
    BOOST_CHECK(d.showing.empty());
    BOOST_CHECK_EQUAL(refusal(d), "not_allowed");
  }
  pages reception{"hub", "hub"};
  BOOST_CHECK_EQUAL(reception.on_said(1, said(finish_at_window::topic)).showing.size(), 1u);
}

BOOST_AUTO_TEST_CASE(no_page_speaks_to_a_reader_or_in_an_actors_name) {
  pages p{"hub", "hub"};
  for (const auto topic : {verify_pin::topic, forget_pin::topic, report_card_placed::topic, report_card_removed::topic,
                           settle_checkin::topic, messages::ask_eligibility::topic, show_prompt::topic})
    BOOST_CHECK_EQUAL(refusal(p.on_said(1, said(topic))), "unknown_topic");
}

BOOST_AUTO_TEST_CASE(nonsense_is_refused_and_not_repeated) {
  pages p{"desk-1", "hub"};
  BOOST_CHECK_EQUAL(refusal(p.on_said(1, "{")), "malformed");
  BOOST_CHECK_EQUAL(refusal(p.on_said(1, "{}")), "missing_value");
  for (const auto& line : {std::string{R"({"n":1,"topic":"checkin.enter_pin","body":{"pin":"7391846205"}})"},
                           std::string{R"({"n":1,"topic":"checkin.enter_pin","body":{"checkin":"7391846205"}})"},
                           std::string{R"({"n":1,"topic":"checkin.enter_pin 7391846205)"}}) {
    const auto d = p.on_said(1, line);
    BOOST_REQUIRE_EQUAL(d.lines.size(), 1u);
    BOOST_CHECK(d.lines.front().text.find("7391846205") == std::string::npos);
    BOOST_CHECK(d.showing.empty());
  }
}

BOOST_AUTO_TEST_CASE(an_answer_goes_to_the_page_that_asked_under_its_number) {
  pages p{"desk-1", "hub"};
  const auto first = *p.on_said(4, said(stop_checkin::topic, "{}", 11)).showing.front().answer_to;
  const auto second = *p.on_said(5, said(stop_checkin::topic, "{}", 12)).showing.front().answer_to;
  const auto refused = p.on_reply(second, failure(error_code::not_now, "checkin.stop", "asking"));
  BOOST_CHECK_EQUAL(refused.lines.front().page, 5u);
  BOOST_CHECK_EQUAL(refusal(refused), "not_now");
  const auto good = p.on_reply(first, encode_body(done{}));
  BOOST_CHECK_EQUAL(good.lines.front().page, 4u);
  BOOST_CHECK_EQUAL(good.lines.front().text, R"({"n":11,"ok":true})");
  BOOST_CHECK(p.on_reply(first, encode_body(done{})).lines.empty()); // twice
}

BOOST_AUTO_TEST_CASE(a_page_that_left_is_not_answered) {
  pages p{"desk-1", "hub"};
  const auto who = *p.on_said(4, said(stop_checkin::topic)).showing.front().answer_to;
  p.on_left(4);
  BOOST_CHECK(p.on_reply(who, encode_body(done{})).lines.empty());
}

BOOST_AUTO_TEST_CASE(the_newest_prompt_wins_whatever_the_order_and_every_one_is_acknowledged) {
  pages p{"desk-1", "hub"};
  p.on_hub(true);
  const auto newer = show(p, 9, prompt::take_card);
  BOOST_CHECK(was_done(newer));
  BOOST_CHECK_EQUAL(prompt_in(newer.lines.front()), "take_card");
  const auto older = show(p, 8, prompt::enter_pin);
  BOOST_CHECK(was_done(older));
  BOOST_CHECK(older.lines.empty());
  BOOST_CHECK(show(p, 9, prompt::take_card).lines.empty()); // said again
}

BOOST_AUTO_TEST_CASE(without_the_hub_the_patient_is_sent_to_reception_and_back_when_it_is_there) {
  pages p{"desk-1", "hub"};
  BOOST_CHECK_EQUAL(prompt_in(p.on_joined(1).lines.front()), "see_reception");
  BOOST_CHECK_EQUAL(prompt_in(p.on_hub(true).lines.front()), "please_wait");
  show(p, 1, prompt::place_card);
  BOOST_CHECK_EQUAL(prompt_in(p.on_hub(false).lines.front()), "see_reception");
  BOOST_CHECK(p.on_hub(false).lines.empty());
  BOOST_CHECK_EQUAL(prompt_in(p.on_hub(true).lines.front()), "place_card");
}

BOOST_AUTO_TEST_CASE(a_new_page_is_shown_everything_also_where_reception_and_the_patient_share_a_node) {
  pages p{"hub", "hub"};
  p.on_hub(true);
  show(p, 1, prompt::choose_method);
  show_at_reception row;
  row.desk = "hub";
  row.checkin = numbered(1);
  row.sequence = 2;
  p.on_command(command_of("consent_session@hub", row));
  const auto d = p.on_joined(7);
  BOOST_REQUIRE_EQUAL(d.lines.size(), 2u);
  BOOST_CHECK_EQUAL(prompt_in(d.lines.front()), "choose_method");
  for (const auto& l : d.lines)
    BOOST_CHECK_EQUAL(l.page, 7u);
}

BOOST_AUTO_TEST_CASE(receptions_board_keeps_the_newest_of_each_check_in_and_is_bounded) {
  pages p{"hub", "hub"};
  p.on_hub(true);
  show_at_reception row;
  for (std::uint64_t n = 1; n <= pages::rows_max + 50; ++n) {
    row.checkin = numbered(n);
    row.sequence = n;
    BOOST_REQUIRE_EQUAL(p.on_command(command_of("consent_session@hub", row)).lines.size(), 1u);
  }
  row.sequence -= 1; // an older word on the same check-in
  BOOST_CHECK(p.on_command(command_of("consent_session@hub", row)).lines.empty());
  BOOST_CHECK_LE(p.on_joined(1).lines.size(), pages::rows_max + 1);
}

BOOST_AUTO_TEST_CASE(what_pages_wait_for_is_bounded) {
  pages p{"desk-1", "hub"};
  for (std::size_t n = 0; n < pages::asked_max; ++n)
    BOOST_REQUIRE(!p.on_said(1, said(stop_checkin::topic)).showing.empty());
  const auto d = p.on_said(1, said(stop_checkin::topic));
  BOOST_CHECK(d.showing.empty());
  BOOST_CHECK_EQUAL(refusal(d), "busy");
}
