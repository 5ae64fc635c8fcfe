// Quick guide ② against the real program: consent at home, the first answer and reference number, asking again
// before the next visit (together, and by hand), what changed, and the end of the consent.
#include "drivers/line/bulk.hpp"
#include "tests/scenarios/support_night.hpp"

#include <algorithm>

using namespace scenarios;

BOOST_FIXTURE_TEST_CASE(home_visits_as_the_quick_guide_has_them, clinic_at_night) {
  // 初回訪問時: 職員 opens the institution's address
  const auto url = say({"consent", "url", "--care", "home_visit"});
  BOOST_CHECK_MESSAGE(url.status == 0 && has(url.out, "https://simulated.invalid/home_reception?at=h"), url.err);
  BOOST_CHECK(has(url.out, "▀"));
  const auto picture = folder.path() / "address.svg";
  BOOST_CHECK_EQUAL(say({"consent", "url", "--out", picture.string()}).status, 0);
  BOOST_CHECK(has(text_of(picture), "<svg"));

  // The patient consented at home today; staff learn of it by asking: eligibility and reference number come with it
  const auto consented_at = batch_scheduler::text_of(batch_scheduler::day_of(now_ms())) + "000001";
  BOOST_REQUIRE(centre->change_person(at_home.card_name, [&](auto& p) { p.home_visit_consent = consented_at; }));
  const auto asked = say({"batch", "run", "--why", "web_consent", "--wait-s", "60"});
  BOOST_CHECK_MESSAGE(asked.status == 0, asked.err + asked.out);
  auto list = changes();
  const auto first = std::ranges::find(list, change_kind::consent_given, &change_row::what);
  BOOST_REQUIRE(first != list.end());
  const auto given = *first; // the list is read anew below
  BOOST_CHECK(has(given.name.reveal(), at_home.insurances.front().seen.name));

  // 2回目以降の訪問前: a standing visit, asked about together; meanwhile the ratio has changed
  const auto imported = import(row_of("K-77", at_home, "訪問", "", "sun,mon,tue,wed,thu,fri,sat") +
                               row_of("K-78", outpatient, "外来", "2026-02-30", "") + "K-79,x\n");
  BOOST_CHECK_EQUAL(imported.status, 3);
  BOOST_CHECK_MESSAGE(has(imported.err, "line 3:") && has(imported.err, "line 4:"), imported.err);
  BOOST_CHECK(has(imported.out, "取り込めない行 2 件"));
  BOOST_REQUIRE(centre->change_person(at_home.card_name, [](auto& p) {
    p.insurances.front().full.burden_ratio = p.insurances.front().full.burden_ratio == "020" ? "030" : "020";
  }));
  const auto plan = say({"batch", "plan"});
  BOOST_CHECK_MESSAGE(has(plan.out, "K-77") && has(plan.out, "定期訪問") && has(plan.out, "1 件を照会する予定"),
                      plan.out);
  BOOST_CHECK_EQUAL(say({"batch", "run", "--wait-s", "60"}).status, 0);
  list = changes();
  const auto ratio = std::ranges::find(list, change_kind::burden_ratio, &change_row::what);
  BOOST_REQUIRE(ratio != list.end());
  BOOST_CHECK_EQUAL(ratio->patient.text(), given.patient.text()); // the same person, found by the card's number
  const auto csv = say({"batch", "changes", "--csv"});
  BOOST_CHECK(has(csv.out, "\"負担割合\"") && has(csv.out, ratio->change.text()));
  BOOST_CHECK_EQUAL(say({"batch", "changes", "--accept", ratio->change.text()}).status, 0);
  BOOST_CHECK(has(say({"batch", "visits", "--day", next_day()}).out, "変更"));
  BOOST_CHECK(has(say({"batch", "run", "--wait-s", "60"}).out, "今夜照会済み 1 件")); // nobody twice in a night

  // 継続的な訪問診療等の終了時: 同意取消照会 → the person → 取消
  const auto& seen = at_home.insurances.front().seen;
  const auto found =
      say({"consent", "find", "--insurer", seen.insurer, "--number", seen.number, "--birth", seen.birth_date});
  BOOST_CHECK_MESSAGE(found.status == 0 && has(found.out, given.patient.text()), found.err + found.out);
  const auto end = say({"consent", "withdraw", "--number", seen.number, "--birth", seen.birth_date, "--yes"});
  BOOST_CHECK_MESSAGE(end.status == 0 && has(end.out, "取り消しました"), end.err + end.out);
  BOOST_CHECK_EQUAL(say({"consent", "find", "--number", seen.number}).status, 3); // viewing is closed

  hub.reset(); // kill -9
  start();
  BOOST_CHECK_EQUAL(changes().size(), list.size());
  BOOST_CHECK(std::ranges::all_of(batches(), [](const auto& b) { return b.now == batch_state::listed; }));
}

BOOST_FIXTURE_TEST_CASE(a_request_is_saved_uploaded_by_hand_and_its_result_taken, clinic_at_night) {
  BOOST_REQUIRE_EQUAL(import(row_of("K-1", outpatient, "外来", next_day(), "")).status, 0);
  const auto sent = say({"batch", "send", "--by-hand"});
  BOOST_REQUIRE_MESSAGE(sent.status == 0, sent.err);
  for (int n = 0; n < 500 && batches().front().now != batch_state::saved; ++n)
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  const auto batch = batches().front();
  BOOST_REQUIRE(batch.now == batch_state::saved);

  // Staff upload the file in the browser, and download the result
  const auto names = line::facts::usual();
  const auto accepted =
      centre->handle(names->path_of({line::function::bulk_eligibility, 1}), institution, text_of(hand / batch.file));
  BOOST_REQUIRE_EQUAL(accepted.status, 200);
  const auto at = accepted.xml.find("<ReceptionNumber>") + 17;
  const auto number = accepted.xml.substr(at, accepted.xml.find('<', at) - at);
  line::wire::collection wanted;
  wanted.header.institution = institution;
  wanted.reception_number = number;
  const auto asking = line::write_message(wanted, *names);
  const auto result = centre->handle(names->path_of({line::function::bulk_eligibility, 2}), institution, asking);
  BOOST_REQUIRE_EQUAL(result.status, 200);
  std::ofstream{hand / "download.xml", std::ios::binary} << result.xml;
  const auto taken = say({"batch", "collect", batch.batch.text(), "--file", "download.xml"});
  BOOST_CHECK_MESSAGE(taken.status == 0 && has(taken.out, "回答 1"), taken.err + taken.out);
  BOOST_CHECK(batches().front().now == batch_state::listed);

  const auto wrong = say({"batch", "collect", batch.batch.text(), "--file", "none.xml"});
  BOOST_CHECK_MESSAGE(wrong.status == 1 && has(wrong.err, "does not fit"), wrong.err);
  BOOST_CHECK_EQUAL(say({"batch", "settle", batch.batch.text()}).status, 1);
  BOOST_CHECK_EQUAL(say({"batch", "send", "--why", "tomorrow"}).status, 1);
}
