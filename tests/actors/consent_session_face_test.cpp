// The face in a check-in: accepted, never accepted, left to staff, given up for the PIN, and tried too often.
#include "tests/actors/support.hpp"

#include <algorithm>

using namespace actors_test;
using state = checkin_state;

namespace {

id choose_face(clinic& c) {
  const auto checkin = c.place();
  c.from_page(choose_method{checkin, identity_method::face});
  return checkin;
}

/// From the face's report to the PIN pad.
void fall(clinic& c, face_outcome outcome) {
  c.answer(match_face::topic, a_face(outcome));
  c.answer(obtain_challenge::topic, a_challenge());
}

std::size_t written(const clinic& c, std::string_view topic) {
  return static_cast<std::size_t>(
      std::ranges::count_if(c.journal.events, [&](const auto& e) { return e.topic == topic; }));
}

} // namespace

BOOST_AUTO_TEST_CASE(a_matched_face_is_proven_by_the_card_and_leads_to_the_consents_without_a_pin) {
  clinic c;
  const auto checkin = choose_face(c);
  BOOST_CHECK_EQUAL(c.shown(), prompt::show_face);
  BOOST_CHECK(sent_in<match_face>(c.last.showing)->reader_session == c.reader_session);
  c.answer(match_face::topic, a_face(face_outcome::matched));
  BOOST_CHECK_EQUAL(event_in<face_attempt_ended>(c.last)->model, "0123456789abcdef");
  BOOST_CHECK(!sent_in<stop_matching>(c.last.showing)); // it ended by itself
  c.answer(obtain_challenge::topic, a_challenge());
  BOOST_CHECK((sent_in<messages::prove_by_face>(c.last.binding)->challenge == bytes{1, 2, 3, 4}));
  c.answer(messages::prove_by_face::topic, a_proof());
  const auto proven = event_in<identity_proven>(c.last);
  BOOST_REQUIRE(proven);
  BOOST_CHECK_EQUAL(proven->method, identity_method::face);
  BOOST_CHECK((proven->signature.reveal() == bytes{8, 8}));
  BOOST_CHECK_EQUAL(c.now(checkin), state::consenting);
  c.give_consents(checkin);
  c.provide(checkin);
  BOOST_CHECK((sent_in<ask_eligibility>(c.last.binding)->signature.reveal() == bytes{8, 8}));
  BOOST_CHECK_EQUAL(written(c, pin_attempt_allowed::topic), 0u);
}

BOOST_AUTO_TEST_CASE(a_face_that_is_not_confirmed_falls_to_the_pin_without_lifting_the_card) {
  for (const auto outcome : {face_outcome::different, face_outcome::no_face, face_outcome::cannot_tell}) {
    clinic c;
    const auto checkin = choose_face(c);
    fall(c, outcome);
    BOOST_TEST_CONTEXT(name(outcome)) {
      BOOST_CHECK_EQUAL(c.now(checkin), state::entering_pin);
      BOOST_CHECK_EQUAL(name(c.prompts.at("desk-1").note), "face_not_confirmed");
      BOOST_CHECK_EQUAL(written(c, face_attempt_ended::topic), 1u);
      c.from_page(enter_pin{checkin});
      c.answer(verify_pin::topic, right_pin());
      BOOST_CHECK_EQUAL(event_in<identity_proven>(c.last)->method, identity_method::pin);
    }
  }
}

BOOST_AUTO_TEST_CASE(no_outcome_but_matched_and_staffs_word_ever_asks_the_card_to_sign_without_its_pin) {
  for (std::size_t n = 0; n < enumeration<face_outcome>::names.size(); ++n) {
    const auto outcome = static_cast<face_outcome>(n);
    clinic c;
    choose_face(c);
    c.answer(match_face::topic, a_face(outcome));
    if (c.open_request(obtain_challenge::topic)) c.answer(obtain_challenge::topic, a_challenge());
    const bool asked = c.open_request(messages::prove_by_face::topic).has_value();
    BOOST_CHECK_EQUAL(asked, outcome == face_outcome::matched);
  }
}

