// Wrong passwords: delayed, hashed in turn, and nobody else kept out by them.
#include "tests/actors/support_accounts.hpp"

using namespace actors_test;
using namespace account_admin;

BOOST_AUTO_TEST_CASE(an_unknown_id_is_treated_like_a_wrong_password) {
  house h;
  h.begin();
  const auto attempt = [&](const std::string& account) {
    auto command = command_of("screen@hub", sign_in{account, credential{"wrong"}, {}, "desk", false}, h.now_ms);
    auto out = h.book.on_command(command, h.now_ms);
    BOOST_REQUIRE_EQUAL(out.jobs.size(), 1u); // hashed, too
    return h.book.on_hashed(out.jobs.front().number, judged(out.jobs.front()), h.now_ms);
  };
  for (std::uint64_t n = 0; n < throttle::free_at_place; ++n) {
    const auto known = attempt("Staff01"), unknown = attempt("Nobody01");
    BOOST_CHECK(refusal_in(known) == refusal_in(unknown));
    BOOST_CHECK_EQUAL(event_in<sign_in_refused>(unknown)->account, ""); // it may be a password in the wrong field
    BOOST_CHECK_EQUAL(event_in<sign_in_refused>(known)->account, "Staff01");
  }
  for (const auto* account : {"Staff01", "Nobody01"}) {
    const auto late = h.say(sign_in{account, credential{"wrong"}, {}, "desk", false});
    BOOST_CHECK(refusal_in(late) == (error{error_code::sign_in_delayed, {"1"}}));
    BOOST_CHECK(late.journal.empty());
  }
  h.now_ms += 1000;
  BOOST_CHECK_EQUAL(event_in<sign_in_refused>(attempt("Staff01"))->unjudged, 1u); // the one that came early is told
}

// What takes time is the hashing: whatever is wrong with an entry, one password is judged, and no verifier made.
BOOST_AUTO_TEST_CASE(whatever_is_wrong_with_an_entry_the_same_is_hashed) {
  house h;
  h.begin();
  BOOST_REQUIRE(was_done(h.say(register_account{"Fresh01", account_kind::general}, "Kanri01")));
  h.settle("Gone01", account_kind::general, "Kanri01");
  BOOST_REQUIRE(was_done(h.say(delete_account{"Gone01"}, "Kanri01")));
  h.settle("Away01", account_kind::general, "Kanri01");
  BOOST_REQUIRE(was_done(h.say(update_account{"Away01", true, false, 0}, "Kanri01")));
  BOOST_REQUIRE(was_done(h.say(register_account{"Api01", account_kind::web_api}, "Kanri01")));
  for (const auto* account : {"Staff01", "Nobody01", "Fresh01", "Gone01", "Away01", "Api01", "Reset01"}) {
    const sign_in m{account, credential{"wrong"}, {}, "desk", false};
    const auto out = h.book.on_command(command_of("screen@hub", m, h.now_ms), h.now_ms);
    BOOST_REQUIRE_MESSAGE(out.jobs.size() == 1, account);
    BOOST_TEST((out.jobs.front().judges && out.jobs.front().make.empty()), account);
    BOOST_TEST((out.jobs.front().password == m.password), account);
    const auto end = h.book.on_hashed(out.jobs.front().number, judged(out.jobs.front()), h.now_ms);
    BOOST_TEST(end.journal.events.size() == 1u, account);
    BOOST_TEST((refusal_in(end) == error{error_code::sign_in_refused, {}}), account);
  }
}

BOOST_AUTO_TEST_CASE(guessing_at_one_place_delays_there_and_the_owner_elsewhere_signs_in) {
  house h;
  h.begin();
  for (int n = 0; n < 200; ++n) {
    h.say(sign_in{"Staff01", credential{"wrong"}, {}, "10.0.0.9", false});
    h.now_ms += 100;
  }
  BOOST_CHECK_EQUAL(code_in(h.say(sign_in{"Staff01", credential{house::good}, {}, "10.0.0.9", false})),
                    error_code::sign_in_delayed);
  BOOST_CHECK(h.enter("Staff01", house::good));
  BOOST_CHECK(h.enter("Kanri01", house::good));
}

BOOST_AUTO_TEST_CASE(a_thousand_guesses_from_fifty_accounts_leave_room_for_the_others) {
  house h;
  h.begin();
  hash_job job; // the one under way
  std::size_t told_busy = 0;
  const auto enter = [&](const std::string& account, const std::string& password, const std::string& place) {
    const sign_in m{account, credential{password}, {}, place, false};
    const auto out = h.book.on_command(command_of("screen@hub", m, h.now_ms), h.now_ms);
    if (!out.jobs.empty()) job = out.jobs.front();
    told_busy += out.replies.size();
    return out;
  };
  for (int n = 0; n < 1000; ++n)
    enter("Guess" + std::to_string(n % 50), "wrong", "pc-" + std::to_string(n % 10));
  BOOST_CHECK_EQUAL(told_busy, 1000 - 1 - waiting_line::waiting_max);
  const auto own = enter("Staff01", house::good, "pc-own");
  BOOST_REQUIRE_EQUAL(own.replies.size(), 1u); // the line is full: the guess that would have come last makes room
  BOOST_CHECK_EQUAL(code_in(own), error_code::busy);
  std::size_t hashed_before = 0;
  for (bool in = false; !in && hashed_before < 100; ++hashed_before) {
    const auto out = h.book.on_hashed(job.number, judged(job), h.now_ms);
    BOOST_REQUIRE_EQUAL(out.jobs.size(), 1u);
    job = out.jobs.front();
    in = event_in<signed_in>(out).has_value();
  }
  BOOST_CHECK_LE(hashed_before, 12u); // one under way, and one of each place that was there before
}

