// 照会番号一括登録: many numbers go as one request, once, and each row ends as the result says, whatever happens meanwhile.
#include "tests/actors/support_gateway.hpp"

#include <algorithm>

using namespace actors_test;
using eligibility_gateway::registered_row;

namespace {

const error silent{error_code::line_silent, {"test"}};
const std::string reception = "999920261122000003";

number_wanted row(std::uint64_t n) {
  return {numbered(100 + n), numbered(3000 + n), personal{"K-" + std::to_string(n)},
          personal{insured_number{"39999901", "", std::to_string(n + 1), "", "19480517"}}};
}
registered_row told(std::uint64_t n, bool registered = true) {
  registered_row r;
  r.number = "K-" + std::to_string(n);
  r.person = {"39999901", "", "00" + std::to_string(n + 1), "", ""}; // leading zeros are the centre's
  r.registered = registered;
  if (!registered) r.code = "SIM0001";
  return r;
}

struct bulk {
  gateway g;
  static constexpr std::uint64_t count = 100;

  const auto& begin(std::uint64_t rows = count) {
    register_numbers many;
    for (std::uint64_t n = 0; n < rows; ++n)
      many.rows.push_back(row(n));
    return g.say(many);
  }
  id batch() const { return g.batches.front().batch; }
  const auto& sent(const result<std::string>& came) {
    return g.take(g.all.on_batch_sent(batch(), came, g.now_ms));
  }
  using rows_told = result<std::optional<std::vector<registered_row>>>;
  const auto& collected(const rows_told& came) {
    return g.take(g.all.on_batch_collected(batch(), came, g.now_ms));
  }
  static std::vector<registered_row> all_registered(std::uint64_t rows = count) {
    std::vector<registered_row> all;
    for (std::uint64_t n = 0; n < rows; ++n)
      all.push_back(told(n));
    return all;
  }
  std::size_t with_outcome(question_state now) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(g.all.all(), [&](const auto& q) { return q.second.now == now; }));
  }
  void wait_and_look() { g.pass(*g.all.next_tick_ms() - g.now_ms); }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(many_numbers_go_as_one_request_and_what_cannot_be_sent_is_named, bulk) {
  register_numbers many;
  for (std::uint64_t n = 0; n < count; ++n)
    many.rows.push_back(row(n));
  many.rows[4].number = personal<std::string>{"番号"};
  many.rows[7].person = {};
  g.say(many);
  const auto taken = *reply_in<numbers_taken>(g.last);
  BOOST_CHECK_EQUAL(taken.begun, 98u);
  BOOST_CHECK(taken.refused == (std::vector<std::string>{"row 5: number", "row 8: insurer"}));
  BOOST_CHECK(g.asked.empty());
  BOOST_REQUIRE_EQUAL(g.batches.size(), 1u);
  BOOST_CHECK_EQUAL(g.batches.front().rows.size(), 98u);
  BOOST_CHECK_EQUAL(event_in<registrations_sent>(g.last)->registrations.size(), 98u);
  BOOST_CHECK_EQUAL(g.journal.outbox.size(), 99u); // its rows, and itself
}

BOOST_FIXTURE_TEST_CASE(a_result_is_collected_until_it_is_there_and_each_row_ends_as_it_says, bulk) {
  begin();
  sent(reception);
  BOOST_CHECK_EQUAL(event_in<registrations_accepted>(g.last)->reception_number, reception);
  wait_and_look();
  BOOST_REQUIRE_EQUAL(g.batches.size(), 2u);
  BOOST_CHECK_EQUAL(g.batches.back().reception_number, reception);
  const auto first = g.batches.back().collection;
  collected(std::optional<std::vector<registered_row>>{}); // 処理中
  BOOST_CHECK(g.last.journal.events.empty());
  wait_and_look();
  BOOST_CHECK(g.batches.back().collection != first);
  auto all = all_registered();
  all[3] = told(3, false);
  all.erase(all.begin() + 9); // fewer than were sent
  all.push_back(told(5));     // and one of them twice
  collected(all);
  const auto how = *event_in<registrations_collected>(g.last);
  BOOST_CHECK_EQUAL(how.registered, 98u);
  BOOST_CHECK_EQUAL(how.refused, 2u);
  BOOST_CHECK_EQUAL(how.missing, 1u);
  BOOST_CHECK_EQUAL(with_outcome(question_state::answered), 98u);
  BOOST_CHECK_EQUAL(with_outcome(question_state::refused), 2u);
  BOOST_CHECK_EQUAL(g.all.all().at(numbered(109)).report.error, "line_unreadable");
  BOOST_CHECK(g.journal.outbox.empty());
  BOOST_CHECK(!g.all.next_tick_ms());
}