BOOST_AUTO_TEST_CASE(a_desk_without_an_answer_about_the_face_falls_to_the_pin_and_counts_no_failure) {
  for (const auto why : {error_code::unknown_address, error_code::dead_peer, error_code::outcome_unknown,
                         error_code::busy}) {
    clinic c;
    const auto checkin = choose_face(c);
    c.fail(match_face::topic, why);
    BOOST_CHECK_EQUAL(c.now(checkin), state::preparing);
    BOOST_CHECK_EQUAL(event_in<face_attempt_ended>(c.last)->outcome, face_outcome::cannot_tell);
  }
}

BOOST_AUTO_TEST_CASE(in_the_grey_zone_staff_decide_and_only_reception_may) {
  clinic c;
  const auto checkin = c.reach(state::deciding);
  BOOST_CHECK_EQUAL(c.shown(), prompt::wait_for_staff);
  c.from_page(decide_face{checkin, true});
  BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::not_allowed);
  BOOST_CHECK_EQUAL(c.now(checkin), state::deciding);
  c.from_reception(decide_face{checkin, true}); // nobody is signed in
  BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::not_a_voucher);
  BOOST_CHECK_EQUAL(c.now(checkin), state::deciding);
  c.from_staff(decide_face{checkin, true});
  BOOST_CHECK(event_in<face_decided>(c.last)->same_person);
  BOOST_CHECK_EQUAL(c.now(checkin), state::proving);
  c.from_staff(decide_face{checkin, false});
  BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::not_now); // decided once

  clinic other;
  const auto denied = other.reach(state::deciding);
  other.from_staff(decide_face{denied, false});
  BOOST_CHECK_EQUAL(other.now(denied), state::preparing);
  BOOST_CHECK(!event_in<face_decided>(other.last)->same_person);
}

BOOST_AUTO_TEST_CASE(who_may_not_compare_photos_may_not_decide_about_a_face_either) {
  clinic c{{.asks_without_pin = true, .may_vouch = {"sato"}}};
  const auto checkin = c.reach(state::deciding);
  c.from_staff(decide_face{checkin, true});
  BOOST_CHECK((refusal_in(c.last) == error{error_code::not_a_voucher, {"suzuki"}}));
  BOOST_CHECK_EQUAL(c.now(checkin), state::deciding);
  c.from_staff(decide_face{checkin, true}, "sato");
  BOOST_CHECK_EQUAL(c.now(checkin), state::proving);
}

BOOST_AUTO_TEST_CASE(a_face_that_was_refused_binds_the_next_visual_check_to_its_card) {
  clinic c;
  choose_face(c);
  fall(c, face_outcome::different);
  c.from_reader(report_card_removed{c.reader_session, false});
  c.from_staff(begin_visual_check{"desk-1", false});
  BOOST_CHECK(sent_in<show_visual_check>(c.last.showing)->same_card);

  clinic proven;
  const auto checkin = choose_face(proven);
  fall(proven, face_outcome::different);
  proven.from_page(enter_pin{checkin});
  proven.answer(verify_pin::topic, right_pin());
  proven.from_page(stop_checkin{checkin});
  proven.from_reader(report_card_removed{proven.reader_session, false});
  proven.from_staff(begin_visual_check{"desk-1", false});
  BOOST_CHECK(!sent_in<show_visual_check>(proven.last.showing)->same_card); // its owner was there
}

