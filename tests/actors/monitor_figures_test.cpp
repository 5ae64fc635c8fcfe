// What the monitor counts of a day's events.
#include "tests/test.hpp"

#include "actors/monitor/figures.hpp"

using namespace messages;

namespace {

struct day {
  monitor::figures counted;
  std::uint64_t index = 0;

  template <class M> void at(std::uint64_t ms, const M& m, std::uint8_t checkin = 0, const std::string& desk = {}) {
    event_envelope e;
    e.v = M::version;
    e.index = ++index;
    e.time_ms = ms;
    e.topic = M::topic;
    e.desk = desk;
    if (checkin != 0) e.checkin = make_id(1, checkin, 0);
    e.body = encode_body(m);
    counted.apply(e, ms + 20);
  }
};

card_placed card(std::int64_t tries_left) {
  card_placed m;
  m.tries_left = tries_left;
  return m;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_check_in_is_timed_step_by_step_and_counted_by_how_it_ended) {
  day d;
  d.at(1000, card(3), 1);
  d.at(3000, identity_method_chosen{}, 1);
  d.at(4000, pin_attempt_allowed{}, 1);
  d.at(4300, pin_attempt_ended{{}, pin_outcome::wrong, 2}, 1);
  d.at(5000, identity_proven{}, 1);
  d.at(5000, question_asked{}, 1);
  d.at(5400, eligibility_answered{}, 1);
  d.at(9000, checkin_ended{}, 1);
  const auto& steps = d.counted.steps();
  BOOST_TEST(steps.at("choose").sum == 2.0);
  BOOST_TEST(steps.at("verify_pin").sum == 0.3);
  BOOST_TEST(steps.at("ask").sum == 0.4);
  BOOST_TEST(steps.at("whole").sum == 8.0);
  BOOST_TEST(steps.at("whole").counts[10] == 1u); // at most 10 s
  BOOST_TEST(!steps.contains("consent"));         // it never ended
  BOOST_TEST(d.counted.questions().at("asked") == 1u);
  BOOST_TEST(d.counted.questions().at("answered") == 1u);
  BOOST_TEST(d.counted.pin_attempts().at("wrong") == 1u);
  BOOST_TEST(d.counted.tries_left().at("3") == 1u);
  BOOST_TEST(d.counted.endings().size() == 1u);
  BOOST_TEST(d.counted.last_index() == 8u);
  BOOST_TEST(d.counted.delivery().counts[2] == 8u); // 20 ms each
}

BOOST_AUTO_TEST_CASE(what_began_before_anybody_counted_is_not_timed_and_breaks_nothing) {
  day d;
  d.at(9000, checkin_ended{}, 1);
  eligibility_answered late;
  late.settled_late = true;
  d.at(9000, late, 2);
  BOOST_TEST(d.counted.steps().empty());
  BOOST_TEST(d.counted.questions().at("settled_late") == 1u);
  d.at(5000, card(-1), 3);
  d.at(4000, checkin_ended{}, 3); // the clock was set back
  BOOST_TEST(d.counted.steps().at("whole").sum == 0.0);
  BOOST_TEST(d.counted.tries_left().at("unknown") == 1u);
}

BOOST_AUTO_TEST_CASE(readers_and_the_line_are_as_the_last_event_says) {
  day d;
  d.at(1, reader_attached{}, 0, "desk-1");
  d.at(2, reader_attached{}, 0, "desk-2");
  d.at(3, reader_detached{}, 0, "desk-1");
  d.at(4, line_lost{});
  d.at(5, staff_called{}, 0, "desk-2");
  BOOST_TEST(!d.counted.readers().at("desk-1"));
  BOOST_TEST(d.counted.readers().at("desk-2"));
  BOOST_TEST(d.counted.line_losses() == 1u);
  BOOST_TEST(d.counted.staff_calls() == 1u);
  BOOST_TEST(d.counted.events().at("desk.reader_attached") == 2u);
}

BOOST_AUTO_TEST_CASE(the_people_of_batches_are_counted_by_how_far_they_came) {
  day d;
  const auto planned = [&](std::uint8_t n, std::uint64_t rows, bool singly) {
    batch_planned m;
    m.batch = make_id(1, n, 0);
    m.rows = rows;
    m.singly = singly;
    d.at(1, m);
    return m.batch;
  };
  const auto file = planned(1, 10, false), doubtful = planned(2, 5, false), singly = planned(3, 3, true);
  d.at(2, batch_written{file, 10});
  d.at(2, batch_written{singly, 3});
  d.at(2, batch_not_sent{file, "line_down"}); // nothing arrived: nobody was asked about yet
  d.at(3, batch_accepted{file, "1", false});
  d.at(3, batch_doubted{doubtful, "line_silent"});
  BOOST_TEST(d.counted.batch_rows().at("asked") == 18u);
  d.at(4, batch_accepted{doubtful, "2", false});
  for (int n = 0; n < 9; ++n)
    d.at(5, batch_row_answered{});
  d.at(5, batch_row_refused{singly, {}, "line_refused", {}});
  d.at(6, batch_listed{file, 9, 1, 0});
  d.at(6, batch_failed{doubtful, "result_overdue", {}});
  const std::map<std::string, std::uint64_t> wanted{{"planned", 18}, {"asked", 18},   {"answered", 9}, {"refused", 1},
                                                    {"missing", 1},  {"doubtful", 5}, {"late", 5},     {"failed", 5}};
  BOOST_CHECK(d.counted.batch_rows() == wanted);
}