BOOST_FIXTURE_TEST_CASE(a_request_without_an_answer_goes_again_under_its_own_identifier_and_no_other, bulk) {
  begin();
  sent(failure(silent));
  wait_and_look();
  BOOST_REQUIRE_EQUAL(g.batches.size(), 2u);
  BOOST_CHECK(g.batches.back().batch == g.batches.front().batch);
  BOOST_CHECK(g.batches.back().rows == g.batches.front().rows);
  BOOST_CHECK(g.asked.empty());
}

BOOST_FIXTURE_TEST_CASE(a_restart_before_the_answer_sends_the_same_again_and_one_after_it_collects, bulk) {
  begin();
  const auto before = g.batches.front();
  g.restart();
  BOOST_REQUIRE_EQUAL(g.last.batches.size(), 1u);
  BOOST_CHECK(g.last.batches.front().batch == before.batch);
  BOOST_CHECK(g.last.batches.front().rows == before.rows);
  BOOST_CHECK(g.last.line.empty()); // no row goes by itself
  sent(reception);
  g.restart();
  BOOST_REQUIRE_EQUAL(g.last.batches.size(), 1u);
  BOOST_CHECK_EQUAL(g.last.batches.front().reception_number, reception);
  collected(all_registered());
  BOOST_CHECK_EQUAL(with_outcome(question_state::answered), count);
  BOOST_CHECK(g.journal.outbox.empty());
}

BOOST_FIXTURE_TEST_CASE(a_line_that_does_not_know_it_gets_each_number_by_itself, bulk) {
  begin();
  sent(failure(error_code::not_offered, "bulk_registration"));
  BOOST_CHECK_EQUAL(g.asked.size(), g.how.traffic.background_in_flight_max);
  BOOST_CHECK_EQUAL(g.journal.outbox.size(), count);
  g.restart(); // and so it stays
  BOOST_CHECK(g.last.batches.empty());
  BOOST_CHECK_EQUAL(g.last.line.size(), g.how.traffic.background_in_flight_max);
}

BOOST_FIXTURE_TEST_CASE(a_refused_request_refuses_each_of_its_rows_with_the_reason, bulk) {
  begin();
  sent(failure(error_code::line_refused, "E1", "x"));
  BOOST_CHECK_EQUAL(with_outcome(question_state::refused), count);
  BOOST_CHECK_EQUAL(event_in<registrations_collected>(g.last)->refused, count);
  BOOST_CHECK(g.journal.outbox.empty());
}

BOOST_FIXTURE_TEST_CASE(during_an_outage_it_waits_and_goes_when_the_line_is_back, bulk) {
  g.restart({}, {.line_lost_ms = start_ms - 1000});
  begin();
  BOOST_CHECK(g.batches.empty());
  const auto at = *g.all.next_tick_ms();
  g.pass(at - g.now_ms);
  g.take(g.all.on_challenge(g.last.line_at_once.front().key, eligibility_gateway::challenge{"c", {}}, g.now_ms));
  g.pass(*g.all.next_tick_ms() - std::min(*g.all.next_tick_ms(), g.now_ms));
  BOOST_CHECK_EQUAL(g.batches.size(), 1u);
}

BOOST_FIXTURE_TEST_CASE(one_number_goes_by_itself_and_a_patient_finds_a_place_beside_ten_thousand, bulk) {
  begin(1);
  BOOST_CHECK_EQUAL(g.asked.size(), 1u);
  BOOST_CHECK(g.batches.empty());
  for (std::uint64_t part = 1; part <= 10; ++part) {
    register_numbers many;
    for (std::uint64_t n = 0; n < 1000; ++n)
      many.rows.push_back(row(part * 1000 + n));
    g.say(many);
  }
  BOOST_CHECK_EQUAL(g.batches.size(), g.how.traffic.background_in_flight_max - 1);
  g.say(a_question(numbered(90'000)));
  BOOST_CHECK_EQUAL(g.last.line.size(), 1u);
}
