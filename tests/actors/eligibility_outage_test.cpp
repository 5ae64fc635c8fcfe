// The line is lost and comes back: nobody waits for it, nobody is forgotten, and patients never wait for bulk work.
#include "tests/actors/support_gateway.hpp"

#include <algorithm>

using namespace actors_test;
using state = question_state;

namespace {

const error silent{error_code::line_silent, {"test"}};
const error down{error_code::line_down, {"test"}};

ask_typed in_background(id key) {
  auto m = a_typed_question(key);
  m.background = true;
  return m;
}

/// Three different questions that found nobody: the circuit is open.
void lose_line(gateway& g, std::uint64_t first = 900) {
  for (std::uint64_t n = first; n < first + 3; ++n) {
    g.say(a_typed_question(numbered(n)));
    g.line(numbered(n), failure(down));
  }
  BOOST_REQUIRE(!g.all.line_up());
}

/// The trial that is due goes out and is answered.
void line_returns(gateway& g) {
  const auto at = *g.all.next_tick_ms();
  g.pass(at > g.now_ms ? at - g.now_ms : 0);
  BOOST_REQUIRE_EQUAL(g.last.line_at_once.size(), 1u);
  g.take(g.all.on_challenge(g.last.line_at_once.front().key, eligibility_gateway::challenge{"c", {}}, g.now_ms));
  BOOST_REQUIRE(g.all.line_up());
}

std::vector<id> keys_of(const std::vector<eligibility_gateway::line_request>& line) {
  std::vector<id> keys;
  for (const auto& r : line)
    keys.push_back(r.key);
  return keys;
}

} // namespace

BOOST_AUTO_TEST_CASE(bulk_work_never_takes_a_patients_place) {
  gateway g;
  for (std::uint64_t n = 1; n <= 500; ++n)
    g.say(in_background(numbered(n)));
  BOOST_CHECK_EQUAL(g.asked.size(), g.how.traffic.background_in_flight_max);
  for (std::uint64_t n = 0; n < g.how.traffic.real_time_in_flight_max; ++n) {
    g.say(a_question(numbered(1000 + n)));
    BOOST_REQUIRE_EQUAL(g.last.line.size(), 1u); // at once, as if there were no bulk work
    BOOST_CHECK(g.last.line.front().key == numbered(1000 + n));
  }
  g.line(numbered(1), an_answer()); // a place of the background's goes to the next of the background
  BOOST_CHECK(keys_of(g.last.line) == std::vector{numbered(3)});
}

BOOST_AUTO_TEST_CASE(no_more_questions_travel_than_there_are_places_and_the_rest_go_in_order) {
  gateway g;
  for (std::uint64_t n = 1; n <= 9; ++n)
    g.say(a_question(numbered(n)));
  BOOST_CHECK_EQUAL(g.asked.size(), 6u);
  g.line(numbered(4), an_answer());
  BOOST_CHECK(keys_of(g.last.line) == std::vector{numbered(7)});
  g.line(numbered(1), an_answer());
  BOOST_CHECK(keys_of(g.last.line) == std::vector{numbered(8)});
}

BOOST_AUTO_TEST_CASE(a_patient_without_a_place_is_told_in_time_and_keeps_the_place_in_the_queue) {
  gateway g;
  for (std::uint64_t n = 1; n <= 6; ++n)
    g.say(a_question(numbered(n)));
  g.say(a_typed_question(numbered(7)));
  BOOST_CHECK(g.last.line.empty());
  BOOST_CHECK_LE(*g.all.next_tick_ms(), g.now_ms + g.how.place_wait_ms_max);
  g.pass(g.how.place_wait_ms_max);
  BOOST_CHECK_EQUAL(reply_in<question_report>(g.last)->outcome, question_outcome::not_asked);
  g.line(numbered(1), an_answer());
  BOOST_CHECK(keys_of(g.last.line) == std::vector{numbered(7)});
  g.line(numbered(7), an_answer());
  BOOST_CHECK_EQUAL(sent_in<settle_checkin>(g.last.binding)->report.outcome, question_outcome::answered);
}

