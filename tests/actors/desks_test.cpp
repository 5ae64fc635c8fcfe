// The board of desks: opened and closed, modes, readers.
#include "tests/actors/support.hpp"

#include "actors/desks/board.hpp"

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

BOOST_AUTO_TEST_CASE(the_mode_is_switched_between_unattended_and_visual_check) {
  board b;
  BOOST_CHECK_EQUAL(event_in<desk_mode_switched>(say(b, switch_mode{"desk-1", desk_mode::visual_check}))->mode,
                    desk_mode::visual_check);
  BOOST_CHECK(say(b, switch_mode{"desk-1", desk_mode::visual_check}).journal.empty());
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
