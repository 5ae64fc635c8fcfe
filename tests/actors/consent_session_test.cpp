// A check-in from card to goodbye: the happy story, the PIN, what pages may say.
#include "tests/actors/support.hpp"

#include <algorithm>

using namespace actors_test;
using state = checkin_state;

namespace {

std::vector<std::string> names(std::initializer_list<const char*> all) { return {all.begin(), all.end()}; }

void require_same(const std::vector<std::string>& is, const std::vector<std::string>& should) {
  BOOST_CHECK_EQUAL_COLLECTIONS(is.begin(), is.end(), should.begin(), should.end());
}

} // namespace

BOOST_AUTO_TEST_CASE(a_first_visit_with_one_wrong_pin_writes_exactly_these_events_in_this_order) {
  clinic c;
  const auto checkin = c.place();
  BOOST_CHECK_EQUAL(c.shown(), prompt::choose_method);
  c.from_page(choose_method{checkin, identity_method::pin});
  BOOST_CHECK(was_done(c.last));
  BOOST_CHECK_EQUAL(c.shown(), prompt::please_wait);
  c.answer(obtain_challenge::topic, a_challenge());
  BOOST_CHECK_EQUAL(c.shown(), prompt::enter_pin);
  c.from_page(enter_pin{checkin});
  c.answer(verify_pin::topic, wrong_pin(2));
  BOOST_CHECK_EQUAL(c.shown(), prompt::wrong_pin);
  BOOST_CHECK_EQUAL(c.prompts.at("desk-1").tries_left, 2);
  c.from_page(enter_pin{checkin});
  c.answer(verify_pin::topic, right_pin());
  BOOST_CHECK_EQUAL(c.shown(), prompt::give_consents);
  c.give_consents(checkin);
  BOOST_CHECK_EQUAL(c.shown(), prompt::provide_information);
  c.provide(checkin);
  BOOST_CHECK_EQUAL(c.shown(), prompt::asking);
  c.report(question_outcome::answered, validity::valid, false);
  c.from_reception(register_reference_number{checkin, personal<std::string>{"K-0042"}});
  c.answer(register_number::topic, question_report{question_outcome::answered, {}, true, {}, {}, {}});
  BOOST_CHECK_EQUAL(c.shown(), prompt::take_card);
  c.from_reader(report_card_removed{c.reader_session, false});
  BOOST_CHECK_EQUAL(c.shown(), prompt::place_card);
  BOOST_CHECK(c.prompts.at("desk-1").checkin.empty());

  require_same(c.journal.topics(),
               names({"card_placed", "identity_method_chosen", "pin_attempt_allowed", "pin_attempt_ended",
                      "pin_attempt_allowed", "pin_attempt_ended", "identity_proven", "consents_recorded",
                      "answer_shown", "registration_requested", "reference_settled", "card_return_awaited", "ended"}));
  const auto end = body_as<checkin_ended>(c.journal.events.back());
  BOOST_REQUIRE(end);
  BOOST_CHECK_EQUAL(end->how, ending::completed);
  BOOST_CHECK_EQUAL(end->reference, reference_outcome::registered);
  BOOST_CHECK(c.journal.outbox.empty());
  BOOST_CHECK(c.journal.open.empty());
  BOOST_CHECK(!c.session->next_tick_ms());
}

