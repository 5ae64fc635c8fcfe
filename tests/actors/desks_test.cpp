// The board of desks: opened and closed, modes, readers.
#include "tests/actors/support.hpp"

#include "actors/desks/board.hpp"
#include "actors/desks/checklist.hpp"

#include <algorithm>

using namespace actors_test;
using desks::board;

namespace {

template <class M> actors::effects say(board& b, const M& m, const std::string& from = "screen@hub") {
  return b.on_command(command_of(from, m));
}

} // namespace

BOOST_AUTO_TEST_CASE(a_desk_is_opened_and_closed_and_each_change_is_written_once) {
  board b;
  BOOST_CHECK(event_in<desk_opened>(say(b, open_desk{"desk-1"})));
  const auto again = say(b, open_desk{"desk-1"});
  BOOST_CHECK(was_done(again));
  BOOST_CHECK(again.journal.empty());
  BOOST_CHECK(event_in<desk_closed>(say(b, close_desk{"desk-1"})));
  BOOST_CHECK(say(b, close_desk{"desk-1"}).journal.empty());
}

BOOST_AUTO_TEST_CASE(the_mode_of_a_certified_terminal_is_what_staff_say_until_they_switched_it_back) {
  board b;
  BOOST_CHECK_EQUAL(refusal_in(say(b, switch_mode{"desk-1", desk_mode::visual_check})).code, error_code::wrong_value);
  say(b, describe_desk{"desk-1", desk_kind::certified, true});
  BOOST_CHECK_EQUAL(event_in<desk_mode_switched>(say(b, switch_mode{"desk-1", desk_mode::visual_check}))->mode,
                    desk_mode::visual_check);
  BOOST_CHECK(say(b, switch_mode{"desk-1", desk_mode::visual_check}).journal.empty());
  BOOST_CHECK_EQUAL(refusal_in(say(b, describe_desk{"desk-1", desk_kind::online, true})).code, error_code::not_now);
  BOOST_CHECK_EQUAL(event_in<desk_mode_switched>(say(b, switch_mode{"desk-1", desk_mode::unattended}))->mode,
                    desk_mode::unattended);
}

BOOST_AUTO_TEST_CASE(a_reader_belongs_to_the_desk_that_speaks_of_it) {
  board b;
  const auto out = say(b, report_reader{health::working, "SCR-1", {}}, "reader@desk-2");
  BOOST_CHECK_EQUAL(event_in<reader_attached>(out)->model, "SCR-1");
  BOOST_CHECK_EQUAL(out.journal.events.front().desk, "desk-2");
  BOOST_CHECK(say(b, report_reader{health::working, "SCR-1", {}}, "reader@desk-2").journal.empty());
  BOOST_CHECK_EQUAL(
      event_in<reader_detached>(say(b, report_reader{health::absent, "SCR-1", "reader_lost"}, "reader@desk-2"))->error,
      "reader_lost");
}

BOOST_AUTO_TEST_CASE(after_a_restart_modes_are_known_and_readers_say_themselves_how_they_are) {
  board b{{{"desk-1", true, desk_mode::visual_check, health::working, "SCR-1"}}};
  const auto list = reply_in<desk_list>(say(b, list_desks{}));
  BOOST_REQUIRE_EQUAL(list->desks.size(), 1u);
  BOOST_CHECK(list->desks.front().open);
  BOOST_CHECK_EQUAL(list->desks.front().mode, desk_mode::visual_check);
  BOOST_CHECK_EQUAL(list->desks.front().reader, health::unknown);
}

BOOST_AUTO_TEST_CASE(desks_have_names_and_are_bounded) {
  board b;
  for (const auto* bad : {"", "Desk 1", "窓口", "desk@1"})
    BOOST_CHECK_EQUAL(refusal_in(say(b, open_desk{bad})).code, error_code::wrong_value);
  BOOST_CHECK_EQUAL(refusal_in(say(b, report_reader{health::working, "x", {}}, "nonsense")).code,
                    error_code::wrong_value);
  BOOST_CHECK(b.all().empty());
  for (std::size_t n = 0; n < board::desks_max; ++n)
    BOOST_REQUIRE(was_done(say(b, open_desk{"d" + std::to_string(n)})));
  BOOST_CHECK_EQUAL(refusal_in(say(b, open_desk{"one-more"})).code, error_code::busy);
  BOOST_CHECK(was_done(say(b, close_desk{"d0"})));
}

