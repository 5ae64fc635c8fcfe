// How a check-in ends early or late: lifted cards, time-outs, "stop", other cards, a line that is down.
#include "tests/actors/support.hpp"

#include <algorithm>

using namespace actors_test;
using state = checkin_state;
using event = consent_session::event;

namespace {

std::vector<state> waiting_states() {
  std::vector<state> all;
  for (std::size_t s = 1; s < enumeration<state>::names.size(); ++s)
    all.push_back(static_cast<state>(s));
  return all;
}

bool was_written(const clinic& c, std::string_view topic) {
  return std::ranges::any_of(c.journal.events, [&](const auto& e) { return e.topic == topic; });
}

/// The same card is said to lie at another desk, too, and is being verified there.
void verify_a_twin(clinic& c) {
  const auto twin = c.place(3, "desk-2");
  c.from_page(choose_method{twin, identity_method::pin}, "desk-2");
  c.answer(obtain_challenge::topic, a_challenge());
  c.from_page(enter_pin{twin}, "desk-2");
}

bool is_by_sight(event on) { return on == event::sight_ready || on == event::sight_ready_eligibility_only; }

const begin_visual_check begin{"desk-1", false};

/// A card whose owner staff know, on its way to the questions.
id vouched_for(clinic& c) {
  c.from_staff(begin);
  c.from_staff(vouch{"desk-1"});
  return c.place();
}

/// The rows of the visual check, and of patients who are moved.
void see_with_staffs_eyes(clinic& c, id checkin, event on) {
  switch (on) {
  case event::visual_begun: c.from_staff(begin); break;
  case event::vouched: c.from_staff(vouch{"desk-1"}); break;
  case event::visual_ended: c.from_staff(end_visual_check{"desk-1"}); break;
  case event::moved: c.from_reception(move_patient{checkin, "desk-2"}); break;
  case event::card_placed_vouched: vouched_for(c); break;
  case event::card_placed_uncompared:
    c.from_staff(begin);
    c.place();
    break;
  case event::other_card:
    c.place(0);
    c.from_staff(begin);
    c.from_reader(report_card_removed{c.reader_session, false});
    c.from_reader(report_card_placed{numbered(6, c.now_ms), card_kind::my_number_card, 3, numbered(78), {}, {}});
    break;
  default:
    c.answer(obtain_challenge::topic, a_challenge());
    c.answer(read_certificate::topic, card_certificate{personal<bytes>{bytes{7}}});
    break;
  }
}

/// The rows of the face; false: @p on is no such row's.
bool show_a_face(clinic& c, id checkin, event on) {
  switch (on) {
  case event::face_chosen: c.from_page(choose_method{checkin, identity_method::face}); break;
  case event::face_matched: c.answer(match_face::topic, a_face(face_outcome::matched)); break;
  case event::face_unsure: c.answer(match_face::topic, a_face(face_outcome::unsure)); break;
  case event::face_refused: c.answer(match_face::topic, a_face(face_outcome::different)); break;
  case event::number_missing: c.answer(match_face::topic, a_face(face_outcome::number_missing)); break;
  case event::number_entered: c.from_page(enter_check_number{checkin}); break;
  case event::staff_confirmed: c.from_staff(decide_face{checkin, true}); break;
  case event::staff_denied: c.from_staff(decide_face{checkin, false}); break;
  case event::face_proven:
  case event::face_proven_eligibility_only:
  case event::face_not_proven:
    c.answer(obtain_challenge::topic, a_challenge());
    if (on == event::face_not_proven)
      c.fail(messages::prove_by_face::topic, error_code::face_not_offered);
    else
      c.answer(messages::prove_by_face::topic, a_proof());
    break;
  default: return false;
  }
  return true;
}

void by_face_or_sight(clinic& c, id checkin, event on) {
  if (!show_a_face(c, checkin, on)) see_with_staffs_eyes(c, checkin, on);
}

bool before_the_question(state s) {
  return s < state::asking || s >= state::comparing; // in the order of the visit; those without a PIN came later
}

void stands_at(const clinic& c, const id& checkin, state wanted) {
  if (wanted == state::idle) {
    BOOST_CHECK(c.session->visits().empty());
    return;
  }
  const auto it = checkin.empty() ? c.session->visits().begin() : c.session->visits().find(checkin);
  BOOST_REQUIRE(it != c.session->visits().end());
  BOOST_CHECK_EQUAL(it->second.now, wanted);
}

} // namespace