BOOST_AUTO_TEST_CASE(the_consents_recorded_are_the_patients_own_and_the_question_carries_the_cards_proof) {
  clinic c;
  const auto checkin = c.reach(state::providing);
  const auto& out = c.from_page(provide_information{checkin, choice::refused, choice::given});
  const auto recorded = event_in<consents_recorded>(out);
  const auto ask = sent_in<ask_eligibility>(out.binding);
  BOOST_REQUIRE(recorded && ask);
  BOOST_CHECK(ask->question == recorded->question);
  BOOST_CHECK_EQUAL(recorded->choices.surgery, choice::given);
  BOOST_CHECK_EQUAL(recorded->choices.checkup, choice::refused);
  BOOST_CHECK_EQUAL(recorded->choices.limit, choice::refused);
  BOOST_CHECK_EQUAL(recorded->choices.specified_disease, choice::given);
  BOOST_CHECK_EQUAL(ask->challenge_id, "challenge-1");
  BOOST_CHECK((ask->signature.reveal() == bytes{8, 8}));
  BOOST_CHECK((ask->certificate.reveal() == bytes{7, 7}));
  BOOST_CHECK(c.session->visits().at(checkin).row.signature.reveal().empty()); // its work is done
}

BOOST_AUTO_TEST_CASE(a_number_that_came_with_the_answer_needs_no_registration) {
  clinic c;
  const auto checkin = c.reach(state::asking);
  c.report(question_outcome::answered, validity::valid, true);
  BOOST_CHECK_EQUAL(c.now(checkin), state::taking_card);
  c.from_reader(report_card_removed{c.reader_session, false});
  BOOST_CHECK_EQUAL(event_in<checkin_ended>(c.last)->reference, reference_outcome::came_with_answer);
}

BOOST_AUTO_TEST_CASE(every_answer_that_is_not_plainly_valid_sends_the_patient_to_the_window) {
  for (const auto judged : {validity::none, validity::invalid, validity::newer_exists, validity::no_match,
                            validity::several, validity::valid_unregistered}) {
    clinic c;
    const auto checkin = c.reach(state::asking);
    c.report(question_outcome::answered, judged);
    BOOST_CHECK_EQUAL(c.now(checkin), state::at_window);
    BOOST_CHECK_EQUAL(c.shown(), prompt::come_to_window);
    c.from_reception(finish_at_window{checkin});
    BOOST_CHECK_EQUAL(c.shown(), prompt::take_card);
  }
}

BOOST_AUTO_TEST_CASE(reception_may_skip_the_reference_number_or_give_another_after_a_refusal) {
  clinic c;
  const auto checkin = c.reach(state::registering);
  c.answer(register_number::topic, question_report{question_outcome::refused, {}, false, {}, {}, "line_refused"});
  BOOST_CHECK_EQUAL(c.now(checkin), state::registration);
  BOOST_CHECK_EQUAL(sent_in<show_at_reception>(c.last.showing)->error, "line_refused");
  c.from_reception(register_reference_number{checkin, personal<std::string>{"K-43"}});
  BOOST_CHECK_EQUAL(c.now(checkin), state::registering);
  c.answer(register_number::topic, question_report{question_outcome::answered, {}, true, {}, {}, {}});
  BOOST_CHECK_EQUAL(c.now(checkin), state::taking_card);

  clinic d;
  const auto skipping = d.reach(state::registration);
  d.from_reception(skip_reference_number{skipping});
  BOOST_CHECK_EQUAL(event_in<reference_settled>(d.last)->outcome, reference_outcome::skipped);
}

BOOST_AUTO_TEST_CASE(a_registration_whose_outcome_is_unknown_does_not_hold_the_patient) {
  clinic c;
  const auto checkin = c.reach(state::registering);
  const auto registration = c.session->visits().at(checkin).row.registration;
  c.answer(register_number::topic, question_report{question_outcome::unknown, {}, false, {}, {}, "line_silent"});
  BOOST_CHECK_EQUAL(c.now(checkin), state::taking_card);
  BOOST_CHECK_EQUAL(event_in<reference_settled>(c.last)->outcome, reference_outcome::waiting);
  c.from_reader(report_card_removed{c.reader_session, false});
  c.from_gateway(settle_checkin{
      checkin, registration, question_kind::registration, {question_outcome::answered, {}, true, {}, {}, {}}});
  BOOST_CHECK(was_done(c.last));
  BOOST_CHECK(event_in<checkin_settled>(c.last)->question == registration);
}