BOOST_AUTO_TEST_CASE(a_call_for_staff_is_shown_at_reception_until_somebody_went_there) {
  board b{{}, "hub"};
  const auto shown_in = [](const actors::effects& out) {
    BOOST_REQUIRE_EQUAL(out.showing.size(), 1u);
    BOOST_CHECK((out.showing.front().to == address{"screen", "hub"}));
    return *decode_body<show_desk>(out.showing.front().body, 1);
  };
  const auto called = say(b, call_staff{}, "screen@desk-1");
  BOOST_CHECK(event_in<staff_called>(called));
  BOOST_CHECK_EQUAL(called.journal.events.front().desk, "desk-1");
  BOOST_CHECK(shown_in(called).staff_called);
  BOOST_CHECK(say(b, call_staff{}, "screen@desk-1").journal.empty()); // pressed again
  const auto attended = say(b, attend_desk{"desk-1"});
  BOOST_CHECK(event_in<staff_attended>(attended));
  BOOST_CHECK(!shown_in(attended).staff_called);
  BOOST_CHECK(say(b, attend_desk{"desk-1"}).journal.empty());
}

BOOST_AUTO_TEST_CASE(a_screen_that_starts_again_is_shown_every_desk) {
  board b{{}, "hub"};
  say(b, open_desk{"desk-1"});
  say(b, open_desk{"desk-2"});
  BOOST_CHECK_EQUAL(say(b, show_again{}).showing.size(), 2u);
}

namespace {

std::vector<std::string> closing_of(desk_kind kind, bool has_display, bool update_pending) {
  desk_status d;
  d.kind = kind;
  d.has_display = has_display;
  d.update_pending = update_pending;
  return desks::closing_steps(d);
}

bool has(const std::vector<std::string>& steps, std::string_view step) {
  return std::ranges::find(steps, step) != steps.end();
}

} // namespace

BOOST_AUTO_TEST_CASE(the_days_work_fits_what_stands_at_the_desk) {
  for (const auto kind : {desk_kind::reader, desk_kind::certified, desk_kind::home_visit, desk_kind::online}) {
    const bool with_reader = kind == desk_kind::reader || kind == desk_kind::certified;
    desk_status d;
    d.kind = kind;
    BOOST_CHECK_EQUAL(has(desks::opening_steps(d), "power_reader"), with_reader);
    BOOST_CHECK_EQUAL(has(closing_of(kind, true, false), "reader_off"), with_reader);
    BOOST_CHECK(!has(closing_of(kind, false, true), "shut_down")); // a terminal without a display stays on
    BOOST_CHECK(has(closing_of(kind, false, false), "keep_terminal_on"));
  }
  const auto steps = closing_of(desk_kind::reader, true, true);
  BOOST_CHECK(std::ranges::find(steps, "complete_restart") < std::ranges::find(steps, "shut_down"));
}

BOOST_AUTO_TEST_CASE(a_desk_with_an_update_pending_is_closed_after_its_restart_only) {
  board b;
  say(b, open_desk{"desk-1"});
  BOOST_CHECK(event_in<update_noted>(say(b, note_update{"desk-1", true}))->pending);
  BOOST_CHECK_EQUAL(refusal_in(say(b, close_desk{"desk-1"})).code, error_code::update_pending);
  say(b, note_update{"desk-1", false});
  BOOST_CHECK(event_in<desk_closed>(say(b, close_desk{"desk-1"})));
}

BOOST_AUTO_TEST_CASE(a_mode_that_was_written_already_is_shown_and_not_written_again) {
  board b;
  const auto out = say(b, note_mode{"desk-1", desk_mode::visual_check}, "consent_session@hub");
  BOOST_CHECK(out.journal.empty());
  BOOST_CHECK_EQUAL(sent_in<show_desk>(out.showing)->desk.mode, desk_mode::visual_check);
}
