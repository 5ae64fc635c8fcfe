// 目視確認 in the quick guide's order, who may vouch, which card is taken, and patients who go on at another desk.
#include "tests/actors/support.hpp"

#include <algorithm>

using namespace actors_test;
using state = checkin_state;

namespace {

card_certificate a_certificate() { return {personal<bytes>{bytes{7, 7}}}; }

void prepare(clinic& c) {
  c.answer(obtain_challenge::topic, a_challenge());
  c.answer(read_certificate::topic, a_certificate());
}

/// The stage that reception was last shown for desk-1.
visual_stage stage_in(const actors::effects& out) {
  const auto shown = sent_in<show_visual_check>(out.showing);
  BOOST_REQUIRE(shown.has_value());
  return shown->stage;
}

desk_mode mode_in(const actors::effects& out) {
  const auto switched = event_in<desk_mode_switched>(out);
  BOOST_REQUIRE(switched.has_value());
  return switched->mode;
}

const begin_visual_check begin{"desk-1", false};
const vouch seen{"desk-1"};

} // namespace

BOOST_AUTO_TEST_CASE(the_guides_order_leads_from_the_window_back_to_unattended_by_itself) {
  clinic c;
  BOOST_CHECK_EQUAL(mode_in(c.from_staff(begin)), desk_mode::visual_check);
  BOOST_CHECK_EQUAL(c.shown(), prompt::show_card);
  BOOST_CHECK_EQUAL(sent_in<note_mode>(c.last.showing)->mode, desk_mode::visual_check);
  c.from_staff(seen);
  BOOST_CHECK_EQUAL(event_in<photo_compared>(c.last)->account, "suzuki");
  BOOST_CHECK_EQUAL(c.shown(), prompt::place_card);
  const auto checkin = c.place();
  BOOST_CHECK_EQUAL(event_in<identity_vouched>(c.last)->account, "suzuki");
  BOOST_CHECK_EQUAL(c.shown(), prompt::please_wait);
  prepare(c);
  BOOST_CHECK_EQUAL(c.shown(), prompt::give_consents);
  c.give_consents(checkin);
  c.provide(checkin);
  const auto asked = sent_in<messages::ask_eligibility>(c.last.binding);
  BOOST_REQUIRE(asked.has_value());
  BOOST_CHECK_EQUAL(asked->method, identity_method::visual);
  BOOST_CHECK(asked->signature.reveal().empty());
  BOOST_CHECK((asked->certificate.reveal() == bytes{7, 7}));
  c.report(question_outcome::answered, validity::valid, false);
  BOOST_CHECK_EQUAL(c.now(checkin), state::registration);
  c.from_reception(register_reference_number{checkin, personal<std::string>{"K-1"}});
  c.answer(register_number::topic, question_report{question_outcome::answered, {}, true, {}, {}, {}});
  BOOST_CHECK_EQUAL(c.now(checkin), state::taking_card);
  BOOST_CHECK_EQUAL(mode_in(c.last), desk_mode::unattended);
  BOOST_CHECK_EQUAL(stage_in(c.last), visual_stage::none);
  c.from_reader(report_card_removed{c.reader_session});
  c.place();
  BOOST_CHECK_EQUAL(c.shown(), prompt::choose_method); // the next patient is nobody's to vouch for
}

BOOST_AUTO_TEST_CASE(no_pin_is_asked_and_no_attempt_made) {
  clinic c;
  c.from_staff(begin);
  c.from_staff(seen);
  c.place(0); // the PIN is locked: that is what staff's eyes are for
  prepare(c);
  BOOST_CHECK_EQUAL(c.shown(), prompt::give_consents);
  const auto all = c.journal.topics();
  BOOST_CHECK(std::ranges::find(all, "pin_attempt_allowed") == all.end());
}

BOOST_AUTO_TEST_CASE(a_locked_pin_falls_back_to_staffs_eyes_without_lifting_the_card) {
  clinic c;
  const auto checkin = c.place(0);
  BOOST_CHECK_EQUAL(c.shown(), prompt::come_to_window);
  c.from_staff(begin);
  BOOST_CHECK_EQUAL(event_in<desk_mode_switched>(c.last)->card, numbered(77));
  BOOST_CHECK_EQUAL(c.now(checkin), state::comparing);
  BOOST_CHECK_EQUAL(c.shown(), prompt::show_card);
  c.from_staff(seen);
  prepare(c);
  BOOST_CHECK_EQUAL(c.now(checkin), state::consenting);
}

