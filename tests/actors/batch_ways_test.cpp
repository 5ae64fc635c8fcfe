// The other ways of asking: one person after another, and answers to uploads that come late.
#include "tests/actors/support_batches.hpp"

#include <algorithm>

using namespace actors_test;
using batch_scheduler::answered_unit;
using batch_scheduler::work;

BOOST_FIXTURE_TEST_CASE(a_late_answer_takes_an_upload_out_of_doubt_by_itself_or_when_it_is_collected, night) {
  expect(2);
  send();
  const auto batch = build();
  uploaded(failure(silent));
  pass(30'000);
  next(work::kind::find);
  take(all.on_found(batch, failure(silent), now_ms));
  say(collect_batch{batch, {}});
  BOOST_CHECK(last.replies.empty()); // whoever asks waits
  next(work::kind::find);
  take(all.on_found(batch, reception, now_ms));
  BOOST_CHECK_EQUAL(event_in<batch_accepted>(last)->reception_number, reception);
  BOOST_CHECK(!event_in<batch_accepted>(last)->told_by_staff);
  BOOST_CHECK_EQUAL(next(work::kind::collect).batch.reception_number, reception);
  answer(batch, {a_unit(0, 0), a_unit(1, 1)});
  BOOST_CHECK(reply_in<batch_status>(last)->now == batch_state::listed);
  BOOST_CHECK_EQUAL(std::ranges::count(events, batch_uploading::topic, &event_draft::topic), 1);
}

BOOST_FIXTURE_TEST_CASE(a_line_that_keeps_no_late_answers_is_looked_at_once_and_a_late_refusal_ends_it, night) {
  expect(1);
  send();
  const auto batch = build();
  uploaded(failure(silent));
  pass(30'000);
  next(work::kind::find);
  take(all.on_found(batch, failure(error_code::not_offered, "find_bulk"), now_ms));
  for (int n = 0; n < 20; ++n)
    pass(600'000);
  BOOST_CHECK(clerk.empty());
  restart();
  pass(1);
  next(work::kind::find);
  say(settle_batch{batch, reception});
  take(all.on_found(batch, failure(refused), now_ms)); // staff were quicker: theirs holds
  BOOST_CHECK(status(batch).now == batch_state::accepted);
}

BOOST_FIXTURE_TEST_CASE(a_late_refusal_ends_what_was_in_doubt, night) {
  expect(1);
  send();
  const auto batch = build();
  uploaded(failure(silent));
  pass(30'000);
  take(all.on_found(batch, failure(refused), now_ms));
  BOOST_CHECK(status(batch).now == batch_state::failed);
}

BOOST_FIXTURE_TEST_CASE(home_visits_are_asked_about_one_by_one_and_whoever_was_answered_is_not_asked_again, night) {
  say(take_visits{{a_visit(1, "20261128", care::home_visit), a_visit(2, "20261128", care::home_visit),
                   a_visit(3, "20261128", care::home_visit)}});
  say(send_batches{{}, false, true});
  BOOST_CHECK_EQUAL(reply_in<batches_begun>(last)->rows, 3u);
  const auto batch = build();
  BOOST_CHECK(!event_in<batch_uploading>(last));
  BOOST_CHECK(next(work::kind::ask).batch.kind == batch_kind::home_visit_persons);
  BOOST_CHECK(status(batch).now == batch_state::asking);
  take(all.on_units(batch, {a_unit(0, 1)}, now_ms));
  BOOST_CHECK(event_in<batch_row_answered>(last)->how == care::home_visit);
  next(work::kind::read);
  take(all.on_read(batch, failure(silent), now_ms)); // the line is gone in the middle: it goes on later
  BOOST_CHECK(status(batch).now == batch_state::written);
  restart();
  build();
  next(work::kind::ask);
  auto again = a_unit(0, 1);
  take(all.on_units(batch, {again}, now_ms)); // what the clerk tells of whom the book knows to be answered
  BOOST_CHECK(!event_in<batch_row_answered>(last));
  next(work::kind::read);
  answered_unit not_taken;
  not_taken.row = 1;
  not_taken.refused = refused;
  take(all.on_units(batch, {not_taken, a_unit(2, 3)}, now_ms));
  BOOST_CHECK_EQUAL(event_in<batch_row_refused>(last)->error, "line_refused");
  next(work::kind::read);
  take(all.on_read(batch, {}, now_ms));
  BOOST_CHECK(status(batch).now == batch_state::listed);
  BOOST_CHECK_EQUAL(event_in<batch_listed>(last)->answered, 2u);
  BOOST_CHECK_EQUAL(event_in<batch_listed>(last)->missing, 0u);
  say(send_batches{{}, true, true});
  BOOST_CHECK(refusal_in(last).code == error_code::wrong_value);
}

BOOST_AUTO_TEST_CASE(few_home_visits_are_asked_about_singly_where_it_is_configured_and_outpatients_never) {
  auto o = usual();
  o.singly_max = 2;
  night_desk n{o};
  n.say(take_visits{{a_visit(1, "20261128", care::home_visit), a_visit(2, "20261128", care::home_visit),
                     a_visit(3, "20261128")}});
  n.say(send_batches{});
  BOOST_REQUIRE_EQUAL(n.clerk.size(), 2u);
  for (const auto& w : n.clerk)
    BOOST_CHECK_EQUAL(w.batch.singly, w.batch.kind == batch_kind::home_visit_persons);
}
