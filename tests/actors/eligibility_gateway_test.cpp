// One question to the national system: asked once, answered or honestly unknown, told until it was heard.
#include "tests/actors/support_gateway.hpp"

#include <algorithm>

using namespace actors_test;
using eligibility_gateway::line_answer;
using eligibility_gateway::questions;
using state = question_state;

namespace {

const auto key = numbered(1);
const error silent{error_code::line_silent, {"test"}};
const error down{error_code::line_down, {"test"}};

} // namespace

BOOST_AUTO_TEST_CASE(every_row_of_the_questions_table_is_walked) {
  using event = question_event;
  for (const auto& row : eligibility_gateway::table) {
    gateway g;
    if (row.from != state::fresh) g.say(a_question(key));
    if (row.from == state::doubtful) g.line(key, failure(silent));
    if (row.from == state::answered) g.line(key, an_answer());
    if (row.from == state::refused) g.line(key, failure(error_code::line_refused, "E1", "x"));
    const auto asked_before = g.asked.size();
    switch (row.on) {
    case event::wanted: g.say(a_question(key)); break;
    case event::answer_came: g.line(key, an_answer()); break;
    case event::nothing_sent: g.line(key, failure(down)); break;
    case event::silence: g.line(key, failure(silent)); break;
    case event::refusal: g.line(key, failure(error_code::line_refused, "E1", "x")); break;
    case event::time_to_ask_again: g.pass(60'000); break;
    case event::started_again: g.restart(); break;
    }
    BOOST_TEST_CONTEXT(name(row.from) << " on " << name(row.on)) {
      // After a restart an unknown question is `asked` again: only the view remembers the doubt.
      if (row.on != event::started_again) BOOST_CHECK_EQUAL(g.now(key), row.to);
      using effect = question_effect;
      const bool asks = row.then == effect::write_and_ask || row.then == effect::ask_same_again;
      BOOST_CHECK_EQUAL(g.asked.size() - asked_before, asks ? 1u : 0u);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_question_is_written_before_it_is_asked_and_its_answer_settles_it) {
  gateway g;
  g.say(a_question(key));
  BOOST_CHECK(event_in<question_asked>(g.last)->question == key);
  BOOST_REQUIRE_EQUAL(g.journal.outbox.size(), 1u);
  BOOST_CHECK(g.journal.outbox.front().effect == key);
  BOOST_REQUIRE_EQUAL(g.last.line.size(), 1u);
  BOOST_CHECK(g.last.line_at_once.empty());
  BOOST_CHECK(g.last.replies.empty());
  g.line(key, an_answer("K-1"));
  BOOST_CHECK(event_in<eligibility_answered>(g.last));
  const auto told = reply_in<question_report>(g.last);
  BOOST_CHECK_EQUAL(told->outcome, question_outcome::answered);
  BOOST_CHECK(told->has_reference_number);
  BOOST_CHECK_EQUAL(told->name.reveal(), "somebody");
  BOOST_CHECK(g.journal.outbox.empty());
  BOOST_CHECK(!g.all.next_tick_ms());
}

BOOST_AUTO_TEST_CASE(the_same_question_twice_is_asked_once_and_both_askers_are_answered) {
  gateway g;
  g.say(a_question(key));
  g.say(a_question(key));
  BOOST_CHECK_EQUAL(g.asked.size(), 1u);
  g.line(key, an_answer());
  BOOST_CHECK_EQUAL(g.last.replies.size(), 2u);
  g.say(a_question(key)); // and later ones hear the same
  BOOST_CHECK_EQUAL(reply_in<question_report>(g.last)->outcome, question_outcome::answered);
  BOOST_CHECK_EQUAL(g.asked.size(), 1u);
}

BOOST_AUTO_TEST_CASE(silence_is_told_once_as_unknown_and_asked_again_under_the_same_key_less_and_less_often) {
  gateway g;
  g.say(a_question(key));
  g.line(key, failure(silent));
  BOOST_CHECK_EQUAL(reply_in<question_report>(g.last)->outcome, question_outcome::unknown);
  BOOST_CHECK(event_in<outcome_unknown>(g.last));
  std::vector<std::uint64_t> waited;
  for (int n = 0; n < 8; ++n) {
    waited.push_back(*g.all.next_tick_ms() - g.now_ms);
    g.pass(waited.back());
    BOOST_REQUIRE_EQUAL(g.last.line.size(), 1u);
    BOOST_CHECK(g.last.line.front().key == key);
    BOOST_CHECK(!g.all.next_tick_ms()); // in flight: nothing else is due
    g.line(key, failure(silent));
    BOOST_CHECK(g.last.journal.empty()); // it is still unknown: nothing new to tell
    BOOST_CHECK(g.last.replies.empty());
  }
  BOOST_CHECK(std::ranges::is_sorted(waited));
  BOOST_CHECK_EQUAL(waited.front(), g.how.again_ms_first);
  BOOST_CHECK_EQUAL(waited.back(), g.how.again_ms_max);
}

BOOST_AUTO_TEST_CASE(what_was_unknown_is_settled_with_consent_session_until_it_acknowledges) {
  gateway g;
  g.say(a_question(key));
  g.line(key, failure(silent));
  g.pass(1'000);
  g.line(key, an_answer());
  BOOST_CHECK(event_in<eligibility_answered>(g.last)->settled_late);
  const auto first = sent_in<settle_checkin>(g.last.binding);
  BOOST_REQUIRE(first);
  BOOST_CHECK(first->question == key);
  BOOST_CHECK(first->checkin == numbered(500));
  BOOST_REQUIRE_EQUAL(g.journal.outbox.size(), 1u);
  const auto who = *g.last.binding.front().answer_to;
  for (int n = 0; n < 3; ++n) {
    g.take(g.all.on_reply(who, failure(error_code::dead_peer, "x"), 1, g.now_ms));
    g.pass(2'000);
    BOOST_CHECK(sent_in<settle_checkin>(g.last.binding)->question == key);
  }
  g.restart(); // not even a restart forgets it
  BOOST_CHECK(sent_in<settle_checkin>(g.last.binding)->question == key);
  g.take(g.all.on_reply(who, encode_body(done{}), 1, g.now_ms));
  BOOST_CHECK(g.journal.outbox.empty());
  BOOST_CHECK(!g.all.next_tick_ms());
}

BOOST_AUTO_TEST_CASE(a_restart_asks_again_under_the_same_identifier_with_the_same_words) {
  gateway g;
  g.say(a_question(key));
  const auto words = g.asked.front().body;
  g.restart();
  BOOST_REQUIRE_EQUAL(g.last.line.size(), 1u);
  BOOST_CHECK(g.last.line.front().key == key);
  BOOST_CHECK(g.last.line.front().body == words);
  BOOST_CHECK(g.last.journal.events.empty()); // it is written already
  g.say(a_question(key));                     // consent_session was restarted too
  BOOST_CHECK(g.last.line.empty());
  g.line(key, an_answer());
  BOOST_CHECK_EQUAL(g.last.replies.size(), 1u);
  BOOST_CHECK(sent_in<settle_checkin>(g.last.binding)); // whoever asked before the restart hears it so
}

BOOST_AUTO_TEST_CASE(a_typed_question_that_could_not_be_sent_is_not_asked_until_something_was_sent) {
  gateway g;
  g.say(a_typed_question(key));
  g.line(key, failure(down));
  BOOST_CHECK_EQUAL(reply_in<question_report>(g.last)->outcome, question_outcome::not_asked);
  g.pass(1'000);
  g.line(key, failure(silent)); // now something may have arrived
  g.say(a_typed_question(key));
  BOOST_CHECK_EQUAL(reply_in<question_report>(g.last)->outcome, question_outcome::unknown);
  g.pass(60'000);
  g.line(key, an_answer());
  BOOST_CHECK_EQUAL(sent_in<settle_checkin>(g.last.binding)->report.outcome, question_outcome::answered);
}

BOOST_AUTO_TEST_CASE(a_card_question_that_could_not_be_sent_is_unknown_and_an_expired_proof_is_refused) {
  gateway g;
  g.say(a_question(key));
  g.line(key, failure(down));
  BOOST_CHECK_EQUAL(reply_in<question_report>(g.last)->outcome, question_outcome::unknown);
  g.pass(1'000);
  g.line(key, failure(error_code::challenge_expired));
  BOOST_CHECK_EQUAL(g.now(key), state::refused);
  BOOST_CHECK_EQUAL(event_in<question_refused>(g.last)->error, "challenge_expired");
  BOOST_CHECK_EQUAL(sent_in<settle_checkin>(g.last.binding)->report.outcome, question_outcome::refused);
}

BOOST_AUTO_TEST_CASE(the_bytes_of_a_refused_answer_are_kept_with_the_refusal) {
  gateway g;
  const personal octets{bytes{'<', '9', '/', '>'}};
  g.say(a_question(key));
  g.line(key, failure(error_code::line_refused, "E1", "x"), octets);
  BOOST_CHECK(event_in<question_refused>(g.last)->original == octets);
}

BOOST_AUTO_TEST_CASE(an_answer_to_a_settled_question_changes_nothing) {
  gateway g;
  g.say(a_question(key));
  g.line(key, an_answer());
  const auto written = g.journal.events.size();
  g.line(key, an_answer());
  g.line(key, failure(silent));
  g.line(numbered(999), an_answer()); // nobody's
  BOOST_CHECK_EQUAL(g.journal.events.size(), written);
  BOOST_CHECK_EQUAL(g.now(key), state::answered);
}

BOOST_AUTO_TEST_CASE(a_number_is_registered_for_the_person_of_the_answer_and_for_nobody_else) {
  gateway g;
  const register_number registration{numbered(2),   key,      numbered(500),
                                     numbered(600), "desk-1", personal<std::string>{"K-9"}};
  g.say(registration);
  BOOST_CHECK_EQUAL(refusal_in(g.last).code, error_code::wrong_value); // no answer names a person yet
  g.say(a_question(key));
  g.line(key, an_answer());
  g.say(registration);
  BOOST_REQUIRE_EQUAL(g.last.line.size(), 1u);
  BOOST_CHECK_EQUAL(g.last.line.front().person.reveal().number, "3456");
  g.line(numbered(2), line_answer{});
  BOOST_CHECK_EQUAL(event_in<reference_number_registered>(g.last)->number.reveal(), "K-9");
  BOOST_CHECK_EQUAL(reply_in<question_report>(g.last)->outcome, question_outcome::answered);
}

BOOST_AUTO_TEST_CASE(a_registration_under_way_is_asked_again_after_a_restart_for_the_same_person) {
  gateway g;
  g.say(a_question(key));
  g.line(key, an_answer());
  const auto answered = g.all.all().at(key);
  g.say(register_number{numbered(2), key, numbered(500), numbered(600), "desk-1", personal<std::string>{"K-9"}});
  g.restart({answered});
  BOOST_REQUIRE_EQUAL(g.last.line.size(), 1u);
  BOOST_CHECK_EQUAL(g.last.line.front().person.reveal().number, "3456");
}

BOOST_AUTO_TEST_CASE(recalling_asks_nobody_outside) {
  gateway g;
  g.say(recall_answer{key});
  BOOST_CHECK_EQUAL(refusal_in(g.last).code, error_code::wrong_value);
  g.say(a_question(key));
  g.line(key, an_answer());
  g.say(recall_answer{key});
  BOOST_CHECK_EQUAL(reply_in<question_report>(g.last)->judged, validity::valid);
  BOOST_CHECK_EQUAL(g.asked.size(), 1u);
}

BOOST_AUTO_TEST_CASE(a_question_needs_an_identifier) {
  gateway g;
  g.say(a_question({}));
  BOOST_CHECK_EQUAL(refusal_in(g.last).code, error_code::missing_value);
}

// -- limits --------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(challenges_do_not_wait_for_the_journal_and_are_limited) {
  gateway g;
  g.how.challenges_in_flight_max = 3;
  g.all = questions{g.how, counting_ids()};
  std::vector<id> keys;
  for (int n = 0; n < 3; ++n) {
    g.say(obtain_challenge{});
    BOOST_CHECK(g.last.journal.empty());
    BOOST_REQUIRE_EQUAL(g.last.line_at_once.size(), 1u);
    BOOST_CHECK_LE(g.last.line_at_once.front().wait_ms_max, g.how.challenge_wait_ms_max);
    keys.push_back(g.last.line_at_once.front().key);
  }
  g.say(obtain_challenge{});
  BOOST_CHECK_EQUAL(refusal_in(g.last).code, error_code::busy);
  g.take(g.all.on_challenge(keys[0], eligibility_gateway::challenge{"c", bytes{1}}, g.now_ms));
  BOOST_CHECK_EQUAL(reply_in<challenge_obtained>(g.last)->challenge_id, "c");
  g.take(g.all.on_challenge(keys[1], failure(down), g.now_ms));
  BOOST_CHECK_EQUAL(refusal_in(g.last).code, error_code::line_down);
  g.take(g.all.on_challenge(keys[1], failure(down), g.now_ms)); // twice
  BOOST_CHECK(g.last.replies.empty());
  g.say(obtain_challenge{});
  BOOST_CHECK(g.last.replies.empty());
}

BOOST_AUTO_TEST_CASE(settled_questions_are_forgotten_first_and_open_ones_never) {
  gateway g;
  g.how.questions_max = 4;
  g.all = questions{g.how, counting_ids()};
  for (std::uint64_t n = 1; n <= 4; ++n)
    g.say(a_question(numbered(n)));
  g.say(a_question(numbered(5)));
  BOOST_CHECK_EQUAL(refusal_in(g.last).code, error_code::busy);
  g.line(numbered(2), an_answer());
  g.say(a_question(numbered(5)));
  BOOST_CHECK_EQUAL(g.last.line.size(), 1u);
  BOOST_CHECK(!g.all.all().contains(numbered(2)));
  BOOST_CHECK_EQUAL(g.all.all().size(), 4u);
}

BOOST_AUTO_TEST_CASE(those_who_wait_for_one_question_are_bounded) {
  gateway g;
  for (int n = 0; n < 20; ++n)
    g.say(a_question(key));
  BOOST_CHECK_EQUAL(refusal_in(g.last).code, error_code::busy);
  g.line(key, an_answer());
  BOOST_CHECK_EQUAL(g.last.replies.size(), g.how.waiting_max);
}

BOOST_AUTO_TEST_CASE(a_question_whose_words_were_lost_is_not_asked_without_them) {
  gateway g;
  eligibility_gateway::question doubtful;
  doubtful.key = key;
  doubtful.now = state::doubtful;
  g.restart({doubtful});
  g.pass(60'000);
  BOOST_CHECK(g.asked.empty());
}