BOOST_AUTO_TEST_CASE(after_a_fallback_the_same_card_only_is_taken) {
  clinic c;
  c.place(0);
  c.from_staff(begin);
  c.from_reader(report_card_removed{c.reader_session}); // lifted: staff look at its photo
  BOOST_CHECK_EQUAL(c.shown(), prompt::show_card);
  c.from_staff(seen);
  BOOST_CHECK_EQUAL(c.shown(), prompt::place_card);
  c.from_reader(report_card_placed{numbered(8, c.now_ms), card_kind::my_number_card, 3, numbered(78), {}, {}});
  BOOST_CHECK_EQUAL(c.shown(), prompt::not_same_card);
  BOOST_CHECK_EQUAL(sent_in<show_at_reception>(c.last.showing)->error, "other_card");
  c.from_reader(report_card_removed{numbered(8, c.now_ms)});
  c.place(0); // the right one
  prepare(c);
  BOOST_CHECK_EQUAL(c.shown(), prompt::give_consents);
}

BOOST_AUTO_TEST_CASE(the_card_that_fell_back_is_remembered_for_a_while_unless_it_is_somebody_else) {
  clinic c;
  c.place(0);
  c.from_reader(report_card_removed{c.reader_session}); // the patient takes it along to the window
  BOOST_CHECK_EQUAL(event_in<desk_mode_switched>(c.from_staff(begin))->card, numbered(77));
  BOOST_CHECK_EQUAL(mode_in(c.from_staff(end_visual_check{"desk-1"})), desk_mode::unattended);
  BOOST_CHECK_EQUAL(c.shown(), prompt::place_card);
  c.place(0);
  c.from_reader(report_card_removed{c.reader_session});
  BOOST_CHECK(event_in<desk_mode_switched>(c.from_staff(begin_visual_check{"desk-1", true}))->card.empty());
}

BOOST_AUTO_TEST_CASE(a_card_placed_before_staff_looked_waits_for_them) {
  clinic c;
  c.from_staff(begin);
  const auto checkin = c.place();
  BOOST_CHECK_EQUAL(c.now(checkin), state::comparing);
  BOOST_CHECK_EQUAL(c.shown(), prompt::show_card);
  c.from_staff(seen);
  prepare(c);
  BOOST_CHECK_EQUAL(c.now(checkin), state::consenting);
}

BOOST_AUTO_TEST_CASE(only_signed_in_staff_who_may_vouch_do_and_only_in_the_simulated_profile) {
  auto o = simulated();
  o.may_vouch = {"suzuki"};
  clinic c{o};
  BOOST_CHECK_EQUAL(refusal_in(c.from_staff(begin, "")).code, error_code::not_a_voucher);
  BOOST_CHECK_EQUAL(refusal_in(c.from_staff(begin, "tanaka")).code, error_code::not_a_voucher);
  c.from_staff(begin);
  BOOST_CHECK_EQUAL(refusal_in(c.from_staff(seen, "tanaka")).code, error_code::not_a_voucher);
  BOOST_CHECK_EQUAL(refusal_in(c.from_page(seen)).code, error_code::not_allowed); // the patient's own page
  clinic real{consent_session::options{}};
  BOOST_CHECK_EQUAL(refusal_in(real.from_staff(begin)).code, error_code::visual_check_not_offered);
}

BOOST_AUTO_TEST_CASE(nobody_is_vouched_for_at_a_desk_that_was_not_switched) {
  clinic c;
  BOOST_CHECK_EQUAL(refusal_in(c.from_staff(seen)).code, error_code::not_now);
  const auto checkin = c.reach(state::asking);
  BOOST_CHECK_EQUAL(refusal_in(c.from_staff(begin)).code, error_code::not_now);
  BOOST_CHECK_EQUAL(c.now(checkin), state::asking);
}

BOOST_AUTO_TEST_CASE(a_desk_to_which_nobody_comes_goes_back_by_itself) {
  clinic c;
  c.from_staff(begin);
  c.pass(c.options.waits.visual_check_ms);
  BOOST_CHECK_EQUAL(mode_in(c.last), desk_mode::unattended);
  BOOST_CHECK_EQUAL(c.shown(), prompt::place_card);
}

BOOST_AUTO_TEST_CASE(a_card_that_is_lifted_in_the_questions_ends_what_was_vouched_for) {
  clinic c;
  c.from_staff(begin);
  c.from_staff(seen);
  c.place();
  prepare(c);
  c.from_reader(report_card_removed{c.reader_session});
  BOOST_CHECK_EQUAL(mode_in(c.last), desk_mode::unattended);
  c.place();
  BOOST_CHECK_EQUAL(c.shown(), prompt::choose_method);
}

BOOST_AUTO_TEST_CASE(a_card_lifted_to_be_shown_in_the_moment_staff_said_so_is_awaited_again_and_no_other) {
  clinic c;
  c.place();
  c.from_staff(begin);
  c.from_staff(seen);
  prepare(c); // the press was there before the lifting hand was noticed
  c.from_reader(report_card_removed{c.reader_session});
  BOOST_CHECK_EQUAL(stage_in(c.last), visual_stage::awaiting_card);
  BOOST_CHECK_EQUAL(c.shown(), prompt::place_card);
  c.from_reader(report_card_placed{numbered(8, c.now_ms), card_kind::my_number_card, 3, numbered(78), {}, {}});
  BOOST_CHECK_EQUAL(c.shown(), prompt::not_same_card);
  c.from_reader(report_card_removed{numbered(8, c.now_ms)});
  c.place();
  BOOST_CHECK_EQUAL(event_in<identity_vouched>(c.last)->account, "suzuki");
  prepare(c);
  BOOST_CHECK_EQUAL(c.shown(), prompt::give_consents);
  c.from_reader(report_card_removed{c.reader_session}); // once
  BOOST_CHECK_EQUAL(mode_in(c.last), desk_mode::unattended);
}

