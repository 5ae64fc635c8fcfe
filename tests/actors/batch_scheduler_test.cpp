// Who is asked about before they come, when and why; what becomes of each request, whatever happens meanwhile.
#include "tests/actors/support_batches.hpp"

#include <algorithm>

using namespace actors_test;
using batch_scheduler::answered_unit;
using batch_scheduler::work;

BOOST_FIXTURE_TEST_CASE(the_same_appointments_again_change_nothing_and_a_cancelled_one_ends, night) {
  expect(3);
  BOOST_CHECK_EQUAL(reply_in<visits_taken>(last)->fresh, 3u);
  expect(3);
  BOOST_CHECK_EQUAL(reply_in<visits_taken>(last)->known, 3u);
  BOOST_CHECK(last.journal.events.empty());
  take_visits m{{a_visit(1, "20261128")}};
  m.rows[0].cancelled = true;
  say(m);
  BOOST_CHECK_EQUAL(reply_in<visits_taken>(last)->cancelled, 1u);
  BOOST_CHECK_EQUAL(all.visits(), 2u);
}

BOOST_FIXTURE_TEST_CASE(rows_over_the_bus_that_cannot_be_used_are_named_and_the_others_taken, night) {
  take_visits m{{a_visit(1, "20261128"), a_visit(2, "20260230"), a_visit(3, ""), a_visit(4, "20261128")}};
  auto bad = m.rows[0].who.reveal();
  bad.person.birth_date = "19480230";
  m.rows[3].who = personal{bad};
  say(m);
  const auto taken = *reply_in<visits_taken>(last);
  BOOST_CHECK_EQUAL(taken.fresh, 1u);
  BOOST_CHECK(taken.refused == (std::vector<std::string>{"row 2: day", "row 3: day", "row 4: birth_date"}));
}

BOOST_FIXTURE_TEST_CASE(whoever_is_expected_until_the_next_open_day_is_asked_about, night) {
  take_visits m{{a_visit(1, "20261128"), a_visit(2, "20261129"), a_visit(3, "20261130"), a_visit(4, "20261127"),
                 a_visit(5, "20261101", care::home_visit, "sat"), a_visit(6, "20261101", care::home_visit, "mon"),
                 a_visit(7, "20261128", care::online)}};
  say(m);
  say(plan_batches{});
  const auto plan = *reply_in<batch_plan>(last);
  BOOST_CHECK_EQUAL(plan.total, 3u); // Saturday is open: not Monday's, nor today's
  std::vector<std::string> who;
  for (const auto& row : plan.rows)
    who.push_back(row.number.reveal() + " " + std::string{name(row.why)} + " " + std::string{name(row.kind)});
  std::ranges::sort(who);
  BOOST_CHECK(who == (std::vector<std::string>{"K-1 appointment eligibility", "K-5 standing_visit home_visit_persons",
                                               "K-7 appointment online_persons"}));
  now_ms += 24 * 3'600'000; // Saturday evening: Sunday is closed, Monday is asked about
  say(plan_batches{});
  BOOST_CHECK_EQUAL(reply_in<batch_plan>(last)->total, 3u); // K-2, K-3, K-6
}

BOOST_FIXTURE_TEST_CASE(nobody_is_asked_about_twice_in_a_night_also_after_a_restart, night) {
  expect(5);
  BOOST_CHECK_EQUAL(send().rows, 5u);
  BOOST_CHECK_EQUAL(send().rows, 0u);
  BOOST_CHECK_EQUAL(reply_in<batches_begun>(last)->asked_already, 5u);
  build();
  uploaded(reception);
  restart();
  BOOST_CHECK_EQUAL(send().rows, 0u);
  now_ms += 5 * 3'600'000; // after midnight, the same night
  BOOST_CHECK_EQUAL(send().rows, 0u);
}

BOOST_FIXTURE_TEST_CASE(somebody_with_two_visits_is_asked_about_once_and_by_the_question_that_tells_more, night) {
  say(take_visits{{a_visit(1, "20261128"), a_visit(1, "20261128", care::home_visit)}});
  BOOST_CHECK_EQUAL(send().rows, 1u);
  BOOST_CHECK(clerk.front().batch.kind == batch_kind::home_visit_persons);
}

