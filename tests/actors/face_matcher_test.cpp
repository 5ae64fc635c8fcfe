// One comparison at a desk: what is asked of reader, engine and camera, and what follows from the scores.
#include "tests/actors/support.hpp"

#include "actors/face_matcher/matching.hpp"

#include <algorithm>

using namespace actors_test;
using face_matcher::frame_rule;
using face_matcher::judgement;
using face_matcher::matching;
using face_matcher::port_action;
using state = face_matcher::state;
using event = face_matcher::event;

namespace {

constexpr face_matcher::scale by{0.6, 0.45};

bool asks(const face_matcher::decision& d, port_action action) { return std::ranges::count(d.port, action) == 1; }

/// One desk's face_matcher, its reader, engine and camera.
struct desk {
  matching m{{.hub = "hub", .node = "desk-1", .model = "abc", .by = by}};
  std::uint64_t now_ms = start_ms;
  face_matcher::decision last;

  const face_matcher::decision& want(id checkin = numbered(1), id session = numbered(2)) {
    return last = m.on_command(command_of("consent_session@hub", match_face{checkin, session}), now_ms);
  }
  const face_matcher::decision& photo(photo_outcome outcome) {
    const actors::tag who{0, make_id(0, m.comparison(), 0)};
    return last = m.on_reply(who, encode_body(photo_report{outcome, 9}), 1, now_ms);
  }
  const face_matcher::decision& learnt(const result<void>& r = {}) { return last = m.on_learnt(m.comparison(), r); }
  const face_matcher::decision& seen(face_sight sight, double score = -1) {
    return last = m.on_seen(m.comparison(), sight, score);
  }
  const face_matcher::decision& good(double score) { return seen(face_sight::good, score); }
  const face_matcher::decision& stop(id checkin = numbered(1)) {
    return last = m.on_command(command_of("consent_session@hub", stop_matching{checkin}), now_ms);
  }
  const face_matcher::decision& run_out() {
    now_ms = *m.next_tick_ms();
    return last = m.on_tick(now_ms);
  }
  void reach(state to) {
    if (to == state::idle) return;
    want();
    if (to == state::opening) return;
    photo(photo_outcome::held);
    if (to == state::learning) return;
    learnt();
    BOOST_REQUIRE_EQUAL(m.now(), to);
  }
  /// The report among the replies, which may hold the answer to a stop, too.
  std::optional<face_report> report() const {
    for (const auto& r : last.replies)
      if (r.command.topic == match_face::topic && r.body) return *decode_body<face_report>(*r.body, 1);
    return std::nullopt;
  }
};

face_outcome judged(std::initializer_list<double> scores) {
  judgement j{by};
  for (const double s : scores)
    if (const auto outcome = j.take(face_sight::good, s)) return *outcome;
  return j.at_the_end();
}

} // namespace

BOOST_AUTO_TEST_CASE(every_row_of_the_comparisons_table_is_walked) {
  for (const auto& row : face_matcher::table) {
    desk d;
    d.reach(row.from);
    switch (row.on) {
    case event::match_wanted: d.want(); break;
    case event::photo_held: d.photo(photo_outcome::held); break;
    case event::photo_refused: d.photo(photo_outcome::unreadable); break;
    case event::face_learnt: d.learnt(); break;
    case event::face_not_learnt: d.learnt(failure(error_code::face_not_found)); break;
    case event::frame_taken: d.seen(face_sight::no_face); break;
    case event::decided:
      for (int n = 0; n < 3; ++n)
        d.good(0.9);
      break;
    case event::engine_lost: d.last = d.m.on_seen(d.m.comparison(), failure(error_code::face_engine_lost), -1); break;
    case event::stopped: d.stop(); break;
    case event::timed_out: d.run_out(); break;
    }
    BOOST_TEST_CONTEXT(name(row.from) << " on " << name(row.on)) {
      BOOST_CHECK_EQUAL(d.m.now(), row.to);
      if (row.to == state::idle) BOOST_CHECK(d.report());
      if (row.then == face_matcher::effect::forget_and_report) BOOST_CHECK(asks(d.last, port_action::forget));
    }
  }
}

BOOST_AUTO_TEST_CASE(three_good_frames_in_a_row_are_a_match_and_a_lucky_one_is_none) {
  BOOST_CHECK_EQUAL(judged({0.9, 0.9, 0.9}), face_outcome::matched);
  BOOST_CHECK_EQUAL(judged({0.9, 0.9}), face_outcome::no_face); // too few to say anything
  BOOST_CHECK_EQUAL(judged({0.9, 0.9, 0.1, 0.9, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1}), face_outcome::different);
  BOOST_CHECK_EQUAL(judged({0.1, 0.61, 0.62, 0.6}), face_outcome::matched);
}