BOOST_AUTO_TEST_CASE(a_reference_number_is_1_to_50_printable_characters_and_the_refusal_does_not_repeat_it) {
  clinic c;
  const auto checkin = c.reach(state::registration);
  for (const auto& bad : {std::string{}, std::string(51, 'x'), std::string{"a b"}, std::string{"a\n"}}) {
    c.from_reception(register_reference_number{checkin, personal<std::string>{bad}});
    const auto why = refusal_in(c.last);
    BOOST_CHECK_EQUAL(why.code, error_code::wrong_value);
    for (const auto& arg : why.args)
      BOOST_CHECK(bad.empty() || arg.find(bad) == std::string::npos);
  }
  BOOST_CHECK_EQUAL(c.now(checkin), state::registration);
}

// -- the PIN -------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_key_press_asks_for_one_attempt_and_a_second_press_for_none) {
  clinic c;
  const auto checkin = c.reach(state::entering_pin);
  c.from_page(enter_pin{checkin});
  BOOST_CHECK_EQUAL(count_of(c.last.binding, verify_pin::topic), 1u);
  BOOST_CHECK((sent_in<verify_pin>(c.last.binding)->challenge == bytes{1, 2, 3, 4}));
  BOOST_REQUIRE_EQUAL(c.last.journal.outbox.size(), 1u);
  BOOST_CHECK_EQUAL(c.last.journal.outbox.front().topic, verify_pin::topic);
  c.from_page(enter_pin{checkin, 1});
  BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::not_now);
  BOOST_CHECK_EQUAL(count_of(c.last.binding, verify_pin::topic), 0u);
}

BOOST_AUTO_TEST_CASE(the_last_try_and_an_unknown_number_of_tries_need_a_confirmation) {
  for (const std::int64_t tries : {1, -1}) {
    clinic c;
    const auto checkin = c.place(tries);
    c.from_page(choose_method{checkin, identity_method::pin});
    c.answer(obtain_challenge::topic, a_challenge());
    c.from_page(enter_pin{checkin});
    BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::last_try_unconfirmed);
    BOOST_CHECK(c.last.journal.empty());
    BOOST_CHECK_EQUAL(c.shown(), prompt::last_try);
    c.from_page(enter_pin{checkin, c.prompts.at("desk-1").sequence});
    BOOST_CHECK_EQUAL(event_in<pin_attempt_allowed>(c.last)->tries_left, tries);
  }
}

BOOST_AUTO_TEST_CASE(nobody_can_confirm_the_last_try_before_being_warned) {
  for (const std::uint64_t ahead : {0, 1, 2, 1000}) { // a page that says so at the first press
    clinic c;
    const auto checkin = c.place(1);
    c.from_page(choose_method{checkin, identity_method::pin});
    c.answer(obtain_challenge::topic, a_challenge());
    c.from_page(enter_pin{checkin, c.prompts.at("desk-1").sequence + ahead});
    BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::last_try_unconfirmed);
    BOOST_CHECK(c.journal.outbox.empty());
  }
}

BOOST_AUTO_TEST_CASE(the_confirmation_is_of_the_digits_that_were_warned_about_and_of_no_others) {
  clinic c;
  const auto checkin = c.place(1);
  c.from_page(choose_method{checkin, identity_method::pin});
  c.answer(obtain_challenge::topic, a_challenge());
  c.from_page(enter_pin{checkin});
  const auto first = c.prompts.at("desk-1").sequence;
  c.from_page(enter_pin{checkin}); // other digits: asked about once more
  BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::last_try_unconfirmed);
  c.from_page(enter_pin{checkin, first});
  BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::last_try_unconfirmed);
  c.from_page(enter_pin{checkin, c.prompts.at("desk-1").sequence});
  BOOST_CHECK_EQUAL(count_of(c.last.binding, verify_pin::topic), 1u);
}