BOOST_AUTO_TEST_CASE(two_who_sign_in_to_one_account_at_once_are_both_judged_one_after_the_other) {
  house h;
  h.begin();
  const auto send = [&](const std::string& password) {
    const sign_in m{"Staff01", credential{password}, {}, "pc", false};
    return h.book.on_command(command_of("screen@hub", m, h.now_ms), h.now_ms);
  };
  const auto job = send("wrong").jobs.front();
  const auto second = send(house::good);
  BOOST_CHECK(second.jobs.empty() && second.replies.empty()); // it waits, and is not told to come again
  const auto out = h.book.on_hashed(job.number, judged(job), h.now_ms);
  BOOST_CHECK_EQUAL(code_in(out), error_code::sign_in_refused);
  BOOST_REQUIRE_EQUAL(out.jobs.size(), 1u);
  BOOST_CHECK(event_in<signed_in>(h.book.on_hashed(out.jobs.front().number, judged(out.jobs.front()), h.now_ms)));
}

// Many guesses at once would else all be judged before the first of them is counted.
BOOST_AUTO_TEST_CASE(guesses_sent_at_once_are_counted_before_the_next_is_judged) {
  house h;
  h.begin();
  const auto send = [&](const std::string& password) {
    return h.book.on_command(
        command_of("screen@hub", sign_in{"Staff01", credential{password}, {}, "pc", false}, h.now_ms), h.now_ms);
  };
  auto job = send("wrong 0").jobs.front();
  for (std::size_t n = 0; n < waiting_line::of_place_max; ++n)
    BOOST_CHECK(send("wrong").replies.empty());
  BOOST_CHECK_EQUAL(code_in(send("wrong")), error_code::busy);
  for (std::uint64_t judgings = 1; judgings < throttle::free_at_place; ++judgings) {
    const auto out = h.book.on_hashed(job.number, judged(job), h.now_ms);
    BOOST_REQUIRE_EQUAL(out.jobs.size(), 1u);
    job = out.jobs.front();
  }
  const auto last = h.book.on_hashed(job.number, judged(job), h.now_ms);
  BOOST_CHECK(last.jobs.empty());
  BOOST_REQUIRE_EQUAL(last.replies.size(), 3u); // the judged one, and two that came too early
  BOOST_CHECK_EQUAL(last.replies.back().body.error().code, error_code::sign_in_delayed);
}

BOOST_AUTO_TEST_CASE(who_waited_longer_than_its_sender_is_not_hashed) {
  house h;
  h.begin();
  const auto send = [&](const std::string& account) {
    const sign_in m{account, credential{house::good}, {}, "pc", false};
    return h.book.on_command(command_of("screen@hub", m, h.now_ms), h.now_ms);
  };
  const auto job = send("Staff01").jobs.front();
  BOOST_CHECK(send("Kanri01").replies.empty());
  h.now_ms += 5'001; // the commands of these tests wait five seconds
  const auto out = h.book.on_hashed(job.number, judged(job), h.now_ms);
  BOOST_CHECK(out.jobs.empty());
  BOOST_REQUIRE_EQUAL(out.replies.size(), 2u);
  BOOST_CHECK_EQUAL(out.replies.back().body.error().code, error_code::deadline_passed);
}

BOOST_AUTO_TEST_CASE(a_tool_cannot_say_where_it_is) {
  house h;
  h.begin();
  for (std::uint64_t n = 0; n < throttle::free_at_place; ++n)
    h.say(sign_in{"Staff01", credential{"wrong"}, {}, "pc-" + std::to_string(n), false}, {}, "tool@tool-1");
  const sign_in m{"Staff01", credential{house::good}, {}, "pc-9", false};
  BOOST_CHECK_EQUAL(code_in(h.say(m, {}, "tool@tool-1")), error_code::sign_in_delayed);
  BOOST_CHECK(reply_in<session_opened>(h.say(m))); // reception's page may
}

// A clinic's pages may all have one address: whoever signed in there before is let past the guesses made there.
BOOST_AUTO_TEST_CASE(at_an_address_full_of_guesses_its_own_people_still_sign_in) {
  house h;
  h.begin();
  const auto at_desk = [&](const std::string& account, const std::string& password) {
    const sign_in m{account, credential{password}, {}, "pc-1", false};
    return h.book.on_command(command_of("screen@hub", m, h.now_ms), h.now_ms);
  };
  const auto first = at_desk("Staff01", house::good).jobs.front();
  BOOST_REQUIRE(event_in<signed_in>(h.book.on_hashed(first.number, judged(first), h.now_ms)));
  const auto guess = at_desk("Guess0", "wrong").jobs.front();
  for (int n = 1; n < 50; ++n)
    at_desk("Guess" + std::to_string(n), "wrong");
  BOOST_CHECK(at_desk("Staff01", house::good).replies.empty());
  BOOST_CHECK_EQUAL(code_in(at_desk("Kanri01", house::good)), error_code::busy); // was never there: may be a guesser
  const auto next = h.book.on_hashed(guess.number, judged(guess), h.now_ms).jobs.front();
  BOOST_CHECK_EQUAL(next.account, "staff01"); // before the guesses that came earlier
}