BOOST_AUTO_TEST_CASE(every_row_of_the_table_is_walked_through_the_session) {
  std::size_t walked = 0;
  for (const auto& row : consent_session::table) {
    clinic c;
    if (row.on == event::pin_right_eligibility_only || row.on == event::sight_ready_eligibility_only ||
        row.on == event::face_proven_eligibility_only)
      c.certificate = certificate_standing::expired_lately;
    if (row.on == event::card_expired) c.certificate = certificate_standing::expired;
    const bool helped = row.on == event::visual_begun || row.on == event::moved; // nothing was asked yet
    const auto checkin = row.from == state::idle                    ? id{}
                         : is_by_sight(row.on)                      ? vouched_for(c)
                         : helped && row.from == state::at_window ? c.place(0)
                                                                    : c.reach(row.from);
    const question_report with_number{question_outcome::answered, validity::valid, true, {}, {}, {}};
    switch (row.on) {
    case event::card_placed:
    case event::card_expired: c.place(); break;
    case event::card_unusable:
      c.from_reader(report_card_placed{numbered(5), card_kind::juki_card, -1, {}, {}, {}});
      break;
    case event::pin_blocked:
      if (row.from == state::idle)
        c.place(0);
      else
        c.answer(verify_pin::topic, pin_report{pin_outcome::blocked, 0, {}, {}});
      break;
    case event::pin_chosen: c.from_page(choose_method{checkin, identity_method::pin}); break;
    case event::challenge_ready: c.answer(obtain_challenge::topic, a_challenge()); break;
    case event::line_is_down: c.fail(obtain_challenge::topic, error_code::line_down); break;
    case event::pin_entered: c.from_page(enter_pin{checkin}); break;
    case event::last_try_unconfirmed:
      c.from_page(enter_pin{checkin});
      c.answer(verify_pin::topic, wrong_pin(1));
      c.from_page(enter_pin{checkin});
      break;
    case event::attempt_elsewhere:
      verify_a_twin(c);
      c.from_page(enter_pin{checkin});
      break;
    case event::pin_right_eligibility_only:
    case event::pin_right: c.answer(verify_pin::topic, right_pin()); break;
    case event::pin_wrong: c.answer(verify_pin::topic, wrong_pin(2)); break;
    case event::pin_in_doubt: c.answer(verify_pin::topic, pin_report{pin_outcome::in_doubt, -1, {}, {}}); break;
    case event::consents_answered: c.give_consents(checkin); break;
    case event::information_answered: c.provide(checkin); break;
    case event::valid_with_number: c.report(question_outcome::answered, validity::valid, true); break;
    case event::valid_without_number: c.report(question_outcome::answered, validity::valid, false); break;
    case event::not_valid: c.report(question_outcome::answered, validity::no_match); break;
    case event::answer_missing: c.report(question_outcome::unknown); break;
    case event::number_given: c.from_reception(register_reference_number{checkin, personal<std::string>{"K-1"}}); break;
    case event::number_registered: c.answer(register_number::topic, with_number); break;
    case event::number_refused:
      c.answer(register_number::topic, question_report{question_outcome::refused, {}, false, {}, {}, "line_refused"});
      break;
    case event::number_unknown:
      c.answer(register_number::topic, question_report{question_outcome::unknown, {}, false, {}, {}, "line_silent"});
      break;
    case event::number_skipped: c.from_reception(skip_reference_number{checkin}); break;
    case event::window_finished: c.from_reception(finish_at_window{checkin}); break;
    case event::stopped: c.from_page(stop_checkin{checkin}); break;
    case event::card_removed: c.from_reader(report_card_removed{c.reader_session, false}); break;
    case event::timed_out: c.run_out(checkin); break;
    default: by_face_or_sight(c, checkin, row.on); break;
    }
    BOOST_TEST_CONTEXT(name(row.from) << " on " << name(row.on)) { stands_at(c, checkin, row.to); }
    ++walked;
  }
  BOOST_CHECK_EQUAL(walked, consent_session::table.size());
}

