// 本日の受付: what a day's events make of its list.
#include "tests/actors/support.hpp"

#include "actors/screen/day_list.hpp"

using namespace actors_test;
using screen::day_list;

namespace {

constexpr std::uint64_t minute = 60'000, hour = 60 * minute, day = 24 * hour;

template <class M> event_envelope happened(const M& m, std::uint64_t time_ms, id checkin = numbered(1)) {
  const auto d = make_draft(m, "desk-1", checkin);
  return {d.v, 1, time_ms, d.topic, "hub", d.desk, d.checkin, {}, {}, d.body};
}

eligibility_answered answer_for(id patient, const std::string& name, validity judged = validity::valid) {
  eligibility_answered a;
  a.patient = patient;
  a.answer.judged = judged;
  insurance i;
  i.name = name;
  a.answer.insurances = personal<std::vector<insurance>>{{i}};
  return a;
}

std::string text_at(const value& row, std::string_view key) {
  const auto* v = row.find(key);
  const auto* text = v ? v->as<std::string>() : nullptr;
  return text ? *text : "";
}

bool is_true(const value& row, std::string_view key) {
  const auto* v = row.find(key);
  const auto* b = v ? v->as<bool>() : nullptr;
  return b && *b;
}

value::array rows_of(const day_list& list) { return *list.rows().as<value::array>(); }

} // namespace

BOOST_AUTO_TEST_CASE(a_day_and_a_month_begin_at_japanese_midnight) {
  // 2026-11-26 00:30 in Japan is still the 25th in Greenwich
  constexpr std::uint64_t half_past_midnight = 1'795'620'600'000;
  const day_list list{half_past_midnight};
  BOOST_CHECK(list.is_of(half_past_midnight));
  BOOST_CHECK(list.is_of(half_past_midnight - 30 * minute));
  BOOST_CHECK(!list.is_of(half_past_midnight - 31 * minute));
  BOOST_CHECK(!list.is_of(half_past_midnight + 24 * hour));
  BOOST_CHECK_EQUAL(list.month_begin_ms(), half_past_midnight - 30 * minute - 25 * day);
}

BOOST_AUTO_TEST_CASE(an_arrival_is_listed_with_who_it_was_how_and_what_came_of_it) {
  day_list list{start_ms};
  const auto patient = numbered(77);
  card_placed placed;
  placed.patient = patient;
  list.take(happened(placed, start_ms));
  list.take(happened(identity_vouched{patient, "suzuki"}, start_ms));
  list.take(happened(identity_proven{patient, identity_method::visual, "c", {}, {}}, start_ms));
  consent_choices choices;
  choices.surgery = choice::given;
  choices.checkup = choice::refused;
  list.take(happened(consents_recorded{patient, numbered(9), choices, "en", "1"}, start_ms + minute));
  list.take(happened(answer_for(patient, "見本　花子"), start_ms + minute));
  list.take(happened(answer_shown{numbered(9), question_outcome::answered, validity::valid, false, ""}, start_ms));
  list.take(happened(checkin_ended{ending::completed, {}}, start_ms + 2 * minute));
  const auto rows = rows_of(list);
  BOOST_REQUIRE_EQUAL(rows.size(), 1u);
  const auto& row = rows.front();
  BOOST_CHECK_EQUAL(text_at(row, "name"), "見本　花子");
  BOOST_CHECK_EQUAL(text_at(row, "method"), "visual");
  BOOST_CHECK_EQUAL(text_at(row, "vouched_by"), "suzuki");
  BOOST_CHECK_EQUAL(text_at(row, "judged"), "valid");
  BOOST_CHECK(!is_true(row, "open"));
  BOOST_CHECK(!is_true(row, "verified_before"));
  BOOST_CHECK_EQUAL(text_at(*row.find("consents"), "surgery"), "given");
  BOOST_CHECK_EQUAL(text_at(*row.find("consents"), "checkup"), "refused");
  BOOST_CHECK_EQUAL(text_at(*row.find("consents"), "language"), "en");
}

BOOST_AUTO_TEST_CASE(who_was_verified_earlier_this_month_is_marked) {
  day_list list{start_ms};
  const auto known = numbered(77), unknown = numbered(78);
  list.take(happened(answer_for(known, "a"), list.month_begin_ms() + 1, numbered(5)));
  list.take(happened(answer_for(unknown, "b", validity::invalid), list.month_begin_ms() + 2, numbered(6)));
  card_placed placed;
  placed.patient = known;
  list.take(happened(placed, start_ms, numbered(1)));
  placed.patient = unknown;
  list.take(happened(placed, start_ms, numbered(2)));
  const auto rows = rows_of(list);
  BOOST_REQUIRE_EQUAL(rows.size(), 2u);
  BOOST_CHECK(is_true(rows[0], "verified_before"));
  BOOST_CHECK(!is_true(rows[1], "verified_before"));
}

BOOST_AUTO_TEST_CASE(yesterdays_arrivals_are_not_listed_and_a_forgotten_person_has_no_name) {
  day_list list{start_ms};
  list.take(happened(card_placed{}, start_ms - day, numbered(1)));
  list.take(happened(card_placed{}, start_ms, numbered(2)));
  auto forgotten = answer_for(numbered(77), "x");
  forgotten.answer.insurances = personal<std::vector<insurance>>::hidden(visibility::forgotten);
  list.take(happened(forgotten, start_ms, numbered(2)));
  const auto rows = rows_of(list);
  BOOST_REQUIRE_EQUAL(rows.size(), 1u);
  BOOST_CHECK_EQUAL(text_at(rows.front(), "name"), "");
}