BOOST_AUTO_TEST_CASE(a_card_lifted_later_than_to_be_shown_ends_what_was_vouched_for) {
  clinic c;
  c.place();
  c.from_staff(begin);
  c.from_staff(seen);
  prepare(c);
  c.now_ms += c.options.waits.lifting_ms;
  c.from_reader(report_card_removed{c.reader_session});
  BOOST_CHECK_EQUAL(mode_in(c.last), desk_mode::unattended);
}

BOOST_AUTO_TEST_CASE(a_restart_in_the_questions_keeps_who_vouched) {
  clinic c;
  c.from_staff(begin);
  c.from_staff(seen);
  const auto checkin = c.place();
  prepare(c);
  c.restart();
  c.pass(0); // who lies there is asked at the first tick
  c.answer(ask_present::topic, card_present{c.reader_session, 3});
  BOOST_CHECK_EQUAL(c.now(checkin), state::consenting);
  BOOST_CHECK_EQUAL(c.session->visits().at(checkin).row.vouched_by, "suzuki");
  c.give_consents(checkin);
  c.provide(checkin);
  c.report(question_outcome::answered, validity::valid, true);
  BOOST_CHECK_EQUAL(mode_in(c.last), desk_mode::unattended);
}

BOOST_AUTO_TEST_CASE(a_restart_while_the_certificate_is_awaited_asks_for_it_again) {
  clinic c;
  c.from_staff(begin);
  c.from_staff(seen);
  const auto checkin = c.place();
  c.restart();
  c.pass(0); // who lies there is asked at the first tick
  c.answer(ask_present::topic, card_present{c.reader_session, 3});
  prepare(c);
  BOOST_CHECK_EQUAL(c.now(checkin), state::consenting);
}

BOOST_AUTO_TEST_CASE(without_the_line_it_is_not_asked_and_the_desk_goes_back) {
  clinic c;
  c.from_staff(begin);
  c.from_staff(seen);
  const auto checkin = c.place();
  c.fail(obtain_challenge::topic, error_code::line_down);
  BOOST_CHECK_EQUAL(c.now(checkin), state::at_window);
  c.from_reception(finish_at_window{checkin});
  BOOST_CHECK_EQUAL(mode_in(c.last), desk_mode::unattended);
}

BOOST_AUTO_TEST_CASE(a_stuck_patient_goes_on_at_another_desk) {
  clinic c;
  const auto checkin = c.reach(state::entering_pin);
  BOOST_CHECK_EQUAL(refusal_in(c.from_reception(move_patient{checkin, "desk-1"})).code, error_code::wrong_value);
  c.from_reception(move_patient{checkin, "desk-2"});
  BOOST_CHECK(was_done(c.last));
  BOOST_CHECK_EQUAL(event_in<patient_moved>(c.last)->desk, "desk-2");
  BOOST_CHECK_EQUAL(c.shown(), prompt::go_to_desk);
  BOOST_CHECK_EQUAL(c.prompts.at("desk-1").desk, "desk-2");
  c.from_reader(report_card_removed{c.reader_session});
  BOOST_CHECK_EQUAL(event_in<checkin_ended>(c.last)->how, ending::moved);
  c.place(3, "desk-2");
  BOOST_CHECK_EQUAL(c.shown("desk-2"), prompt::choose_method);
}

BOOST_AUTO_TEST_CASE(what_staff_vouched_for_moves_with_the_patient) {
  clinic c;
  c.from_staff(begin);
  c.from_staff(seen);
  const auto checkin = c.place();
  prepare(c);
  c.from_reception(move_patient{checkin, "desk-2"});
  c.from_reader(report_card_removed{c.reader_session});
  c.from_reader(report_card_placed{numbered(9, c.now_ms), card_kind::my_number_card, 3, numbered(78), {}, {}},
                "desk-2");
  BOOST_CHECK_EQUAL(c.shown("desk-2"), prompt::not_same_card); // the same card only
  c.from_reader(report_card_removed{numbered(9, c.now_ms)}, "desk-2");
  c.place(3, "desk-2");
  prepare(c);
  BOOST_CHECK_EQUAL(c.shown("desk-2"), prompt::give_consents);
}

BOOST_AUTO_TEST_CASE(what_was_asked_already_is_not_moved) {
  clinic c;
  const auto checkin = c.reach(state::registration);
  BOOST_CHECK_EQUAL(refusal_in(c.from_reception(move_patient{checkin, "desk-2"})).code, error_code::not_now);
}