BOOST_FIXTURE_TEST_CASE(many_people_go_in_several_files_of_the_configured_size, night) {
  how.rows_per_file = 2;
  all = batch_scheduler::scheduler{how, counting_ids(), &book};
  expect(5);
  BOOST_CHECK_EQUAL(send().batches.size(), 3u);
}

BOOST_FIXTURE_TEST_CASE(claims_ask_about_everybody_of_the_month_and_tickets_come_after_the_20th, night) {
  expect(2, "20261105");
  say(take_visits{{a_visit(7, "20261030")}});
  BOOST_CHECK_EQUAL(send({asking_reason::before_claims}).rows, 2u);
  clerk.clear();
  say(send_batches{{asking_reason::medical_assistance}, false});
  BOOST_REQUIRE_EQUAL(clerk.size(), 1u);
  BOOST_CHECK(clerk.front().batch.kind == batch_kind::medical_assistance);
  BOOST_CHECK_EQUAL(clerk.front().batch.from, "202611");
}

BOOST_AUTO_TEST_CASE(a_planned_time_comes_once_and_is_caught_up_with_when_nobody_was_there) {
  auto o = usual();
  o.schedules.push_back(
      {"appointments", asking_reason::appointment, *batch_scheduler::schedule::from("every day at 19:00")});
  night_desk n{o};
  n.now_ms -= 60'000;
  n.say(take_visits{{a_visit(1, "20261128"), a_visit(2, "20261130")}});
  n.take(n.all.resume({}, n.now_ms));
  BOOST_CHECK(n.clerk.empty());
  BOOST_CHECK_EQUAL(*n.all.next_tick_ms(), n.now_ms + 60'000);
  n.say(take_visits{{a_visit(1, "20261128"), a_visit(2, "20261130")}});
  n.pass(60'000);
  BOOST_CHECK(event_in<batch_run_begun>(n.last));
  n.pass(60'000);
  BOOST_CHECK(!event_in<batch_run_begun>(n.last));
  // another process, four hours later, with the run known: nothing; unknown: it runs
  n.now_ms += 4 * 3'600'000;
  batch_scheduler::scheduler other{o, counting_ids(9000), &n.book};
  batch_scheduler::left_over left;
  left.runs["appointments"] = "20261127";
  BOOST_CHECK(!event_in<batch_run_begun>(other.resume(left, n.now_ms)));
  batch_scheduler::scheduler late{o, counting_ids(9900), &n.book};
  BOOST_CHECK(event_in<batch_run_begun>(late.resume({}, n.now_ms)));
  batch_scheduler::scheduler much_later{o, counting_ids(9990), &n.book};
  BOOST_CHECK(!event_in<batch_run_begun>(much_later.resume({}, n.now_ms + 9 * 3'600'000))); // the clinic is open
}

BOOST_FIXTURE_TEST_CASE(a_batch_goes_from_its_plan_to_the_list_and_its_upload_is_durable_before_it_begins, night) {
  expect(2);
  send();
  const auto batch = build();
  BOOST_CHECK(event_in<batch_written>(last) && event_in<batch_uploading>(last)); // written with what lets it go
  BOOST_CHECK(status(batch).now == batch_state::uploading);
  uploaded(reception);
  BOOST_CHECK_EQUAL(event_in<batch_accepted>(last)->reception_number, reception);
  pass(30'000);
  BOOST_CHECK_EQUAL(next(work::kind::collect).batch.reception_number, reception);
  take(all.on_collected(batch, std::optional<std::uint64_t>{}, now_ms)); // 処理中
  BOOST_CHECK(status(batch).now == batch_state::accepted);
  pass(60'000);
  next(work::kind::collect);
  answer(batch, {a_unit(0, 0), a_unit(1, 1)});
  BOOST_CHECK(status(batch).now == batch_state::listed);
  BOOST_CHECK_EQUAL(event_in<batch_listed>(last)->answered, 2u);
  BOOST_CHECK_EQUAL(status(batch).changes, 0u); // a first answer changes nothing
}

BOOST_FIXTURE_TEST_CASE(an_upload_that_did_not_leave_goes_again_and_one_whose_fate_is_unknown_never, night) {
  expect(1);
  send();
  const auto batch = build();
  uploaded(failure(down));
  BOOST_CHECK(status(batch).now == batch_state::written);
  pass(30'000);
  uploaded(failure(silent));
  BOOST_CHECK(status(batch).now == batch_state::doubtful);
  const auto looks = [&](int times, std::uint64_t ms) {
    for (int n = 0; n < times; ++n) {
      pass(ms);
      if (clerk.empty()) continue;
      next(work::kind::find); // it is looked for, and nothing else
      take(all.on_found(batch, failure(silent), now_ms));
    }
  };
  looks(100, 600'000);
  restart();
  looks(100, 60'000);
  BOOST_CHECK(clerk.empty());
}

BOOST_FIXTURE_TEST_CASE(a_crash_while_uploading_leaves_it_in_doubt_and_staff_say_what_became_of_it, night) {
  expect(2);
  send();
  const auto batch = build();
  restart();
  BOOST_CHECK(status(batch).now == batch_state::doubtful);
  BOOST_CHECK(event_in<batch_doubted>(last));
  BOOST_CHECK(clerk.empty());
  say(settle_batch{batch, reception});
  BOOST_CHECK(status(batch).now == batch_state::accepted);
  BOOST_CHECK(event_in<batch_accepted>(last)->told_by_staff);
  pass(30'000);
  next(work::kind::collect);
}

BOOST_FIXTURE_TEST_CASE(what_staff_do_not_find_at_the_national_system_may_be_asked_about_again_that_night, night) {
  expect(2);
  send();
  const auto batch = build();
  uploaded(failure(silent));
  BOOST_CHECK_EQUAL(send().rows, 0u);
  say(settle_batch{batch, ""});
  BOOST_CHECK(status(batch).now == batch_state::failed);
  BOOST_CHECK_EQUAL(send().rows, 2u);
  say(settle_batch{batch, reception});
  BOOST_CHECK(refusal_in(last).code == error_code::batch_not_now);
}

BOOST_FIXTURE_TEST_CASE(a_crash_in_any_state_goes_on_where_it_was, night) {
  expect(2);
  send();
  const auto batch = clerk.front().batch.batch;
  restart(); // planned
  BOOST_CHECK(clerk.front().what == work::kind::build);
  build();
  uploaded(failure(down)); // written
  restart();
  BOOST_CHECK(clerk.front().what == work::kind::build);
  build();
  uploaded(reception);
  restart(); // accepted
  pass(1);
  next(work::kind::collect);
  restart(); // collecting
  pass(1);
  next(work::kind::collect);
  take(all.on_collected(batch, std::optional<std::uint64_t>{2}, now_ms));
  next(work::kind::read);
  take(all.on_units(batch, {a_unit(0, 0)}, now_ms));
  restart(); // answered, one person taken in
  pass(1);
  next(work::kind::collect);
  answer(batch, {a_unit(0, 0), a_unit(1, 1)});
  BOOST_CHECK(status(batch).now == batch_state::listed);
  const auto told = std::ranges::count_if(events, [](const auto& e) { return e.topic == batch_row_answered::topic; });
  BOOST_CHECK_EQUAL(told, 2); // nobody's answer twice
}

BOOST_FIXTURE_TEST_CASE(a_refused_upload_and_a_result_that_never_comes_end_with_their_reason, night) {
  expect(1);
  send();
  auto batch = build();
  uploaded(failure(refused));
  BOOST_CHECK_EQUAL(status(batch).error, "line_refused");
  say(take_visits{{a_visit(9, "20261128")}});
  send();
  batch = build();
  uploaded(reception);
  for (int n = 0; n < 13 * 12 && status(batch).now != batch_state::failed; ++n) {
    pass(300'000);
    if (!clerk.empty()) {
      next(work::kind::collect);
      take(all.on_collected(batch, std::optional<std::uint64_t>{}, now_ms));
    }
  }
  BOOST_CHECK_EQUAL(status(batch).error, "result_overdue");
}

BOOST_FIXTURE_TEST_CASE(whoever_cannot_be_sent_is_named_and_the_others_go, night) {
  expect(2);
  send();
  const auto w = next(work::kind::build);
  take(all.on_built(
      w.batch.batch,
      batch_scheduler::built{1, {{(*w.rows)[0].patient, {error_code::wrong_value, {"number", "length"}}}}, {}},
      now_ms));
  BOOST_CHECK_EQUAL(event_in<batch_row_refused>(last)->error, "wrong_value");
  uploaded(reception);
  pass(30'000);
  next(work::kind::collect);
  answer(w.batch.batch, {a_unit(1, 1)});
  BOOST_CHECK_EQUAL(event_in<batch_listed>(last)->missing, 0u); // the other one was not in the request
  BOOST_CHECK_EQUAL(status(w.batch.batch).refused, 1u);
}

BOOST_FIXTURE_TEST_CASE(files_by_hand_need_their_folder_and_wait_for_the_downloaded_result, night) {
  expect(1);
  say(send_batches{{}, true});
  BOOST_CHECK(refusal_in(last).code == error_code::no_hand_folder);
  how.by_hand_possible = true;
  all = batch_scheduler::scheduler{how, counting_ids(), &book};
  expect(1);
  say(send_batches{{}, true});
  const auto w = next(work::kind::build);
  take(all.on_built(w.batch.batch, batch_scheduler::built{1, {}, "OQSmuquc01req_1.xml"}, now_ms));
  BOOST_CHECK(status(w.batch.batch).now == batch_state::saved);
  BOOST_CHECK(clerk.empty());
  say(collect_batch{w.batch.batch, "../secret"});
  BOOST_CHECK(refusal_in(last).code == error_code::wrong_value);
  say(collect_batch{w.batch.batch, "OQSmuquc02res_1.xml"});
  BOOST_CHECK_EQUAL(next(work::kind::take).file, "OQSmuquc02res_1.xml");
  answer(w.batch.batch, {a_unit(0, 0)});
  BOOST_CHECK(status(w.batch.batch).now == batch_state::listed);
}

BOOST_FIXTURE_TEST_CASE(what_changed_is_on_the_morning_list_until_somebody_accepts_it, night) {
  const auto first = accepted(2);
  pass(30'000);
  next(work::kind::collect);
  answer(first, {a_unit(0, 0), a_unit(1, 1)});
  now_ms += 24 * 3'600'000;
  expect(2, "20261130");
  send();
  const auto second = build();
  uploaded(reception);
  pass(30'000);
  next(work::kind::collect);
  answer(second, {a_unit(0, 0, "030"), a_unit(1, 1)});
  auto rows = changes();
  BOOST_REQUIRE_EQUAL(rows.size(), 1u);
  BOOST_CHECK(rows[0].what == change_kind::burden_ratio);
  BOOST_CHECK_EQUAL(rows[0].kept.reveal() + rows[0].came.reveal() + rows[0].number.reveal(), "010030K-0");
  BOOST_CHECK_EQUAL(rows[0].day, "20261128"); // expected today, too
  say(list_visits{"20261130", 0});
  auto stands = reply_in<visit_list>(last)->rows;
  BOOST_CHECK(stands.at(0).stands == visitor_standing::to_decide || stands.at(1).stands == visitor_standing::to_decide);
  say(decide_change{rows[0].change, change_decision::deferred});
  BOOST_CHECK(was_done(last));
  BOOST_CHECK_EQUAL(changes()[0].decided_by, "suzuki");
  say(decide_change{rows[0].change, change_decision::accepted});
  say(list_visits{"20261130", 0});
  stands = reply_in<visit_list>(last)->rows;
  BOOST_CHECK_EQUAL(std::ranges::count(stands, visitor_standing::accepted, &visit_row::stands), 1);
  BOOST_CHECK_EQUAL(std::ranges::count(stands, visitor_standing::unchanged, &visit_row::stands), 1);
  say(decide_change{numbered(77), change_decision::accepted});
  BOOST_CHECK(refusal_in(last).code == error_code::unknown_change);
}

BOOST_FIXTURE_TEST_CASE(a_doubled_row_counts_once_and_a_missing_one_is_missing, night) {
  const auto batch = accepted(3);
  pass(30'000);
  next(work::kind::collect);
  answer(batch, {a_unit(0, 0), a_unit(0, 0, "030"), a_unit(7, 7), a_unit(2, 2)});
  const auto listed = *event_in<batch_listed>(last);
  BOOST_CHECK_EQUAL(listed.answered, 2u);
  BOOST_CHECK_EQUAL(listed.missing, 1u);
  BOOST_CHECK_EQUAL(listed.changes, 0u);
}

BOOST_FIXTURE_TEST_CASE(who_consented_is_asked_as_often_as_somebody_wants_to_know_but_not_twice_at_a_time, night) {
  const auto begun = [&] {
    say(send_batches{{asking_reason::web_consent}, false});
    return reply_in<batches_begun>(last)->batches.size();
  };
  BOOST_CHECK_EQUAL(begun(), 2u); // home visits, and online consultations
  BOOST_CHECK_EQUAL(begun(), 0u); // the same is under way
  const auto batch = build();
  build();
  uploaded(reception);
  uploaded(reception + "2");
  pass(30'000);
  next(work::kind::collect);
  next(work::kind::collect);
  answer(batch, {});
  BOOST_CHECK_EQUAL(begun(), 1u); // of the other nothing came yet
}

BOOST_FIXTURE_TEST_CASE(somebody_found_by_their_consent_is_the_same_when_their_appointment_names_a_number, night) {
  say(send_batches{{asking_reason::web_consent}, false});
  const auto batch = build();
  build();
  uploaded(reception);
  uploaded(reception + "2");
  auto unit = a_unit(0, 7);
  unit.row.reset();
  unit.searched = {"39999901", "", "1007", "", "19480517"};
  pass(30'000);
  next(work::kind::collect);
  next(work::kind::collect);
  answer(batch, {unit});
  say(take_visits{{a_visit(7, "20261128")}});
  BOOST_CHECK_EQUAL(all.visitors(), 2u); // two ways to find one person
  BOOST_CHECK_EQUAL(book.all.size(), 1u);
  BOOST_CHECK_EQUAL(book.all.begin()->second.who.number, "K-7");
}

BOOST_FIXTURE_TEST_CASE(somebody_who_consented_at_home_is_found_by_asking_and_a_withdrawal_has_its_reason, night) {
  const auto look = [&](std::int64_t flag, consent_end ended) {
    say(send_batches{{asking_reason::web_consent}, false});
    const auto batch = build();
    build();
    uploaded(reception);
    uploaded(reception + "2");
    auto unit = a_unit(0, 5);
    unit.row.reset();
    unit.searched = {"39999901", "", "1005", "", "19480517"};
    unit.reference_number = "K-5";
    unit.answer.drugs = {flag, "20261127120000", ""};
    unit.ended = ended;
    pass(30'000);
    next(work::kind::collect);
    next(work::kind::collect);
    answer(batch, {unit});
    clerk.clear();
  };
  look(1, consent_end::none);
  auto rows = changes();
  BOOST_REQUIRE_EQUAL(rows.size(), 1u);
  BOOST_CHECK(rows[0].what == change_kind::consent_given);
  BOOST_CHECK_EQUAL(rows[0].number.reveal(), "K-5");
  now_ms += 24 * 3'600'000;
  look(2, consent_end::cancelled_by_patient);
  rows = changes();
  BOOST_REQUIRE_EQUAL(rows.size(), 2u);
  BOOST_CHECK(rows[1].what == change_kind::consent_withdrawn);
  BOOST_CHECK(rows[1].ended == consent_end::cancelled_by_patient);
}