BOOST_AUTO_TEST_CASE(the_reader_is_told_what_the_patient_saw) {
  clinic c;
  const auto checkin = c.place(2);
  c.from_page(choose_method{checkin, identity_method::pin});
  c.answer(obtain_challenge::topic, a_challenge());
  c.from_page(enter_pin{checkin});
  BOOST_CHECK_EQUAL(sent_in<verify_pin>(c.last.binding)->tries_told, 2);
}

BOOST_AUTO_TEST_CASE(one_card_at_two_desks_has_one_attempt_under_way) {
  clinic c;
  const auto first = c.reach(state::verifying);
  const auto here = c.reader_session;
  const auto twin = c.place(3, "desk-2"); // the same mark
  c.from_page(choose_method{twin, identity_method::pin}, "desk-2");
  c.answer(obtain_challenge::topic, a_challenge());
  c.from_page(enter_pin{twin}, "desk-2");
  BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::card_at_another_desk);
  BOOST_CHECK_EQUAL(refusal_in(c.last).args.at(0), "desk-1");
  BOOST_CHECK(sent_in<forget_pin>(c.last.showing)); // its digits are wiped
  BOOST_CHECK(c.last.journal.empty());
  // The other check-in ends; its VERIFY may all the same be under way.
  c.from_reader(report_card_removed{here, false});
  BOOST_CHECK(!c.is_open(first));
  c.from_page(enter_pin{twin}, "desk-2");
  BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::card_at_another_desk);
  c.answer(verify_pin::topic, pin_report{pin_outcome::in_doubt, -1, {}, {}}); // now its reader has said the last word
  c.from_page(enter_pin{twin}, "desk-2");
  BOOST_CHECK(event_in<pin_attempt_allowed>(c.last));
}

BOOST_AUTO_TEST_CASE(an_attempt_that_nobody_reports_holds_its_card_until_patience_is_over_and_over_a_restart) {
  for (const bool restarted : {false, true}) {
    clinic c;
    c.options.waits.entering_pin_ms = 300'000;
    c.session = std::make_unique<consent_session::session>(c.options, c.ids);
    c.reach(state::verifying);
    if (restarted) c.restart();
    c.from_reader(report_card_removed{{}, false}); // the desk's process was started anew and knows of no card
    const auto twin = c.place(3, "desk-2");
    c.from_page(choose_method{twin, identity_method::pin}, "desk-2");
    c.answer(obtain_challenge::topic, a_challenge());
    if (!restarted) c.fail(verify_pin::topic, error_code::outcome_unknown); // no last word
    c.from_page(enter_pin{twin}, "desk-2");
    BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::card_at_another_desk);
    c.pass(2 * c.options.waits.verifying_ms);
    c.from_page(enter_pin{twin}, "desk-2");
    BOOST_CHECK(event_in<pin_attempt_allowed>(c.last));
  }
}

BOOST_AUTO_TEST_CASE(a_certificate_that_expired_lately_opens_no_medical_information) {
  clinic c;
  c.certificate = certificate_standing::expired_lately;
  const auto checkin = c.reach(state::verifying);
  c.answer(verify_pin::topic, right_pin());
  BOOST_CHECK_EQUAL(c.shown(), prompt::provide_information); // nobody is asked for consent
  c.from_page(answer_consents{checkin, choice::given, choice::given, choice::given, choice::given, "ja", "1"});
  BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::not_now);
  c.restart();
  c.pass(0);
  c.answer(ask_present::topic, card_present{c.reader_session, 3});
  BOOST_CHECK_EQUAL(c.shown(), prompt::provide_information);
  c.provide(checkin);
  const auto recorded = event_in<consents_recorded>(c.last);
  BOOST_REQUIRE(recorded);
  for (const auto asked :
       {recorded->choices.surgery, recorded->choices.treatment, recorded->choices.drugs, recorded->choices.checkup})
    BOOST_CHECK(asked == choice::refused);
  BOOST_CHECK(recorded->choices.limit != choice::not_chosen);
}