BOOST_AUTO_TEST_CASE(a_pulled_card_before_the_question_ends_the_check_in_records_no_consent_and_loses_no_try) {
  for (const auto at : waiting_states()) {
    if (!before_the_question(at)) continue;
    clinic c;
    const auto checkin = c.reach(at);
    c.from_reader(report_card_removed{c.reader_session, false});
    BOOST_TEST_CONTEXT(name(at)) {
      BOOST_CHECK(was_done(c.last));
      BOOST_CHECK(!c.is_open(checkin));
      BOOST_CHECK_EQUAL(event_in<checkin_ended>(c.last)->how, ending::card_removed);
      BOOST_CHECK(!was_written(c, consents_recorded::topic));
      BOOST_CHECK(!c.open_request(ask_eligibility::topic));
      // at a visual check it is lifted so that staff see its photo
      BOOST_CHECK_EQUAL(c.shown(), at == state::comparing ? prompt::show_card : prompt::place_card);
      BOOST_CHECK(sent_in<forget_pin>(c.last.showing)); // the digits go with it
      BOOST_CHECK(c.journal.outbox.empty());
      if (const auto ended = event_in<pin_attempt_ended>(c.last)) {
        BOOST_CHECK_EQUAL(ended->outcome, pin_outcome::in_doubt);
        BOOST_CHECK_EQUAL(ended->tries_left, -1);
      } else
        BOOST_CHECK(at != state::verifying);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_pulled_card_after_the_question_frees_the_desk_and_the_answer_is_still_taken) {
  clinic c;
  const auto first = c.reach(state::asking);
  c.from_reader(report_card_removed{c.reader_session, false});
  BOOST_CHECK_EQUAL(c.now(first), state::asking);
  BOOST_CHECK_EQUAL(c.shown(), prompt::place_card);

  const auto second = c.place(); // the next patient
  BOOST_CHECK_EQUAL(c.shown(), prompt::choose_method);
  const auto shown_before = c.prompts.at("desk-1").sequence;
  c.report(question_outcome::answered, validity::valid, true);
  BOOST_CHECK(!c.is_open(first)); // there is no card to give back
  BOOST_CHECK_EQUAL(event_in<checkin_ended>(c.last)->how, ending::completed);
  BOOST_CHECK_EQUAL(c.shown(), prompt::choose_method); // nothing of the first patient reaches the second one's page
  BOOST_CHECK_EQUAL(c.prompts.at("desk-1").sequence, shown_before);
  BOOST_CHECK(c.is_open(second));
}

BOOST_AUTO_TEST_CASE(after_the_end_of_the_questions_a_lifted_card_ends_or_frees_by_state) {
  for (const auto at : {state::registration, state::registering}) {
    clinic c;
    const auto checkin = c.reach(at);
    c.from_reader(report_card_removed{c.reader_session, false});
    BOOST_CHECK_EQUAL(c.now(checkin), at);
    BOOST_CHECK(event_in<card_lifted>(c.last));
    c.run_out(checkin);
    BOOST_CHECK(!c.is_open(checkin));
  }
  for (const auto at : {state::at_window, state::taking_card}) {
    clinic c;
    const auto checkin = c.reach(at);
    c.from_reader(report_card_removed{c.reader_session, false});
    BOOST_CHECK(!c.is_open(checkin));
    BOOST_CHECK_EQUAL(event_in<checkin_ended>(c.last)->how, ending::completed);
  }
}

BOOST_AUTO_TEST_CASE(every_state_times_out_and_leads_to_a_card_that_is_taken) {
  for (const auto at : waiting_states()) {
    clinic c;
    const auto checkin = c.reach(at);
    BOOST_TEST_CONTEXT(name(at)) {
      for (int n = 0; n < 4 && c.now(checkin) != state::taking_card; ++n) {
        c.run_out(checkin);
        BOOST_REQUIRE(c.is_open(checkin));
      }
      BOOST_CHECK_EQUAL(c.now(checkin), state::taking_card);
      if (before_the_question(at)) BOOST_CHECK(!was_written(c, consents_recorded::topic));
      c.from_reader(report_card_removed{c.reader_session, false});
      BOOST_CHECK(!c.is_open(checkin));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_time_out_before_the_question_says_so_and_one_after_it_does_not) {
  clinic c;
  const auto waiting = c.reach(state::choosing);
  c.run_out(waiting);
  BOOST_CHECK_EQUAL(event_in<card_return_awaited>(c.last)->how, ending::timed_out);
  clinic d;
  const auto late = d.reach(state::registration);
  d.run_out(late);
  BOOST_CHECK_EQUAL(event_in<card_return_awaited>(d.last)->how, ending::completed);
}

BOOST_AUTO_TEST_CASE(a_forgotten_card_rings_again_and_again_and_is_written_once) {
  clinic c;
  const auto checkin = c.reach(state::taking_card);
  c.run_out(checkin);
  BOOST_CHECK(event_in<card_forgotten>(c.last));
  BOOST_CHECK_EQUAL(c.shown(), prompt::card_forgotten);
  for (int n = 0; n < 5; ++n) {
    const auto before = c.prompts.at("desk-1").sequence;
    c.run_out(checkin);
    BOOST_CHECK(c.last.journal.empty());
    BOOST_CHECK_EQUAL(c.shown(), prompt::card_forgotten);
    BOOST_CHECK_GT(c.prompts.at("desk-1").sequence, before);
  }
  c.from_reader(report_card_removed{c.reader_session, false});
  BOOST_CHECK(!c.is_open(checkin));
  BOOST_CHECK_EQUAL(c.shown(), prompt::place_card);
}

BOOST_AUTO_TEST_CASE(stop_works_as_long_as_nothing_was_asked_and_nothing_is_under_way) {
  for (const auto at : {state::choosing, state::preparing, state::entering_pin, state::consenting, state::providing}) {
    clinic c;
    const auto checkin = c.reach(at);
    c.from_page(stop_checkin{checkin});
    BOOST_CHECK(was_done(c.last));
    BOOST_CHECK_EQUAL(c.shown(), prompt::take_card);
    BOOST_CHECK(!was_written(c, consents_recorded::topic));
    BOOST_CHECK(sent_in<forget_pin>(c.last.showing));
    c.from_reader(report_card_removed{c.reader_session, false});
    BOOST_CHECK_EQUAL(event_in<checkin_ended>(c.last)->how, ending::stopped_by_patient);
  }
}

BOOST_AUTO_TEST_CASE(a_challenge_that_comes_after_stop_is_too_late) {
  clinic c;
  const auto checkin = c.reach(state::preparing);
  c.from_page(stop_checkin{checkin});
  c.answer(obtain_challenge::topic, a_challenge());
  BOOST_CHECK_EQUAL(c.now(checkin), state::taking_card);
  BOOST_CHECK(c.last.journal.empty());
}

// -- cards and readers ---------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_card_reported_twice_is_one_check_in) {
  clinic c;
  const auto checkin = c.place();
  c.from_reader(report_card_placed{c.reader_session, card_kind::my_number_card, 3, numbered(77), {}, {}});
  BOOST_CHECK(reply_in<checkin_begun>(c.last)->checkin == checkin);
  BOOST_CHECK(c.last.journal.empty());
  BOOST_CHECK_EQUAL(c.session->visits().size(), 1u);
}

BOOST_AUTO_TEST_CASE(a_placing_that_is_heard_after_its_lifting_begins_nothing) {
  clinic c;
  c.from_reader(report_card_removed{numbered(9), false});
  c.from_reader(report_card_placed{numbered(9), card_kind::my_number_card, 3, numbered(77), {}, {}});
  BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::card_removed);
  BOOST_CHECK(c.session->visits().empty());
}

BOOST_AUTO_TEST_CASE(a_new_card_on_the_same_reader_ends_the_check_in_before_it) {
  clinic c;
  const auto first = c.reach(state::consenting);
  const auto second = c.place();
  BOOST_CHECK(!c.is_open(first));
  BOOST_CHECK(c.is_open(second));
  BOOST_CHECK_EQUAL(event_in<checkin_ended>(c.last)->how, ending::interrupted);
  BOOST_CHECK_EQUAL(c.shown(), prompt::choose_method);
}

BOOST_AUTO_TEST_CASE(cards_that_cannot_be_used_are_given_back) {
  for (const auto kind : {card_kind::unknown, card_kind::juki_card, card_kind::phone, card_kind::my_number_card}) {
    clinic c; // the last: a card without a certificate has nobody's key to seal its answers under
    c.from_reader(report_card_placed{numbered(3), kind, 3, {}, {}, {}});
    const auto checkin = reply_in<checkin_begun>(c.last)->checkin;
    BOOST_CHECK_EQUAL(c.now(checkin), state::taking_card);
    const bool another = kind == card_kind::juki_card || kind == card_kind::phone;
    BOOST_CHECK_EQUAL(c.shown(), another ? prompt::other_card : prompt::turn_card);
    c.from_reader(report_card_removed{numbered(3), false});
    BOOST_CHECK_EQUAL(event_in<checkin_ended>(c.last)->how, ending::wrong_card);
  }
}

BOOST_AUTO_TEST_CASE(a_patient_is_told_to_turn_the_card_or_to_use_another_and_reception_reads_why) {
  struct row {
    error_code why;
    prompt told;
  };
  for (const auto& [why, told] :
       {row{error_code::card_mute, prompt::turn_card}, row{error_code::card_answer_odd, prompt::turn_card},
        row{error_code::not_my_number_card, prompt::other_card},
        row{error_code::certificate_problem, prompt::other_card}}) {
    clinic c;
    c.from_reader(report_card_placed{numbered(3), card_kind::unknown, -1, {}, {}, std::string{describe(why).name}});
    BOOST_CHECK_EQUAL(c.shown(), told);
    BOOST_CHECK_EQUAL(sent_in<show_at_reception>(c.last.showing)->error, describe(why).name);
    c.restart();
    c.pass(0);
    c.answer(ask_present::topic, card_present{numbered(3), -1});
    BOOST_CHECK_EQUAL(c.shown(), told);
  }
}

BOOST_AUTO_TEST_CASE(a_reader_that_is_lost_ends_the_check_in_and_its_desk_asks_for_no_card) {
  clinic c;
  c.reach(state::verifying);
  c.from_reader(report_card_removed{c.reader_session, true});
  BOOST_CHECK_EQUAL(event_in<checkin_ended>(c.last)->how, ending::reader_lost);
  BOOST_CHECK_EQUAL(c.shown(), prompt::see_reception);
  c.from_reader(report_card_removed{{}, false}); // it is back
  BOOST_CHECK_EQUAL(c.shown(), prompt::place_card);
}

BOOST_AUTO_TEST_CASE(a_desk_that_starts_ends_what_was_open_there_but_not_what_was_placed_after_it_spoke) {
  clinic c;
  const auto checkin = c.place();
  const auto later = numbered(8, c.now_ms);
  c.from_reader(report_card_placed{later, card_kind::my_number_card, 3, numbered(78), {}, {}}, "desk-2");
  auto old = command_of("reader@desk-1", report_card_removed{{}, false});
  old.id = numbered(1, c.now_ms - 2000); // said before the card was placed, heard after it
  c.say(old);
  BOOST_CHECK(c.is_open(checkin));
  BOOST_CHECK_EQUAL(c.shown(), prompt::choose_method);
  c.from_reader(report_card_removed{{}, false});
  BOOST_CHECK(!c.is_open(checkin));
  BOOST_CHECK_EQUAL(event_in<checkin_ended>(c.last)->how, ending::interrupted);
  BOOST_CHECK_EQUAL(c.session->visits().size(), 1u); // the other desk goes on
}

BOOST_AUTO_TEST_CASE(more_check_ins_than_the_limit_are_busy) {
  clinic c{{.checkins_max = 2}};
  c.place(3, "desk-1");
  c.place(3, "desk-2");
  c.from_reader(report_card_placed{numbered(600), card_kind::my_number_card, 3, numbered(77), {}, {}}, "desk-3");
  BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::busy);
}

// -- a page that does not hear -------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_prompt_is_repeated_until_its_page_has_it_and_a_newer_one_replaces_it) {
  clinic c;
  c.pages_answer = false;
  const auto checkin = c.place();
  const auto first = c.prompts.at("desk-1").sequence;
  c.fail(show_prompt::topic, error_code::dead_peer);
  c.pass(2'000);
  BOOST_CHECK_EQUAL(sent_in<show_prompt>(c.last.showing)->sequence, first);
  c.from_page(choose_method{checkin, identity_method::pin});
  c.pass(2'000);
  BOOST_CHECK_EQUAL(count_of(c.last.showing, show_prompt::topic), 1u);
  BOOST_CHECK_GT(sent_in<show_prompt>(c.last.showing)->sequence, first);
  while (c.open_request(show_prompt::topic))
    c.answer(show_prompt::topic, done{});
  c.pass(2'000);
  BOOST_CHECK_EQUAL(count_of(c.last.showing, show_prompt::topic), 0u);
}

BOOST_AUTO_TEST_CASE(a_desk_that_is_switched_off_is_told_less_and_less_often_and_pages_are_bounded) {
  clinic c{{.desks_max = 4}};
  c.pages_answer = false;
  for (int n = 0; n < 20; ++n)
    c.from_reader(report_card_removed{{}, false}, "desk-" + std::to_string(n));
  std::size_t sent = 0;
  for (int n = 0; n < 600; ++n) {
    c.pass(1'000);
    sent += count_of(c.last.showing, show_prompt::topic);
    c.asked.clear();
  }
  BOOST_CHECK_LE(sent, 4u * 30);
  BOOST_CHECK_GE(sent, 4u * 15);
}