BOOST_AUTO_TEST_CASE(three_different_failures_in_a_row_lose_the_line_and_the_same_one_three_times_does_not) {
  gateway g;
  g.say(a_question(numbered(1)));
  for (int n = 0; n < 5; ++n) {
    g.line(numbered(1), failure(silent));
    g.pass(60'000);
  }
  BOOST_CHECK(g.all.line_up());
  g.line(numbered(1), an_answer()); // somebody was reached: the count begins anew
  lose_line(g);
  BOOST_CHECK_EQUAL(event_in<line_lost>(g.last)->error, "line_down");
}

BOOST_AUTO_TEST_CASE(while_the_line_is_lost_nobody_waits_for_it) {
  gateway g;
  lose_line(g);
  const auto asked = g.asked.size();
  g.say(a_typed_question(numbered(1)));
  BOOST_CHECK_EQUAL(reply_in<question_report>(g.last)->outcome, question_outcome::not_asked);
  BOOST_CHECK(event_in<question_asked>(g.last)); // written all the same: it is asked later
  g.say(a_question(numbered(2)));
  BOOST_CHECK_EQUAL(reply_in<question_report>(g.last)->outcome, question_outcome::unknown);
  g.say(obtain_challenge{});
  BOOST_CHECK_EQUAL(refusal_in(g.last).code, error_code::line_down);
  BOOST_CHECK_EQUAL(g.asked.size(), asked);
  BOOST_CHECK_EQUAL(g.journal.outbox.size(), 5u);
}

BOOST_AUTO_TEST_CASE(a_lost_line_is_tried_with_a_challenge_less_and_less_often_and_never_with_a_patient) {
  gateway g;
  lose_line(g);
  const auto asked = g.asked.size();
  std::vector<std::uint64_t> waited;
  for (int n = 0; n < 6; ++n) {
    waited.push_back(*g.all.next_tick_ms() - g.now_ms);
    g.pass(waited.back());
    BOOST_REQUIRE_EQUAL(g.last.line_at_once.size(), 1u);
    const auto trial = g.last.line_at_once.front().key;
    BOOST_CHECK(!g.all.next_tick_ms()); // one trial at a time
    g.take(g.all.on_challenge(trial, failure(silent), g.now_ms));
  }
  BOOST_CHECK(!g.all.line_up());
  BOOST_CHECK_LE(std::ranges::max(waited), g.how.traffic.trial_ms_max);
  BOOST_CHECK_EQUAL(g.asked.size(), asked);
}

BOOST_AUTO_TEST_CASE(a_line_without_challenges_is_tried_with_the_oldest_question_alone_under_its_own_identifier) {
  gateway g;
  lose_line(g, 900);
  g.say(a_typed_question(numbered(950)));
  const auto pass_to_trial = [&] { g.pass(*g.all.next_tick_ms() - g.now_ms); };
  pass_to_trial();
  g.take(g.all.on_challenge(g.last.line_at_once.front().key, failure(error_code::not_offered, "challenge"), g.now_ms));
  BOOST_CHECK(!g.all.line_up()); // that there are no challenges says nothing about the line
  for (int n = 0; n < 4; ++n) {
    BOOST_CHECK(g.last.line_at_once.empty());
    BOOST_REQUIRE(keys_of(g.last.line) == std::vector{numbered(900)});
    BOOST_CHECK(!g.all.next_tick_ms()); // one trial at a time, and nobody beside it
    g.line(numbered(900), failure(silent));
    BOOST_CHECK(!g.all.line_up());
    BOOST_CHECK(g.last.line.empty());
    BOOST_CHECK_LE(*g.all.next_tick_ms() - g.now_ms, g.how.traffic.trial_ms_max);
    pass_to_trial();
  }
  g.line(numbered(900), an_answer());
  BOOST_CHECK(g.all.line_up());
  BOOST_CHECK(event_in<line_restored>(g.last));
  BOOST_CHECK(keys_of(g.last.line) == (std::vector{numbered(901), numbered(902), numbered(950)}));
}

BOOST_AUTO_TEST_CASE(a_lost_line_without_challenges_and_without_open_questions_waits_and_does_not_spin) {
  gateway g;
  g.restart({}, {.line_lost_ms = start_ms - 1000});
  g.pass(*g.all.next_tick_ms() - g.now_ms);
  g.take(g.all.on_challenge(g.last.line_at_once.front().key, failure(error_code::not_offered, "challenge"), g.now_ms));
  for (int n = 0; n < 4; ++n) {
    BOOST_REQUIRE_GT(*g.all.next_tick_ms(), g.now_ms);
    g.pass(*g.all.next_tick_ms() - g.now_ms);
    BOOST_CHECK(g.last.line.empty() && g.last.line_at_once.empty());
  }
  g.say(a_typed_question(numbered(1))); // the next patient's question is the trial
  g.pass(*g.all.next_tick_ms() - g.now_ms);
  BOOST_CHECK(keys_of(g.last.line) == std::vector{numbered(1)});
  g.line(numbered(1), failure(error_code::line_unprocessed, "err")); // 連携アプリ has spoken: it is there
  BOOST_CHECK(g.all.line_up());
}

BOOST_AUTO_TEST_CASE(when_the_line_is_back_everything_is_asked_in_the_order_in_which_it_was_wanted) {
  gateway g;
  lose_line(g);
  for (std::uint64_t n = 1000; n < 1010; ++n)
    g.say(a_typed_question(numbered(n)));
  g.now_ms += 7'200'000;
  line_returns(g);
  BOOST_CHECK_EQUAL(event_in<line_restored>(g.last)->lasted_ms, 7'200'000u);
  std::vector<id> order;
  for (auto going = keys_of(g.last.line); !going.empty();) {
    const auto next = going.front();
    going.erase(going.begin());
    order.push_back(next);
    g.line(next, an_answer());
    const auto more = keys_of(g.last.line);
    going.insert(going.end(), more.begin(), more.end());
  }
  BOOST_CHECK_EQUAL(order.size(), 13u);
  BOOST_CHECK(std::ranges::is_sorted(order));
  for (const auto& [k, q] : g.all.all())
    BOOST_CHECK_EQUAL(q.now, state::answered);
}

BOOST_AUTO_TEST_CASE(an_outage_goes_on_over_a_restart_and_nothing_that_may_have_been_sent_is_called_not_asked) {
  gateway g;
  g.say(a_typed_question(numbered(1))); // travels when the process dies
  g.restart({}, {.line_lost_ms = start_ms - 1000});
  BOOST_CHECK(!g.all.line_up());
  BOOST_CHECK(g.last.line.empty());
  BOOST_CHECK_EQUAL(g.all.all().at(numbered(1)).report.outcome, question_outcome::unknown);
  line_returns(g);
  BOOST_CHECK_EQUAL(event_in<line_restored>(g.last)->lasted_ms, g.now_ms - start_ms + 1000);
  BOOST_CHECK(keys_of(g.last.line) == std::vector{numbered(1)});
}

BOOST_AUTO_TEST_CASE(a_refusal_about_one_question_says_nothing_about_the_line) {
  gateway g;
  for (std::uint64_t n = 1; n <= 5; ++n) {
    g.say(a_question(numbered(n)));
    g.line(numbered(n), failure(error_code::wrong_value, "symbol", "too long"));
  }
  BOOST_CHECK(g.all.line_up());
}

BOOST_AUTO_TEST_CASE(a_registration_asked_again_after_its_answer_was_forgotten_still_has_its_person) {
  gateway g;
  g.say(a_question(numbered(1)));
  g.line(numbered(1), an_answer());
  g.say(register_number{
      numbered(2), numbered(1), numbered(500), numbered(600), "desk-1", personal<std::string>{"K-9"}, {}, false});
  g.line(numbered(2), failure(silent));
  g.now_ms += 49u * 3600 * 1000;
  g.restart(); // the view has let go of the answer: only the outbox is left
  BOOST_REQUIRE_EQUAL(g.last.line.size(), 1u);
  BOOST_CHECK_EQUAL(g.last.line.front().person.reveal().number, "3456");
}