BOOST_AUTO_TEST_CASE(an_expired_certificate_is_not_asked_for_a_pin) {
  for (const auto standing : {certificate_standing::expired, certificate_standing::not_yet_valid}) {
    clinic c;
    c.certificate = standing;
    const auto checkin = c.place();
    BOOST_CHECK_EQUAL(c.now(checkin), state::at_window);
    BOOST_CHECK_EQUAL(c.shown(), prompt::come_to_window);
    c.restart();
    BOOST_CHECK_EQUAL(c.now(checkin), state::at_window);
    c.pass(0);
    c.answer(ask_present::topic, card_present{c.reader_session, 3});
    c.from_reception(finish_at_window{checkin});
    BOOST_CHECK_EQUAL(event_in<card_return_awaited>(c.last)->how, ending::wrong_card);
  }
}

BOOST_AUTO_TEST_CASE(a_card_that_came_with_two_tries_is_not_told_that_its_pin_was_wrong) {
  clinic c;
  const auto checkin = c.place(2);
  c.from_page(choose_method{checkin, identity_method::pin});
  c.answer(obtain_challenge::topic, a_challenge());
  BOOST_CHECK_EQUAL(c.shown(), prompt::enter_pin);
  BOOST_CHECK_EQUAL(c.prompts.at("desk-1").tries_left, 2);
}

BOOST_AUTO_TEST_CASE(the_wrong_pin_on_the_last_try_sends_to_the_window_whatever_the_reader_calls_it) {
  for (const auto outcome : {pin_outcome::blocked, pin_outcome::wrong}) {
    clinic c;
    const auto checkin = c.reach(state::verifying);
    c.answer(verify_pin::topic, pin_report{outcome, 0, {}, {}});
    BOOST_CHECK_EQUAL(c.now(checkin), state::at_window);
    BOOST_CHECK_EQUAL(event_in<pin_attempt_ended>(c.last)->outcome, pin_outcome::blocked);
    BOOST_CHECK(c.journal.outbox.empty());
    c.from_reader(report_card_removed{c.reader_session, false});
    BOOST_CHECK_EQUAL(event_in<checkin_ended>(c.last)->how, ending::pin_blocked);
  }
}

BOOST_AUTO_TEST_CASE(a_card_that_comes_locked_goes_to_the_window_and_ends_as_locked_even_after_a_restart) {
  clinic c;
  const auto checkin = c.place(0);
  BOOST_CHECK_EQUAL(c.now(checkin), state::at_window);
  c.restart();
  c.pass(0);
  c.answer(ask_present::topic, card_present{c.reader_session, 0});
  BOOST_CHECK_EQUAL(c.now(checkin), state::at_window);
  c.from_reader(report_card_removed{c.reader_session, false});
  BOOST_CHECK_EQUAL(event_in<checkin_ended>(c.last)->how, ending::pin_blocked);
}

BOOST_AUTO_TEST_CASE(a_verify_whose_outcome_nobody_knows_ends_in_doubt_and_the_tries_are_read_again) {
  for (const auto why : {error_code::outcome_unknown, error_code::dead_peer, error_code::already_done}) {
    clinic c;
    const auto checkin = c.reach(state::verifying);
    c.fail(verify_pin::topic, why);
    BOOST_CHECK_EQUAL(event_in<pin_attempt_ended>(c.last)->outcome, pin_outcome::in_doubt);
    BOOST_CHECK_EQUAL(c.now(checkin), state::entering_pin);
    c.answer(ask_present::topic, card_present{c.reader_session, 2});
    BOOST_CHECK_EQUAL(c.prompts.at("desk-1").tries_left, 2);
    BOOST_CHECK_EQUAL(c.shown(), prompt::enter_pin); // nobody knows that it was wrong
    c.from_page(enter_pin{checkin});
    BOOST_CHECK(was_done(c.last));
  }
}

