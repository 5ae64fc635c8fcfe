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

/// What @p key holds in a patch, or in a snapshot.
value in_line(const screen::line& l, std::string_view key) {
  const auto v = *from_json(l.text);
  const auto* all = v.find("snapshot");
  const auto* found = (all ? all : &v)->find(key);
  return found ? *found : value{};
}

std::string prompt_in(const screen::line& l) {
  const auto p = in_line(l, "prompt");
  const auto* shown = p.find("shown");
  return shown ? *shown->as<std::string>() : "";
}

std::uint64_t sequence_in(const screen::line& l) { return *from_json(l.text)->find("seq")->as_unsigned(); }

const screen::visitor patient{screen::page_kind::patient, ""}, receptionist{screen::page_kind::reception, "suzuki"},
    monitoring{screen::page_kind::monitor, "suzuki"};

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

BOOST_AUTO_TEST_CASE(what_a_frame_showed_is_told_to_the_patients_page_while_the_face_is_in_the_frame) {
  pages p{"desk-1", "hub"};
  p.on_hub(true);
  p.on_joined(1, patient);
  const auto sight = [&](id checkin) {
    return p.on_command(command_of("face_matcher@desk-1", show_sight{checkin, face_sight::too_far})).lines;
  };
  show(p, 5, prompt::choose_method);
  BOOST_CHECK(sight(numbered(1)).empty()); // late: another screen is shown
  show(p, 6, prompt::show_face);
  BOOST_CHECK(sight(numbered(2)).empty()); // of another check-in
  const auto lines = sight(numbered(1));
  BOOST_REQUIRE_EQUAL(lines.size(), 1u);
  BOOST_CHECK_EQUAL(*in_line(lines.front(), "sight").find("seen")->as<std::string>(), "too_far");
}

