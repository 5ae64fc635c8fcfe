// What a restart makes of open check-ins, and questions whose outcome comes late.
#include "tests/actors/support.hpp"

#include <algorithm>
#include <random>
#include <set>

using namespace actors_test;
using state = checkin_state;

namespace {

/// The happy story, told a step at a time; after each step the test may do as it likes.
std::vector<std::function<void(clinic&, id&)>> story() {
  return {
      [](clinic& c, id& checkin) { checkin = c.place(); },
      [](clinic& c, id& checkin) {
        c.from_page(choose_method{checkin, identity_method::pin});
      },
      [](clinic& c, id&) { c.answer(obtain_challenge::topic, a_challenge()); },
      [](clinic& c, id& checkin) {
        c.from_page(enter_pin{checkin});
      },
      [](clinic& c, id&) { c.answer(verify_pin::topic, wrong_pin(2)); },
      [](clinic& c, id& checkin) {
        c.from_page(enter_pin{checkin});
      },
      [](clinic& c, id&) { c.answer(verify_pin::topic, right_pin()); },
      [](clinic& c, id& checkin) { c.give_consents(checkin); },
      [](clinic& c, id& checkin) { c.provide(checkin); },
      [](clinic& c, id&) { c.report(question_outcome::answered, validity::valid, false); },
      [](clinic& c, id& checkin) {
        c.from_reception(register_reference_number{checkin, personal<std::string>{"K-0042"}});
      },
      [](clinic& c, id&) {
        c.answer(register_number::topic, question_report{question_outcome::answered, {}, true, {}, {}, {}});
      },
  };
}

/// Every identifier under which the centre was, or is to be, asked.
std::set<id> questions_asked(const clinic& c) {
  std::set<id> all;
  for (const auto& e : c.journal.events)
    if (const auto m = body_as<consents_recorded>(e)) all.insert(m->question);
  return all;
}

std::size_t written(const clinic& c, std::string_view topic) {
  return static_cast<std::size_t>(
      std::ranges::count(c.journal.events, topic, [](const auto& e) { return std::string_view{e.topic}; }));
}

} // namespace