BOOST_AUTO_TEST_CASE(a_verify_that_was_never_made_leaves_the_tries_as_they_were) {
  for (const auto why :
       {error_code::not_now, error_code::other_session, error_code::busy, error_code::unknown_address}) {
    clinic c;
    const auto checkin = c.reach(state::verifying);
    c.fail(verify_pin::topic, why);
    const auto ended = event_in<pin_attempt_ended>(c.last);
    BOOST_CHECK_EQUAL(ended->outcome, pin_outcome::not_made);
    BOOST_CHECK_EQUAL(ended->tries_left, 3);
    BOOST_CHECK_EQUAL(c.now(checkin), state::entering_pin);
    BOOST_CHECK_EQUAL(c.shown(), prompt::enter_pin);
  }
}

BOOST_AUTO_TEST_CASE(the_late_report_on_an_earlier_attempt_is_not_taken_for_the_present_one) {
  clinic c;
  const auto checkin = c.reach(state::verifying);
  const auto first = *c.open_request(verify_pin::topic)->answer_to;
  c.run_out(checkin);
  BOOST_CHECK_EQUAL(event_in<pin_attempt_ended>(c.last)->outcome, pin_outcome::in_doubt);
  c.from_page(enter_pin{checkin});
  c.from_page(enter_pin{checkin, c.prompts.at("desk-1").sequence}); // nobody knows how many tries are left
  const auto second = c.session->visits().at(checkin).row.attempt;
  c.answer_tag(first, encode_body(wrong_pin(2)));
  BOOST_CHECK(c.last.journal.empty());
  BOOST_CHECK_EQUAL(c.now(checkin), state::verifying);
  BOOST_CHECK(c.session->visits().at(checkin).row.attempt == second);
}

BOOST_AUTO_TEST_CASE(a_right_pin_without_a_signature_proves_nobody) {
  clinic c;
  const auto checkin = c.reach(state::verifying);
  c.answer(verify_pin::topic, pin_report{pin_outcome::right, 3, {}, {}});
  BOOST_CHECK(!event_in<identity_proven>(c.last));
  BOOST_CHECK_EQUAL(c.now(checkin), state::entering_pin);
}

BOOST_AUTO_TEST_CASE(digits_entered_where_nobody_waits_for_them_are_wiped) {
  clinic c;
  const auto checkin = c.reach(state::consenting);
  c.from_page(enter_pin{checkin});
  BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::not_now);
  BOOST_CHECK(sent_in<forget_pin>(c.last.showing));
  const auto verifying = c.reach(state::verifying);
  c.from_page(enter_pin{verifying});
  BOOST_CHECK(!sent_in<forget_pin>(c.last.showing)); // those may be the digits of the attempt under way
}

// -- who may say what ----------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_page_of_another_desk_is_refused_in_everything) {
  clinic c;
  const auto checkin = c.reach(state::entering_pin);
  const auto refused = [&](const auto& m) {
    c.from_page(m, "desk-2");
    BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::not_allowed);
    BOOST_CHECK(c.last.journal.empty());
  };
  refused(enter_pin{checkin, 1});
  refused(stop_checkin{checkin});
  refused(choose_method{checkin, identity_method::pin});
  refused(answer_consents{checkin, choice::given, choice::given, choice::given, choice::given, "ja", "1"});
  refused(provide_information{checkin, choice::given, choice::given});
  BOOST_CHECK_EQUAL(c.now(checkin), state::entering_pin);
}

BOOST_AUTO_TEST_CASE(what_is_receptions_is_refused_from_a_desk_even_its_own) {
  clinic c;
  const auto checkin = c.reach(state::at_window);
  const auto refused = [&](const auto& m) {
    c.from_page(m);
    BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::not_allowed);
  };
  refused(finish_at_window{checkin});
  refused(skip_reference_number{checkin});
  refused(register_reference_number{checkin, personal<std::string>{"K-1"}});
  refused(a_walk_in(checkin));
}