BOOST_AUTO_TEST_CASE(no_page_speaks_to_a_reader_or_in_an_actors_name) {
  pages p{"hub", "hub"};
  for (const auto topic : {read_photo::topic, prove_by_face::topic, match_face::topic, show_sight::topic,
                           verify_pin::topic, forget_pin::topic, report_card_placed::topic, report_card_removed::topic,
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
  p.on_joined(1, patient);
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
  BOOST_CHECK_EQUAL(prompt_in(p.on_joined(1, {}).lines.front()), "see_reception");
  BOOST_CHECK_EQUAL(prompt_in(p.on_hub(true).lines.front()), "please_wait");
  show(p, 1, prompt::place_card);
  BOOST_CHECK_EQUAL(prompt_in(p.on_hub(false).lines.front()), "see_reception");
  BOOST_CHECK(p.on_hub(false).lines.empty());
  // The hub says again what it asks; what it asked before may be over.
  BOOST_CHECK_EQUAL(prompt_in(p.on_hub(true).lines.front()), "please_wait");
  BOOST_CHECK_EQUAL(prompt_in(show(p, 1, prompt::place_card).lines.front()), "place_card");
}

BOOST_AUTO_TEST_CASE(a_hub_whose_clock_was_set_back_is_listened_to) {
  pages p{"desk-1", "hub"};
  p.on_hub(true);
  p.on_joined(1, patient);
  show(p, 1'000'000, prompt::take_card);
  p.on_hub(false);
  p.on_hub(true);
  BOOST_CHECK_EQUAL(prompt_in(show(p, 5, prompt::place_card).lines.front()), "place_card");
}

BOOST_AUTO_TEST_CASE(a_screen_that_starts_asks_to_be_shown_everything) {
  pages desk{"desk-1", "hub"};
  const auto asked = desk.on_hub(true);
  BOOST_REQUIRE_EQUAL(asked.showing.size(), 1u);
  BOOST_CHECK_EQUAL(asked.showing.front().topic, show_again::topic);
  BOOST_CHECK((asked.showing.front().to == address{"consent_session", "hub"}));
  pages reception{"hub", "hub"};
  BOOST_CHECK_EQUAL(reception.on_hub(true).showing.size(), 2u); // desks, too
}

BOOST_AUTO_TEST_CASE(each_page_gets_a_snapshot_and_then_patches_in_its_own_sequence) {
  pages p{"hub", "hub"};
  p.on_hub(true);
  BOOST_CHECK_EQUAL(sequence_in(p.on_joined(1, patient).lines.front()), 1u);
  BOOST_CHECK_EQUAL(sequence_in(show(p, 1, prompt::place_card).lines.front()), 2u);
  BOOST_CHECK_EQUAL(sequence_in(p.on_joined(2, patient).lines.front()), 1u);
  const auto both = show(p, 2, prompt::choose_method);
  BOOST_REQUIRE_EQUAL(both.lines.size(), 2u);
  BOOST_CHECK_EQUAL(sequence_in(both.lines[0]), 3u);
  BOOST_CHECK_EQUAL(sequence_in(both.lines[1]), 2u);
  p.on_left(1);
  BOOST_CHECK_EQUAL(show(p, 3, prompt::take_card).lines.size(), 1u);
}

BOOST_AUTO_TEST_CASE(a_page_is_shown_only_what_is_its_own) {
  pages p{"hub", "hub"};
  p.on_hub(true);
  for (std::uint64_t n = 1; n <= 3; ++n)
    p.on_joined(n, n == 1 ? patient : n == 2 ? receptionist : monitoring);
  const auto told = [](const screen::decision& d) {
    std::vector<std::uint64_t> all;
    for (const auto& l : d.lines)
      all.push_back(l.page);
    return all;
  };
  show_at_reception row;
  row.checkin = numbered(1);
  row.sequence = 1;
  row.name = personal<std::string>{"SIMULATED Taro"};
  show_desk desk;
  desk.desk.desk = "desk-1";
  BOOST_CHECK((told(show(p, 1, prompt::place_card)) == std::vector<std::uint64_t>{1}));
  BOOST_CHECK((told(p.on_command(command_of("consent_session@hub", row))) == std::vector<std::uint64_t>{2}));
  BOOST_CHECK((told(p.on_command(command_of("desks@hub", desk))) == std::vector<std::uint64_t>{2, 3}));
  for (const auto& who : {patient, monitoring})
    BOOST_CHECK(p.on_joined(9, who).lines.front().text.find("Taro") == std::string::npos);
  BOOST_CHECK(p.on_joined(10, receptionist).lines.front().text.find("Taro") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(staff_do_not_press_the_patients_buttons_and_patients_not_the_staffs) {
  pages p{"hub", "hub"};
  p.on_joined(1, patient);
  p.on_joined(2, receptionist);
  p.on_joined(3, monitoring);
  for (const auto topic : {choose_method::topic, answer_consents::topic, call_staff::topic, extend_time::topic}) {
    BOOST_CHECK_EQUAL(p.on_said(1, said(topic)).showing.size(), 1u);
    BOOST_CHECK_EQUAL(refusal(p.on_said(2, said(topic))), "not_allowed");
    BOOST_CHECK_EQUAL(refusal(p.on_said(3, said(topic))), "not_allowed");
  }
  for (const auto topic : {finish_at_window::topic, attend_desk::topic, switch_mode::topic}) {
    BOOST_CHECK_EQUAL(refusal(p.on_said(1, said(topic))), "not_allowed");
    BOOST_CHECK_EQUAL(p.on_said(2, said(topic)).showing.size(), 1u);
    BOOST_CHECK_EQUAL(refusal(p.on_said(3, said(topic))), "not_allowed");
  }
}

BOOST_AUTO_TEST_CASE(the_monitor_reads_the_journal_and_sees_no_person) {
  pages p{"hub", "hub"};
  p.on_joined(1, receptionist);
  p.on_joined(2, monitoring);
  const auto ask = R"({"n":4,"topic":"screen.read_events","body":{"from":7,"limit":9999,"topics":["checkin."]}})";
  BOOST_CHECK_EQUAL(refusal(p.on_said(1, ask)), "unknown_topic");
  const auto d = p.on_said(2, ask);
  BOOST_REQUIRE_EQUAL(d.reads.size(), 1u);
  BOOST_CHECK_EQUAL(d.reads[0].from, 7u);
  BOOST_CHECK_LE(d.reads[0].limit, 200u);
  event_envelope e;
  e.v = 1;
  e.index = 7;
  e.topic = registration_requested::topic;
  e.body = encode_body(registration_requested{numbered(1), numbered(2), personal<std::string>{"0001234"}});
  const auto line = pages::answer_events(d.reads[0], {e, e}, 9, 8);
  BOOST_CHECK_EQUAL(line.page, 2u);
  BOOST_CHECK(from_json(line.text).has_value());
  BOOST_CHECK(line.text.find("0001234") == std::string::npos);
  BOOST_CHECK(line.text.find("redacted") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(receptions_board_keeps_the_newest_of_each_check_in_and_is_bounded) {
  pages p{"hub", "hub"};
  p.on_hub(true);
  p.on_joined(1, receptionist);
  show_at_reception row;
  for (std::uint64_t n = 1; n <= pages::rows_max + 50; ++n) {
    row.checkin = numbered(n);
    row.sequence = n;
    BOOST_REQUIRE_EQUAL(p.on_command(command_of("consent_session@hub", row)).lines.size(), 1u);
  }
  row.sequence -= 1; // an older word on the same check-in
  BOOST_CHECK(p.on_command(command_of("consent_session@hub", row)).lines.empty());
  BOOST_CHECK_EQUAL(in_line(p.on_joined(2, receptionist).lines.front(), "checkins").as<value::array>()->size(),
                    pages::rows_max);
}

BOOST_AUTO_TEST_CASE(what_pages_wait_for_is_bounded) {
  pages p{"desk-1", "hub"};
  for (std::size_t n = 0; n < pages::asked_max; ++n)
    BOOST_REQUIRE(!p.on_said(1, said(stop_checkin::topic)).showing.empty());
  const auto d = p.on_said(1, said(stop_checkin::topic));
  BOOST_CHECK(d.showing.empty());
  BOOST_CHECK_EQUAL(refusal(d), "busy");
}

BOOST_AUTO_TEST_CASE(receptions_page_sees_visual_checks_and_the_patients_does_not) {
  pages p{"hub", "hub"};
  p.on_hub(true);
  p.on_joined(1, receptionist);
  p.on_joined(2, patient);
  p.on_joined(3, monitoring);
  const show_visual_check shown{"desk-1", 5, visual_stage::comparing, true, {}};
  const auto d = p.on_command(command_of("consent_session@hub", shown));
  BOOST_REQUIRE_EQUAL(d.lines.size(), 1u);
  BOOST_CHECK_EQUAL(d.lines.front().page, 1u);
  BOOST_CHECK_EQUAL(*in_line(d.lines.front(), "visual").find("stage")->as<std::string>(), "comparing");
  const show_visual_check older{"desk-1", 4, visual_stage::none, false, {}};
  BOOST_CHECK(p.on_command(command_of("consent_session@hub", older)).lines.empty());
  const auto snapshot = in_line(p.on_joined(4, receptionist).lines.front(), "visuals");
  BOOST_CHECK_EQUAL(snapshot.as<value::array>()->size(), 1u);
}

BOOST_AUTO_TEST_CASE(what_was_asked_to_be_read_comes_back_with_its_answer) {
  pages p{"hub", "hub"};
  p.on_joined(1, receptionist);
  const auto asked = *p.on_said(1, said(list_waiting::topic)).showing.front().answer_to;
  const auto d = p.on_reply(asked, encode_body(waiting_list{true, {}}));
  BOOST_CHECK(*in_line(d.lines.front(), "body").find("line_up")->as<bool>());
  const auto done_only = *p.on_said(1, said(finish_at_window::topic)).showing.front().answer_to;
  BOOST_CHECK_EQUAL(p.on_reply(done_only, encode_body(done{})).lines.front().text, R"({"n":1,"ok":true})");
}

BOOST_AUTO_TEST_CASE(who_vouches_is_who_signed_in) {
  pages p{"hub", "hub"};
  p.on_joined(1, receptionist);
  BOOST_CHECK_EQUAL(p.on_said(1, said(vouch::topic, R"({"desk":"desk-1"})")).showing.front().account, "suzuki");
  BOOST_CHECK_EQUAL(p.on_said(9, said(vouch::topic, R"({"desk":"desk-1"})")).showing.front().account,
                    ""); // hands that nobody signed in
  pages desk{"desk-1", "hub"};
  desk.on_joined(1, patient);
  BOOST_CHECK_EQUAL(refusal(desk.on_said(1, said(vouch::topic))), "not_allowed");
}

BOOST_AUTO_TEST_CASE(todays_list_is_receptions_alone) {
  pages p{"hub", "hub"};
  p.on_joined(1, receptionist);
  p.on_joined(2, monitoring);
  BOOST_CHECK_EQUAL(p.on_said(1, said("screen.read_today")).todays.size(), 1u);
  BOOST_CHECK_EQUAL(refusal(p.on_said(2, said("screen.read_today"))), "unknown_topic");
  const auto l = pages::answer_today({1, 7}, value{value::array{}}, true);
  BOOST_CHECK_EQUAL(l.text, R"({"n":7,"ok":true,"more":true,"rows":[]})");
}

BOOST_AUTO_TEST_CASE(a_screen_asks_again_until_everything_can_be_shown) {
  pages p{"hub", "hub"};
  const auto asked = p.on_hub(true).showing;
  BOOST_REQUIRE_EQUAL(asked.size(), 2u);
  p.on_reply(*asked[0].answer_to, failure(error_code::unknown_address, "consent_session@hub")); // being started
  p.on_reply(*asked[1].answer_to, encode_body(done{}));
  BOOST_CHECK(p.wants_again());
  const auto again = p.on_tick().showing;
  BOOST_REQUIRE_EQUAL(again.size(), 1u);
  BOOST_CHECK((again.front().to == address{"consent_session", "hub"}));
  p.on_reply(*again.front().answer_to, encode_body(done{}));
  BOOST_CHECK(!p.wants_again());
}
