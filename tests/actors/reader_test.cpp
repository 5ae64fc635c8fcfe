// The card's stay on one reader: what the port is asked, what the hub is told, and what happens in between.
#include "tests/actors/support.hpp"

#include "actors/reader/card_stay.hpp"

#include <algorithm>

using namespace actors_test;
using reader::card_facts;
using reader::card_stay;
using reader::port_action;
using state = reader::state;

namespace {

card_facts a_card(std::int64_t tries_left = 3, std::uint64_t mark = 77) {
  return {card_kind::my_number_card, tries_left, personal<bytes>{bytes{5, 5}}, numbered(mark)};
}

bool asks(const reader::decision& d, port_action action) { return std::ranges::count(d.port, action) == 1; }

/// One reader with a port that never loses an answer.
struct desk {
  card_stay stay{"hub", counting_ids()};
  std::uint64_t now_ms = start_ms;

  desk() { stay.on_start(); }
  void attach() { stay.on_attached("SCR-1"); }
  void place(std::int64_t tries_left = 3) {
    attach();
    stay.on_placed();
    stay.on_identified(a_card(tries_left));
    BOOST_REQUIRE_EQUAL(stay.now(), state::ready);
  }
  reader::decision verify(id attempt, id session) {
    return stay.on_command(command_of("consent_session@hub", verify_pin{session, attempt, bytes{9}}), now_ms);
  }
  reader::decision verify(id attempt) { return verify(attempt, stay.session()); }
  reader::decision open() {
    return stay.on_command(command_of("face_matcher@desk-1", read_photo{stay.session()}), now_ms);
  }
  reader::decision prove() {
    return stay.on_command(command_of("consent_session@hub", prove_by_face{stay.session(), bytes{9}}), now_ms);
  }
  void reach(state to) {
    if (to == state::no_reader) return;
    attach();
    if (to == state::empty) return;
    stay.on_placed();
    if (to == state::reading) return;
    stay.on_identified(a_card());
    if (to == state::ready) return;
    if (to == state::opening) {
      open();
      return;
    }
    verify(numbered(1));
    if (to == state::verifying) return;
    stay.on_verified(pin_outcome::right, 3);
    BOOST_REQUIRE_EQUAL(stay.now(), to);
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_permission_for_other_tries_than_the_cards_sends_nothing) {
  desk d;
  d.place(1);
  const auto verify = verify_pin{d.stay.session(), numbered(1), bytes{9}, 2}; // the patient saw two
  const auto out = d.stay.on_command(command_of("consent_session@hub", verify), d.now_ms);
  BOOST_CHECK(!asks(out, port_action::verify_pin));
  const auto report = reply_in<pin_report>(out);
  BOOST_REQUIRE(report);
  BOOST_CHECK_EQUAL(report->outcome, pin_outcome::not_made);
  BOOST_CHECK_EQUAL(report->tries_left, 1);
  auto same = verify;
  same.attempt = numbered(2);
  same.tries_told = 1;
  BOOST_CHECK(asks(d.stay.on_command(command_of("consent_session@hub", same), d.now_ms), port_action::verify_pin));
}

BOOST_AUTO_TEST_CASE(every_row_of_the_readers_table_is_walked) {
  using event = reader::event;
  for (const auto& row : reader::table) {
    desk d;
    d.reach(row.from);
    switch (row.on) {
    case event::attached: d.stay.on_attached("SCR-1"); break;
    case event::detached: d.stay.on_detached({error_code::reader_lost, {}}); break;
    case event::placed: d.stay.on_placed(); break;
    case event::lifted: d.stay.on_lifted(); break;
    case event::identified: d.stay.on_identified(a_card()); break;
    case event::unreadable: d.stay.on_identified(failure(error_code::card_mute, "x")); break;
    case event::verify_wanted: d.verify(numbered(2)); break;
    case event::pin_right: d.stay.on_verified(pin_outcome::right, 3); break;
    case event::pin_not_right: d.stay.on_verified(pin_outcome::wrong, 2); break;
    case event::signing_done: d.stay.on_signed(bytes{1}); break;
    case event::photo_wanted: d.open(); break;
    case event::photo_read: d.stay.on_photo(d.stay.session(), photo_outcome::held, 9); break;
    case event::proof_wanted: d.prove(); break;
    }
    BOOST_TEST_CONTEXT(name(row.from) << " on " << name(row.on)) BOOST_CHECK_EQUAL(d.stay.now(), row.to);
  }
}

BOOST_AUTO_TEST_CASE(a_permission_becomes_one_verify_one_signature_and_one_report) {
  desk d;
  d.place();
  BOOST_CHECK(asks(d.verify(numbered(1)), port_action::verify_pin));
  const auto signing = d.stay.on_verified(pin_outcome::right, 3);
  BOOST_CHECK(asks(signing, port_action::sign));
  BOOST_CHECK(signing.challenge == bytes{9});
  const auto told = reply_in<pin_report>(d.stay.on_signed(bytes{4, 2}));
  BOOST_REQUIRE(told);
  BOOST_CHECK_EQUAL(told->outcome, pin_outcome::right);
  BOOST_CHECK((told->signature.reveal() == bytes{4, 2}));
  BOOST_CHECK((told->certificate.reveal() == bytes{5, 5}));
}

BOOST_AUTO_TEST_CASE(the_same_permission_never_reaches_the_card_twice) {
  desk d;
  d.place();
  d.verify(numbered(1));
  d.stay.on_verified(pin_outcome::wrong, 2);
  const auto again = d.verify(numbered(1));
  BOOST_CHECK(again.port.empty());
  BOOST_CHECK_EQUAL(refusal_in(again).code, error_code::already_done);
}

BOOST_AUTO_TEST_CASE(a_permission_for_another_card_or_during_another_attempt_is_refused) {
  desk d;
  d.place();
  BOOST_CHECK_EQUAL(refusal_in(d.verify(numbered(1), numbered(404))).code, error_code::other_session);
  BOOST_CHECK_EQUAL(refusal_in(d.verify(numbered(1), id{})).code, error_code::other_session);
  d.verify(numbered(2));
  const auto second = d.verify(numbered(3));
  BOOST_CHECK_EQUAL(refusal_in(second).code, error_code::not_now);
  BOOST_CHECK(second.port.empty());
}

BOOST_AUTO_TEST_CASE(an_attempt_whose_card_was_lifted_is_reported_and_says_nothing_about_the_next_card) {
  desk d;
  d.place();
  d.verify(numbered(1));
  const auto lifted = d.stay.on_lifted();
  BOOST_CHECK(asks(lifted, port_action::wipe_pin));
  BOOST_CHECK(sent_in<report_card_removed>(lifted.showing));
  d.stay.on_placed();
  const auto told = reply_in<pin_report>(d.stay.on_verified(pin_outcome::in_doubt, -1));
  BOOST_CHECK_EQUAL(told->outcome, pin_outcome::in_doubt);
  d.stay.on_identified(a_card(3));
  BOOST_CHECK_EQUAL(
      reply_in<card_present>(d.stay.on_command(command_of("consent_session@hub", ask_present{}), 0))->tries_left, 3);
  BOOST_CHECK(asks(d.verify(numbered(2)), port_action::verify_pin));
}

BOOST_AUTO_TEST_CASE(a_right_pin_whose_card_was_lifted_is_not_signed_for) {
  desk d;
  d.place();
  d.verify(numbered(1));
  d.stay.on_lifted();
  const auto told = d.stay.on_verified(pin_outcome::right, 3);
  BOOST_CHECK(told.port.empty());
  BOOST_CHECK(reply_in<pin_report>(told)->signature.reveal().empty());

  desk e;
  e.reach(state::signing);
  e.stay.on_lifted();
  e.stay.on_placed();
  const auto late = reply_in<pin_report>(e.stay.on_signed(bytes{4, 2}));
  BOOST_CHECK(late->signature.reveal().empty());
  BOOST_CHECK_EQUAL(e.stay.now(), state::reading);
}

BOOST_AUTO_TEST_CASE(why_a_card_could_not_be_read_is_told_and_is_not_said_of_the_next_one) {
  desk d;
  d.attach();
  d.stay.on_placed();
  const auto told = sent_in<report_card_placed>(d.stay.on_identified(failure(error_code::card_mute, "x")).showing);
  BOOST_REQUIRE(told);
  BOOST_CHECK_EQUAL(told->error, "card_mute");
  BOOST_CHECK_EQUAL(told->kind, card_kind::unknown);
  d.stay.on_lifted();
  d.stay.on_placed();
  BOOST_CHECK_EQUAL(sent_in<report_card_placed>(d.stay.on_identified(a_card()).showing)->error, "");
}

BOOST_AUTO_TEST_CASE(a_shaky_hand_does_not_make_a_good_card_unreadable) {
  desk d;
  d.attach();
  d.stay.on_placed();
  d.stay.on_lifted();
  d.stay.on_placed();
  const auto session = d.stay.session();
  const auto first = d.stay.on_identified(failure(error_code::card_removed, "x")); // of the first placing
  BOOST_CHECK(first.showing.empty());
  BOOST_CHECK_EQUAL(d.stay.now(), state::reading);
  const auto told = sent_in<report_card_placed>(d.stay.on_identified(a_card(3, 88)).showing);
  BOOST_REQUIRE(told);
  BOOST_CHECK(told->mark == numbered(88));
  BOOST_CHECK(told->reader_session == session);
}

BOOST_AUTO_TEST_CASE(a_pin_that_was_never_sent_leaves_the_known_tries) {
  desk d;
  d.place(2);
  d.verify(numbered(1));
  const auto told = reply_in<pin_report>(d.stay.on_verified(pin_outcome::not_made, -1));
  BOOST_CHECK_EQUAL(told->tries_left, 2);
}

BOOST_AUTO_TEST_CASE(what_lies_there_is_said_and_during_a_verify_the_tries_are_unknown) {
  desk d;
  const auto ask = [&] {
    return *reply_in<card_present>(d.stay.on_command(command_of("consent_session@hub", ask_present{}), 0));
  };
  BOOST_CHECK(ask().reader_session.empty());
  d.place();
  BOOST_CHECK(ask().reader_session == d.stay.session());
  BOOST_CHECK_EQUAL(ask().tries_left, 3);
  d.verify(numbered(1));
  BOOST_CHECK_EQUAL(ask().tries_left, -1);
  d.stay.on_verified(pin_outcome::wrong, 2);
  BOOST_CHECK_EQUAL(ask().tries_left, 2);
}

BOOST_AUTO_TEST_CASE(forgetting_an_earlier_cards_pin_does_not_wipe_this_ones) {
  desk d;
  d.place();
  const auto forget = [&](id session) {
    return d.stay.on_command(command_of("consent_session@hub", forget_pin{session}), 0);
  };
  BOOST_CHECK(forget(numbered(404)).port.empty());
  BOOST_CHECK(asks(forget(d.stay.session()), port_action::wipe_pin));
  d.stay.on_lifted();
  BOOST_CHECK(asks(forget(numbered(404)), port_action::wipe_pin)); // nobody's
}

BOOST_AUTO_TEST_CASE(the_pin_is_wiped_when_the_card_or_the_reader_goes) {
  for (const auto at : {state::reading, state::ready, state::verifying, state::signing}) {
    desk d;
    d.reach(at);
    BOOST_CHECK(asks(d.stay.on_lifted(), port_action::wipe_pin));
    desk e;
    e.reach(at);
    BOOST_CHECK(asks(e.stay.on_detached({error_code::reader_lost, {}}), port_action::wipe_pin));
  }
}

// -- telling the hub -----------------------------------------------------------------------------------------------

namespace {

const actors::tag& tag_of(const reader::decision& d, std::string_view topic) {
  const auto found = std::ranges::find(d.showing, topic, &actors::outgoing::topic);
  BOOST_REQUIRE(found != d.showing.end());
  return *found->answer_to;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_placed_card_is_told_until_the_hub_has_heard_it) {
  desk d;
  d.attach();
  d.stay.on_placed();
  auto told = d.stay.on_identified(a_card());
  for (int n = 0; n < 3; ++n) {
    d.stay.on_reply(tag_of(told, report_card_placed::topic), failure(error_code::dead_peer, "hub"), 1, d.now_ms);
    d.now_ms += 250;
    BOOST_REQUIRE(d.stay.next_tick_ms() && *d.stay.next_tick_ms() <= d.now_ms);
    told = d.stay.on_tick(d.now_ms);
    BOOST_CHECK(sent_in<report_card_placed>(told.showing)->reader_session == d.stay.session());
  }
  d.stay.on_reply(tag_of(told, report_card_placed::topic), encode_body(checkin_begun{numbered(1)}), 1, d.now_ms);
  BOOST_CHECK(!sent_in<report_card_placed>(d.stay.on_tick(d.now_ms + 250).showing));
}

BOOST_AUTO_TEST_CASE(a_refusal_is_an_answer_and_is_not_asked_for_again) {
  desk d;
  d.attach();
  d.stay.on_placed();
  const auto told = d.stay.on_identified(a_card());
  d.stay.on_reply(tag_of(told, report_card_placed::topic), failure(error_code::card_removed, "x"), 1, d.now_ms);
  BOOST_CHECK(!d.stay.next_tick_ms());
}

BOOST_AUTO_TEST_CASE(a_card_that_went_before_the_hub_heard_of_it_is_told_as_lifted_only) {
  desk d;
  d.place();
  const auto lifted = d.stay.on_lifted();
  d.stay.on_reply(tag_of(lifted, report_card_removed::topic), failure(error_code::busy, "hub"), 1, d.now_ms);
  const auto again = d.stay.on_tick(d.now_ms + 250);
  BOOST_CHECK(!sent_in<report_card_placed>(again.showing));
  BOOST_CHECK(sent_in<report_card_removed>(again.showing));
}

BOOST_AUTO_TEST_CASE(only_the_last_saying_that_nothing_lies_there_is_acknowledged) {
  card_stay stay{"hub", counting_ids()};
  const auto start = stay.on_start();
  BOOST_CHECK(sent_in<report_card_removed>(start.showing)->reader_lost); // no reader yet: ask for no card
  const auto attached = stay.on_attached("SCR-1");
  BOOST_CHECK(!sent_in<report_card_removed>(attached.showing)->reader_lost);
  stay.on_reply(tag_of(start, report_card_removed::topic), encode_body(done{}), 1, start_ms);
  stay.on_reply(tag_of(attached, report_card_removed::topic), failure(error_code::dead_peer, "hub"), 1, start_ms);
  BOOST_CHECK(sent_in<report_card_removed>(stay.on_tick(start_ms + 250).showing));
}

BOOST_AUTO_TEST_CASE(lifted_cards_that_the_hub_has_not_heard_of_are_bounded) {
  desk d;
  d.attach();
  reader::decision last;
  for (int n = 0; n < 500; ++n) {
    d.stay.on_placed();
    d.stay.on_identified(a_card());
    last = d.stay.on_lifted();
  }
  d.stay.on_reply(tag_of(last, report_card_removed::topic), failure(error_code::dead_peer, "hub"), 1, d.now_ms);
  const auto again = d.stay.on_tick(d.now_ms + 250);
  BOOST_CHECK_LE(count_of(again.showing, report_card_removed::topic), 33u);
  BOOST_CHECK_GE(count_of(again.showing, report_card_removed::topic), 30u);
}

BOOST_AUTO_TEST_CASE(a_hub_that_is_back_is_told_how_things_stand) {
  desk d;
  d.attach();
  const auto nothing = d.stay.on_hub(true);
  BOOST_CHECK(sent_in<report_card_removed>(nothing.showing)->reader_session.empty());
  BOOST_CHECK(sent_in<report_reader>(nothing.showing));
  d.place();
  const auto a_card_lies_there = d.stay.on_hub(true);
  BOOST_CHECK(sent_in<report_card_placed>(a_card_lies_there.showing)->reader_session == d.stay.session());
  BOOST_CHECK(!sent_in<report_card_removed>(a_card_lies_there.showing));
  BOOST_CHECK(d.stay.on_hub(false).showing.empty());
}

BOOST_AUTO_TEST_CASE(an_attempt_that_the_reader_went_away_with_is_reported) {
  desk d;
  d.place();
  d.verify(numbered(1));
  const auto lost = d.stay.on_detached({error_code::reader_lost, {}});
  BOOST_CHECK(sent_in<report_card_removed>(lost.showing)->reader_lost);
  BOOST_CHECK_EQUAL(sent_in<report_reader>(lost.showing)->error, "reader_lost");
  BOOST_CHECK_EQUAL(reply_in<pin_report>(d.stay.on_verified(pin_outcome::in_doubt, -1))->outcome,
                    pin_outcome::in_doubt);
}

BOOST_AUTO_TEST_CASE(what_is_not_the_readers_is_refused) {
  desk d;
  BOOST_CHECK_EQUAL(refusal_in(d.stay.on_command(command_of("x@hub", stop_checkin{}), 0)).code,
                    error_code::unknown_topic);
  auto broken = command_of("consent_session@hub", forget_pin{});
  broken.body = "not msgpack";
  BOOST_CHECK_EQUAL(refusal_in(d.stay.on_command(broken, 0)).code, error_code::malformed);
}

BOOST_AUTO_TEST_CASE(the_certificate_is_handed_over_for_the_card_that_lies_here_only) {
  desk d;
  d.place();
  const auto ask = [&](id session) {
    return d.stay.on_command(command_of("consent_session@hub", read_certificate{session}), 0);
  };
  BOOST_CHECK(reply_in<card_certificate>(ask(d.stay.session())).has_value());
  BOOST_CHECK_EQUAL(refusal_in(ask(numbered(404))).code, error_code::other_session);
  BOOST_CHECK_EQUAL(refusal_in(ask(id{})).code, error_code::other_session);
  d.verify(numbered(1));
  BOOST_CHECK_EQUAL(refusal_in(ask(d.stay.session())).code, error_code::not_now);
}

BOOST_AUTO_TEST_CASE(a_photo_is_read_into_its_slot_and_only_its_outcome_is_told) {
  desk d;
  d.place();
  BOOST_CHECK(asks(d.open(), port_action::read_photo));
  const auto out = d.stay.on_photo(d.stay.session(), photo_outcome::held, 9);
  BOOST_CHECK((*reply_in<photo_report>(out) == photo_report{photo_outcome::held, 9}));
  BOOST_CHECK_EQUAL(d.stay.now(), state::ready);
}

BOOST_AUTO_TEST_CASE(the_photo_of_a_card_that_was_lifted_meanwhile_is_wiped_and_told_to_nobody) {
  desk d;
  d.place();
  const auto session = d.stay.session();
  d.open();
  d.stay.on_lifted();
  const auto late = d.stay.on_photo(session, photo_outcome::held, 9);
  BOOST_CHECK(asks(late, port_action::wipe_photo));
  BOOST_CHECK_EQUAL(reply_in<photo_report>(late)->outcome, photo_outcome::unreadable);
  BOOST_CHECK_EQUAL(d.stay.now(), state::empty);
}

BOOST_AUTO_TEST_CASE(one_thing_at_a_time_is_done_with_a_card) {
  desk d;
  d.place();
  d.open();
  BOOST_CHECK_EQUAL(refusal_in(d.verify(numbered(1))).code, error_code::not_now);
  BOOST_CHECK_EQUAL(refusal_in(d.prove()).code, error_code::not_now);
  BOOST_CHECK_EQUAL(refusal_in(d.open()).code, error_code::not_now);
}

BOOST_AUTO_TEST_CASE(a_proof_for_a_face_is_the_cards_signature_or_the_reason_why_not) {
  desk d;
  d.place();
  auto out = d.prove();
  BOOST_CHECK(asks(out, port_action::prove));
  BOOST_CHECK((out.challenge == bytes{9}));
  const auto proof = reply_in<face_proof>(d.stay.on_signed(bytes{4}));
  BOOST_CHECK((proof->signature.reveal() == bytes{4} && proof->certificate.reveal() == bytes{5, 5}));
  d.prove();
  BOOST_CHECK_EQUAL(refusal_in(d.stay.on_signed(failure(error_code::face_not_offered))).code,
                    error_code::face_not_offered);
  BOOST_CHECK_EQUAL(d.stay.now(), state::ready);
  d.prove();
  d.stay.on_lifted();
  BOOST_CHECK_EQUAL(refusal_in(d.stay.on_signed(bytes{4})).code, error_code::card_removed);
}