BOOST_AUTO_TEST_CASE(only_the_pin_asks_the_national_system_without_a_certified_terminal) {
  clinic c{consent_session::options{}};
  const auto checkin = c.place();
  c.from_page(choose_method{checkin, identity_method::face});
  BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::face_not_offered);
  c.from_page(choose_method{checkin, identity_method::visual});
  BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::wrong_value);
}

BOOST_AUTO_TEST_CASE(half_answered_questions_are_refused) {
  clinic c;
  const auto checkin = c.reach(state::consenting);
  c.from_page(answer_consents{checkin, choice::given, choice::given, choice::not_chosen, choice::given, "ja", "1"});
  BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::missing_value);
  c.give_consents(checkin);
  c.from_page(provide_information{checkin, choice::given, choice::not_chosen});
  BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::missing_value);
  BOOST_CHECK_EQUAL(c.now(checkin), state::providing);
}

BOOST_AUTO_TEST_CASE(the_language_and_the_version_of_the_words_are_recorded_with_the_consents) {
  clinic c;
  const auto checkin = c.reach(state::consenting);
  c.from_page(answer_consents{checkin, choice::given, choice::given, choice::given, choice::refused, "ko", "7"});
  const auto& last = c.provide(checkin);
  const auto recorded = event_in<consents_recorded>(last);
  BOOST_REQUIRE(recorded);
  BOOST_CHECK_EQUAL(recorded->language, "ko");
  BOOST_CHECK_EQUAL(recorded->text_version, "7");
}

BOOST_AUTO_TEST_CASE(whoever_asks_for_more_time_gets_the_steps_whole_patience_again) {
  clinic c;
  for (const auto at : {state::choosing, state::entering_pin, state::consenting, state::providing,
                        state::awaiting_number, state::deciding}) {
    const auto checkin = c.reach(at);
    const auto before = c.session->visits().at(checkin).until_ms;
    c.now_ms += 5'000;
    c.from_page(extend_time{checkin});
    BOOST_CHECK(was_done(c.last));
    BOOST_CHECK(c.last.journal.empty());
    BOOST_CHECK_EQUAL(c.session->visits().at(checkin).until_ms, before + 5'000);
  }
  const auto waiting = c.reach(state::asking); // the centre's time is not the patient's
  c.from_page(extend_time{waiting});
  BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::not_now);
}

BOOST_AUTO_TEST_CASE(a_command_out_of_turn_is_not_now_and_changes_nothing) {
  for (std::size_t s = 1; s < enumeration<state>::names.size(); ++s) {
    const auto at = static_cast<state>(s);
    clinic c;
    const auto checkin = c.reach(at);
    const auto tried = [&](consent_session::event on, const auto& m) {
      if (consent_session::find(at, on)) return;
      c.from_reception(m);
      BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::not_now);
      BOOST_CHECK_EQUAL(c.now(checkin), at);
      BOOST_CHECK(c.last.journal.empty());
    };
    using event = consent_session::event;
    tried(event::pin_chosen, choose_method{checkin, identity_method::pin});
    tried(event::pin_entered, enter_pin{checkin, 1});
    tried(event::consents_answered,
          answer_consents{checkin, choice::given, choice::given, choice::given, choice::given, "ja", "1"});
    tried(event::information_answered, provide_information{checkin, choice::given, choice::given});
    tried(event::number_given, register_reference_number{checkin, personal<std::string>{"K-1"}});
    tried(event::number_skipped, skip_reference_number{checkin});
    tried(event::window_finished, finish_at_window{checkin});
    tried(event::stopped, stop_checkin{checkin});
  }
}

BOOST_AUTO_TEST_CASE(a_check_in_that_is_over_is_unknown) {
  clinic c;
  const auto checkin = c.place();
  c.from_reader(report_card_removed{c.reader_session, false});
  c.from_page(choose_method{checkin, identity_method::pin});
  BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::unknown_checkin);
}