BOOST_AUTO_TEST_CASE(five_failures_in_a_row_make_the_card_wait_longer_each_time_and_a_pin_ends_that) {
  clinic c;
  auto checkin = choose_face(c);
  for (int n = 1; n <= 5; ++n) {
    if (n > 1) c.from_page(choose_method{checkin, identity_method::face});
    BOOST_REQUIRE(c.open_request(match_face::topic));
    if (n == 3) { // lifting the card and laying it again wins nothing
      c.from_reader(report_card_removed{c.reader_session, false});
      c.asked.clear();
      checkin = choose_face(c);
    }
    fall(c, face_outcome::different);
  }
  BOOST_CHECK_EQUAL(name(c.prompts.at("desk-1").note), "face_delayed");
  c.from_page(choose_method{checkin, identity_method::face});
  BOOST_CHECK((refusal_in(c.last) == error{error_code::face_delayed, {"30"}}));
  BOOST_CHECK_EQUAL(c.now(checkin), state::entering_pin);
  c.pass(30'000);
  c.from_page(choose_method{checkin, identity_method::face});
  BOOST_CHECK(was_done(c.last));
  fall(c, face_outcome::different);
  c.from_page(choose_method{checkin, identity_method::face});
  BOOST_CHECK((refusal_in(c.last) == error{error_code::face_delayed, {"60"}})); // doubled
  c.from_page(enter_pin{checkin});
  c.answer(verify_pin::topic, right_pin());
  c.from_page(stop_checkin{checkin});
  c.from_reader(report_card_removed{c.reader_session, false});
  choose_face(c);
  BOOST_CHECK(was_done(c.last)); // the PIN proved who it is
}

BOOST_AUTO_TEST_CASE(failures_that_were_remembered_count_after_a_restart) {
  consent_session::session s{{.asks_without_pin = true}, counting_ids()};
  s.remember_failures({{numbered(77), 5, start_ms}});
  const auto placed = report_card_placed{numbered(1), card_kind::my_number_card, 3, numbered(77), {}, {}};
  const auto begun = reply_in<checkin_begun>(s.on_command(command_of("reader@desk-1", placed), start_ms + 1));
  const auto choose = choose_method{begun->checkin, identity_method::face};
  const auto refused = s.on_command(command_of("screen@desk-1", choose), start_ms + 1'000);
  BOOST_CHECK((refusal_in(refused) == error{error_code::face_delayed, {"29"}}));
}

BOOST_AUTO_TEST_CASE(outside_the_simulated_profile_a_face_asks_nobody) {
  clinic c{consent_session::options{}};
  const auto checkin = c.place();
  c.from_page(choose_method{checkin, identity_method::face});
  BOOST_CHECK_EQUAL(refusal_in(c.last).code, error_code::face_not_offered);
  BOOST_CHECK_EQUAL(c.now(checkin), state::choosing);
  BOOST_CHECK(!c.open_request(match_face::topic));
}

BOOST_AUTO_TEST_CASE(the_number_that_the_reader_cannot_read_is_typed_at_the_desk_and_may_be_wrong) {
  clinic c;
  const auto checkin = c.reach(state::awaiting_number);
  BOOST_CHECK_EQUAL(c.shown(), prompt::enter_check_number);
  BOOST_CHECK_EQUAL(name(c.prompts.at("desk-1").note), "none");
  c.from_page(enter_check_number{checkin});
  BOOST_CHECK_EQUAL(c.now(checkin), state::matching);
  c.answer(match_face::topic, a_face(face_outcome::wrong_number));
  BOOST_CHECK_EQUAL(c.now(checkin), state::awaiting_number);
  BOOST_CHECK_EQUAL(name(c.prompts.at("desk-1").note), "wrong_number");
  BOOST_CHECK_EQUAL(written(c, face_attempt_ended::topic), 0u); // nobody was compared
}

BOOST_AUTO_TEST_CASE(a_patient_who_turns_away_ends_the_comparison_and_a_late_report_says_nothing) {
  clinic c;
  const auto checkin = choose_face(c);
  const auto first = *c.open_request(match_face::topic);
  c.from_page(choose_method{checkin, identity_method::pin});
  BOOST_CHECK(sent_in<stop_matching>(c.last.showing)->checkin == checkin);
  c.answer(obtain_challenge::topic, a_challenge());
  c.from_page(choose_method{checkin, identity_method::face}); // and again: another comparison
  c.answer_tag(*first.answer_to, encode_body(a_face(face_outcome::matched)));
  BOOST_CHECK_EQUAL(c.now(checkin), state::matching);
  BOOST_CHECK(!event_in<face_attempt_ended>(c.last));
}

BOOST_AUTO_TEST_CASE(a_restart_in_the_middle_of_a_face_goes_on_where_it_was) {
  for (const auto at : {state::matching, state::deciding, state::proving}) {
    clinic c;
    const auto checkin = c.reach(at);
    c.restart();
    c.pass(0);
    c.answer(ask_present::topic, card_present{c.reader_session, 3});
    BOOST_TEST_CONTEXT(name(at)) {
      BOOST_CHECK_EQUAL(c.now(checkin), at);
      if (at == state::matching) BOOST_CHECK(c.open_request(match_face::topic));
      if (at == state::proving) BOOST_CHECK(c.open_request(obtain_challenge::topic));
    }
  }
}