BOOST_AUTO_TEST_CASE(the_middle_frame_decides_between_staff_and_refusal_and_never_accepts) {
  BOOST_CHECK_EQUAL(judged({.5, .5, .5, .5, .5, .5, .5, .5, .5, .5}), face_outcome::unsure);
  BOOST_CHECK_EQUAL(judged({.44, .44, .44, .44, .44, .44, .44, .44, .44, .44}), face_outcome::different);
  BOOST_CHECK_EQUAL(judged({.7, .5, .7, .7, .5, .7, .7, .5, .7, .7}), face_outcome::unsure); // never three in a row
}

BOOST_AUTO_TEST_CASE(who_is_compared_must_not_change_on_the_way) {
  for (const auto between : {face_sight::several_faces, face_sight::no_face}) {
    judgement j{by};
    BOOST_CHECK(!j.take(face_sight::good, 0.9));
    BOOST_CHECK(!j.take(face_sight::good, 0.9));
    BOOST_CHECK(!j.take(between, -1));
    BOOST_CHECK(!j.take(face_sight::good, 0.9));
    BOOST_CHECK(!j.take(face_sight::good, 0.9));
    BOOST_CHECK_EQUAL(*j.take(face_sight::good, 0.9), face_outcome::matched);
  }
}

BOOST_AUTO_TEST_CASE(a_score_without_a_good_frame_counts_for_nothing) {
  judgement j{by};
  for (std::size_t n = 0; n < enumeration<face_sight>::names.size(); ++n)
    if (const auto sight = static_cast<face_sight>(n); sight != face_sight::good)
      for (int k = 0; k < 50; ++k)
        BOOST_CHECK(!j.take(sight, 1.0));
  BOOST_CHECK_EQUAL(j.at_the_end(), face_outcome::no_face);
}

BOOST_AUTO_TEST_CASE(each_frame_tells_the_patient_what_was_seen_and_asks_for_the_next) {
  desk d;
  d.reach(state::looking);
  BOOST_CHECK(asks(d.last, port_action::take_frame));
  d.seen(face_sight::too_far);
  BOOST_CHECK_EQUAL(sent_in<show_sight>(d.last.showing)->seen, face_sight::too_far);
  BOOST_CHECK(asks(d.last, port_action::take_frame));
  d.good(0.9);
  d.good(0.9);
  d.good(0.9);
  BOOST_CHECK(!asks(d.last, port_action::take_frame));
  BOOST_CHECK_EQUAL(d.report()->outcome, face_outcome::matched);
  BOOST_CHECK_EQUAL(d.report()->model, "abc");
}

BOOST_AUTO_TEST_CASE(what_the_reader_could_not_do_is_told_and_never_taken_for_a_face) {
  const std::pair<photo_outcome, face_outcome> pairs[] = {
      {photo_outcome::number_missing, face_outcome::number_missing},
      {photo_outcome::wrong_number, face_outcome::wrong_number},
      {photo_outcome::number_held_back, face_outcome::cannot_tell},
      {photo_outcome::unreadable, face_outcome::cannot_tell}};
  for (const auto& [photo, outcome] : pairs) {
    desk d;
    d.reach(state::opening);
    d.photo(photo);
    BOOST_CHECK_EQUAL(d.report()->outcome, outcome);
    BOOST_CHECK(!asks(d.last, port_action::learn));
  }
}

BOOST_AUTO_TEST_CASE(what_comes_for_an_earlier_comparison_is_not_heard) {
  desk d;
  d.reach(state::looking);
  const auto earlier = d.m.comparison();
  d.stop();
  BOOST_CHECK_EQUAL(d.report()->outcome, face_outcome::cannot_tell);
  d.want(numbered(3), numbered(4));
  d.photo(photo_outcome::held);
  BOOST_CHECK(d.m.on_learnt(earlier, {}).port.empty());
  d.learnt();
  for (int n = 0; n < 5; ++n)
    BOOST_CHECK(d.m.on_seen(earlier, face_sight::good, 1.0).replies.empty());
  BOOST_CHECK_EQUAL(d.m.now(), state::looking);
  d.stop(numbered(1)); // the earlier one's check-in
  BOOST_CHECK_EQUAL(d.m.now(), state::looking);
}

BOOST_AUTO_TEST_CASE(one_comparison_at_a_time_and_each_is_answered_once) {
  desk d;
  d.reach(state::looking);
  d.want(numbered(5), numbered(6));
  BOOST_CHECK_EQUAL(refusal_in(d.last).code, error_code::busy);
  d.run_out();
  BOOST_CHECK_EQUAL(d.report()->outcome, face_outcome::no_face);
  BOOST_CHECK(d.m.on_tick(d.now_ms + 100'000).replies.empty());
  BOOST_CHECK(!d.m.next_tick_ms());
}