BOOST_AUTO_TEST_CASE(after_every_step_a_restart_with_the_same_card_goes_on_and_repeats_no_verify) {
  const auto steps = story();
  for (std::size_t cut = 1; cut <= steps.size(); ++cut) {
    clinic c;
    id checkin;
    for (std::size_t n = 0; n < cut; ++n)
      steps[n](c, checkin);
    const auto before = c.now(checkin);
    const auto allowed = written(c, pin_attempt_allowed::topic);
    const auto asked = questions_asked(c);
    BOOST_TEST_CONTEXT("after " << cut << " steps, at " << name(before)) {
      c.restart();
      BOOST_REQUIRE(c.is_open(checkin));
      BOOST_CHECK_EQUAL(count_of(c.last.binding, verify_pin::topic) + count_of(c.last.showing, verify_pin::topic), 0u);
      BOOST_CHECK_EQUAL(written(c, pin_attempt_ended::topic), allowed); // none is left open
      if (before == state::verifying)
        BOOST_CHECK_EQUAL(event_in<pin_attempt_ended>(c.last)->outcome, pin_outcome::in_doubt);
      if (before == state::asking) {
        const auto again = sent_in<ask_eligibility>(c.last.showing);
        BOOST_REQUIRE(again);
        BOOST_CHECK(asked.contains(again->question));
        BOOST_CHECK((again->signature.reveal() == bytes{8, 8}));
      }
      c.from_page(stop_checkin{checkin});
      BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::not_now); // the desk has not said what lies there
      c.pass(0);
      c.answer(ask_present::topic, card_present{c.reader_session, 2});
      BOOST_REQUIRE(c.is_open(checkin));
      BOOST_CHECK(event_in<checkin_resumed>(c.last));
      BOOST_CHECK(questions_asked(c) == asked);
      if (before == state::preparing || before == state::entering_pin || before == state::verifying) {
        BOOST_CHECK_EQUAL(c.now(checkin), state::preparing);
        c.answer(obtain_challenge::topic, a_challenge());
        BOOST_CHECK_EQUAL(c.now(checkin), state::entering_pin);
        BOOST_CHECK_EQUAL(c.prompts.at("desk-1").tries_left, 2);
      } else
        BOOST_CHECK_EQUAL(c.now(checkin), before == state::providing ? state::consenting : before);
      // From here the visit can be finished.
      c.from_reader(report_card_removed{c.reader_session, false});
      for (int n = 0; n < 8 && c.is_open(checkin); ++n) {
        if (c.open_request(ask_eligibility::topic))
          c.report(question_outcome::answered, validity::valid, true);
        else if (c.open_request(register_number::topic))
          c.answer(register_number::topic, question_report{question_outcome::answered, {}, true, {}, {}, {}});
        else
          c.run_out(checkin);
      }
      BOOST_CHECK(!c.is_open(checkin));
      BOOST_CHECK(c.journal.outbox.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_reader_that_reports_the_same_card_after_a_restart_has_said_that_it_lies_there) {
  clinic c;
  id checkin;
  const auto steps = story();
  for (std::size_t n = 0; n < 7; ++n) // at the consents
    steps[n](c, checkin);
  c.restart();
  c.from_reader(report_card_placed{c.reader_session, card_kind::my_number_card, 2, numbered(77), c.certificate, {}});
  BOOST_CHECK(event_in<checkin_resumed>(c.last));
  BOOST_CHECK_EQUAL(name(c.prompts.at("desk-1").shown), "give_consents");
  c.give_consents(checkin); // what is shown can be answered
  BOOST_CHECK_EQUAL(name(c.now(checkin)), "providing");
}

BOOST_AUTO_TEST_CASE(after_every_step_a_restart_without_the_card_ends_or_frees_the_desk_with_a_reason) {
  const auto steps = story();
  const std::vector<std::function<void(clinic&)>> what_the_desk_says{
      [](clinic& c) { c.answer(ask_present::topic, card_present{}); },
      [](clinic& c) {
        c.answer(ask_present::topic, card_present{numbered(4242), 3});
      },
      [](clinic& c) { // nothing at all, for as long as it is waited for
        for (int n = 0; n < 15 && c.open_request(ask_present::topic); ++n) {
          c.fail(ask_present::topic, error_code::dead_peer);
          c.pass(1'000);
        }
      },
      [](clinic& c) {
        c.from_reader(report_card_removed{{}, false});
      }, // it was restarted too
  };
  for (std::size_t how = 0; how < what_the_desk_says.size(); ++how) {
    for (std::size_t cut = 1; cut <= steps.size(); ++cut) {
      clinic c;
      id checkin;
      for (std::size_t n = 0; n < cut; ++n)
        steps[n](c, checkin);
      const auto before = c.now(checkin);
      c.restart();
      c.pass(0);
      what_the_desk_says[how](c);
      BOOST_TEST_CONTEXT("after " << cut << " steps, at " << name(before) << ", answer " << how) {
        if (before < state::asking) {
          BOOST_CHECK(!c.is_open(checkin));
          BOOST_CHECK_EQUAL(body_as<checkin_ended>(c.journal.events.back())->how, ending::interrupted);
          BOOST_CHECK_EQUAL(written(c, consents_recorded::topic), 0u);
          BOOST_CHECK(c.journal.outbox.empty());
        } else if (before == state::taking_card) {
          BOOST_CHECK(!c.is_open(checkin));
          BOOST_CHECK_EQUAL(body_as<checkin_ended>(c.journal.events.back())->how, ending::completed);
        } else {
          BOOST_CHECK_EQUAL(c.now(checkin), before);
          BOOST_CHECK(!c.session->visits().at(checkin).row.card_there);
        }
        BOOST_CHECK_EQUAL(c.shown(), prompt::place_card);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_second_restart_while_the_desk_is_silent_changes_nothing) {
  clinic c;
  const auto checkin = c.reach(state::verifying);
  c.restart();
  const auto ended = written(c, pin_attempt_ended::topic);
  c.restart();
  BOOST_CHECK_EQUAL(written(c, pin_attempt_ended::topic), ended);
  BOOST_CHECK(c.is_open(checkin));
}

BOOST_AUTO_TEST_CASE(a_question_goes_again_under_its_identifier_until_the_gateway_has_taken_it_over) {
  clinic c;
  const auto checkin = c.reach(state::asking);
  const auto question = c.session->visits().at(checkin).row.question;
  for (int n = 0; n < 3; ++n) {
    c.fail(ask_eligibility::topic, error_code::dead_peer);
    c.pass(1'000);
    BOOST_CHECK(sent_in<ask_eligibility>(c.last.showing)->question == question);
  }
  c.report(question_outcome::answered, validity::valid, true);
  BOOST_CHECK_EQUAL(c.now(checkin), state::taking_card);
  BOOST_CHECK(c.journal.outbox.empty());
  BOOST_CHECK_EQUAL(questions_asked(c).size(), 1u);
}

BOOST_AUTO_TEST_CASE(an_unknown_outcome_goes_to_the_window_and_is_settled_when_it_is_known) {
  clinic c;
  const auto checkin = c.reach(state::asking);
  const auto question = c.session->visits().at(checkin).row.question;
  c.report(question_outcome::unknown);
  BOOST_CHECK_EQUAL(c.now(checkin), state::at_window);
  BOOST_CHECK_EQUAL(c.shown(), prompt::come_to_window); // not "failed"
  const question_report known{question_outcome::answered, validity::valid, true, personal<std::string>{"name"}, {}, {}};
  c.from_gateway(settle_checkin{checkin, question, question_kind::card, known});
  BOOST_CHECK_EQUAL(event_in<checkin_settled>(c.last)->outcome, question_outcome::answered);
  const auto board = sent_in<show_at_reception>(c.last.showing);
  BOOST_CHECK_EQUAL(board->judged, validity::valid);
  BOOST_CHECK_EQUAL(board->name.reveal(), "name");
  c.from_gateway(settle_checkin{checkin, question, question_kind::card, known}); // the acknowledgement was lost
  BOOST_CHECK(was_done(c.last));
  BOOST_CHECK(c.last.journal.events.empty());
}

BOOST_AUTO_TEST_CASE(the_answer_that_comes_after_patience_ended_is_read_by_reception) {
  clinic c;
  const auto checkin = c.reach(state::asking);
  const auto question = c.session->visits().at(checkin).row.question;
  c.run_out(checkin);
  BOOST_CHECK_EQUAL(event_in<answer_shown>(c.last)->outcome, question_outcome::unknown);
  c.report(question_outcome::answered, validity::valid, true);
  BOOST_CHECK(event_in<checkin_settled>(c.last)->question == question);
  BOOST_CHECK_EQUAL(sent_in<show_at_reception>(c.last.showing)->judged, validity::valid);
}

BOOST_AUTO_TEST_CASE(a_late_report_names_the_question_even_when_the_check_in_is_over_and_unknown_settles_nothing) {
  for (const auto outcome : {question_outcome::answered, question_outcome::unknown}) {
    clinic c;
    const auto checkin = c.reach(state::asking);
    const auto question = c.session->visits().at(checkin).row.question;
    c.run_out(checkin);
    c.from_reader(report_card_removed{c.reader_session, false});
    BOOST_CHECK(!c.is_open(checkin));
    c.report(outcome, outcome == question_outcome::answered ? validity::valid : validity::none);
    const auto settled = event_in<checkin_settled>(c.last);
    BOOST_CHECK_EQUAL(settled.has_value(), outcome == question_outcome::answered);
    if (settled) BOOST_CHECK(settled->question == question);
    BOOST_CHECK(c.journal.outbox.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_settlement_that_overtakes_the_reply_is_the_answer_and_nothing_is_left_to_deliver) {
  clinic c;
  const auto checkin = c.reach(state::asking);
  const auto question = c.session->visits().at(checkin).row.question;
  c.from_gateway(settle_checkin{
      checkin, question, question_kind::card, {question_outcome::answered, validity::valid, true, {}, {}, {}}});
  BOOST_CHECK_EQUAL(c.now(checkin), state::taking_card);
  BOOST_CHECK(c.journal.outbox.empty());
  c.report(question_outcome::answered, validity::valid, true);
  BOOST_CHECK(c.last.journal.empty());
}

BOOST_AUTO_TEST_CASE(when_the_line_is_down_nothing_is_asked_and_the_walk_in_is_asked_later_as_typed) {
  clinic c;
  const auto checkin = c.reach(state::preparing);
  c.fail(obtain_challenge::topic, error_code::line_down);
  BOOST_CHECK_EQUAL(c.now(checkin), state::at_window);
  BOOST_CHECK_EQUAL(event_in<eligibility_not_asked>(c.last)->error, "line_down");
  c.from_reception(a_walk_in(checkin));
  BOOST_CHECK(was_done(c.last));
  const auto ask = sent_in<ask_typed>(c.last.binding);
  BOOST_REQUIRE(ask);
  BOOST_CHECK(event_in<walk_in_kept>(c.last)->question == ask->question);
  BOOST_CHECK_EQUAL(ask->kind, care::outpatient);

  c.restart();
  BOOST_CHECK(sent_in<ask_typed>(c.last.showing)->question == ask->question);
  c.answer(ask_typed::topic, question_report{question_outcome::not_asked, {}, false, {}, {}, "line_down"});
  BOOST_CHECK(c.journal.outbox.empty()); // the gateway has it now
  BOOST_CHECK(!event_in<checkin_settled>(c.last));
  c.from_gateway(settle_checkin{
      checkin, ask->question, question_kind::typed, {question_outcome::answered, validity::valid, false, {}, {}, {}}});
  BOOST_CHECK(event_in<checkin_settled>(c.last)->question == ask->question);
  BOOST_CHECK_EQUAL(sent_in<show_at_reception>(c.last.showing)->judged, validity::valid);
}

BOOST_AUTO_TEST_CASE(a_walk_in_may_be_kept_after_its_check_in_is_over_under_a_key_of_its_own) {
  clinic c;
  c.from_reception(a_walk_in(numbered(31337)));
  BOOST_CHECK(was_done(c.last));
  BOOST_CHECK(!event_in<walk_in_kept>(c.last)->patient.empty());
  c.from_reader(report_card_placed{numbered(3), card_kind::juki_card, -1, {}, {}, {}}); // nobody's certificate
  const auto checkin = reply_in<checkin_begun>(c.last)->checkin;
  c.from_reception(a_walk_in(checkin));
  BOOST_CHECK(!event_in<walk_in_kept>(c.last)->patient.empty());
}

BOOST_AUTO_TEST_CASE(a_walk_in_kept_after_the_check_in_belongs_to_the_cards_patient_also_after_a_restart) {
  for (const bool restarted : {false, true}) {
    clinic c;
    const auto checkin = c.place();
    const auto patient = c.session->visits().at(checkin).row.patient;
    c.from_page(choose_method{checkin, identity_method::pin});
    c.fail(obtain_challenge::topic, error_code::line_down);
    c.from_reception(finish_at_window{checkin});
    c.from_reader(report_card_removed{c.reader_session, false});
    BOOST_REQUIRE(!c.is_open(checkin));
    if (restarted) {
      c.restart();
      c.session->remember({{checkin, patient, "desk-1", {}}}); // as the outage's ledger has it
    }
    c.from_reception(a_walk_in(checkin));
    BOOST_CHECK(event_in<walk_in_kept>(c.last)->patient == patient);
    BOOST_CHECK_EQUAL(c.last.journal.events.front().desk, "desk-1");
  }
}

BOOST_AUTO_TEST_CASE(the_same_details_twice_are_one_question_and_other_details_another) {
  clinic c;
  const auto checkin = c.place();
  c.from_page(choose_method{checkin, identity_method::pin});
  c.fail(obtain_challenge::topic, error_code::line_down);
  c.from_reception(a_walk_in(checkin));
  BOOST_CHECK(event_in<walk_in_kept>(c.last));
  c.from_reception(a_walk_in(checkin));
  BOOST_CHECK(was_done(c.last));
  BOOST_CHECK(!event_in<walk_in_kept>(c.last));
  auto corrected = a_walk_in(checkin);
  auto person = corrected.person.reveal();
  person.branch = "09";
  corrected.person = personal{person};
  c.from_reception(corrected);
  BOOST_CHECK(event_in<walk_in_kept>(c.last));
}

BOOST_AUTO_TEST_CASE(a_patient_without_a_number_declares_and_nothing_is_asked_until_there_is_one) {
  clinic c;
  const auto checkin = c.place();
  c.from_page(choose_method{checkin, identity_method::pin});
  c.fail(obtain_challenge::topic, error_code::line_down);
  keep_walk_in declared;
  declared.checkin = checkin;
  declared_insurance d;
  d.name = "見本　花子";
  declared.declared = personal{d};
  c.from_reception(declared);
  BOOST_CHECK(event_in<walk_in_kept>(c.last)->question.empty());
  BOOST_CHECK(!c.open_request(ask_typed::topic));
  c.from_reception(a_walk_in(checkin));
  BOOST_CHECK(c.open_request(ask_typed::topic).has_value());
}

BOOST_AUTO_TEST_CASE(a_walk_in_needs_its_details_and_the_refusal_repeats_none_of_them) {
  clinic c;
  const auto checkin = c.reach(state::at_window);
  const auto refuse = [&](insured_number p, error_code code) {
    c.from_reception(keep_walk_in{checkin, personal<insured_number>{p}, choice::given});
    const auto why = refusal_in(c.last);
    BOOST_CHECK_EQUAL(why.code, code);
    for (const auto& arg : why.args)
      BOOST_CHECK(arg.find("sentinel") == std::string::npos);
  };
  refuse({"", "sentinel", "sentinel", "", "19400102"}, error_code::missing_value);
  refuse({"sentinel", "sentinel", "", "", "19400102"}, error_code::missing_value);
  refuse({"sentinel", "sentinel", "sentinel", "", "sentinel"}, error_code::wrong_value);
}

BOOST_AUTO_TEST_CASE(a_delivery_never_shares_its_outbox_row_with_the_gateways_own) {
  clinic c; // storage keeps one row per effect: two owners under one effect would delete each other's
  const auto checkin = c.reach(state::registering);
  for (const auto& row : c.journal.outbox)
    BOOST_CHECK(row.effect != c.session->visits().at(checkin).row.registration);
  clinic d;
  const auto waiting = d.reach(state::asking);
  for (const auto& row : d.journal.outbox)
    BOOST_CHECK(row.effect != d.session->visits().at(waiting).row.question);
  clinic e;
  e.from_reception(a_walk_in(e.reach(state::at_window)));
  const auto question = event_in<walk_in_kept>(e.last)->question;
  for (const auto& row : e.journal.outbox)
    BOOST_CHECK(row.effect != question);
}

BOOST_AUTO_TEST_CASE(questions_that_nobody_takes_over_are_bounded) {
  clinic c{{.undelivered_max = 3}};
  for (std::uint64_t n = 0; n < 3; ++n)
    c.from_reception(a_walk_in(numbered(7 + n)));
  c.from_reception(a_walk_in(numbered(10)));
  BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::busy);
  c.from_reader(report_card_placed{numbered(3), card_kind::my_number_card, 3, numbered(77), {}, {}});
  BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::busy);
}

BOOST_AUTO_TEST_CASE(what_is_shown_after_a_restart_is_newer_than_what_was_shown_before) {
  clinic c;
  const auto checkin = c.reach(state::consenting);
  const auto before = c.prompts.at("desk-1").sequence;
  c.restart();
  c.pass(0);
  c.answer(ask_present::topic, card_present{c.reader_session, 3});
  BOOST_CHECK_GT(c.prompts.at("desk-1").sequence, before);
  BOOST_CHECK_EQUAL(c.now(checkin), state::consenting);
}

// -- at random -----------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_screen_that_starts_again_is_shown_what_it_showed_and_reception_every_check_in) {
  clinic c;
  const auto checkin = c.reach(state::consenting);
  c.prompts.clear();
  c.from_page(show_again{});
  BOOST_CHECK_EQUAL(c.shown(), prompt::give_consents);
  c.from_reception(show_again{});
  const auto to_reception = std::ranges::count(c.last.showing, show_at_reception::topic, &actors::outgoing::topic);
  BOOST_CHECK_EQUAL(to_reception, 1);
  BOOST_CHECK(c.is_open(checkin));
}

BOOST_AUTO_TEST_CASE(a_desk_that_was_cut_off_is_asked_for_the_tries_until_it_answers) {
  clinic c;
  const auto checkin = c.reach(state::verifying);
  c.fail(verify_pin::topic, error_code::outcome_unknown);
  for (int n = 0; n < 3; ++n) {
    c.fail(ask_present::topic, error_code::dead_peer);
    BOOST_CHECK(!c.open_request(ask_present::topic)); // not at once
    const auto next = c.session->next_tick_ms();
    BOOST_REQUIRE(next.has_value());
    BOOST_REQUIRE(*next > c.now_ms);
    c.pass(*next - c.now_ms);
    BOOST_REQUIRE(c.open_request(ask_present::topic));
  }
  c.answer(ask_present::topic, card_present{c.reader_session, 2});
  BOOST_CHECK_EQUAL(c.now(checkin), state::entering_pin);
  BOOST_CHECK_EQUAL(c.prompts.at("desk-1").tries_left, 2);
}
