// The other ways of asking before a visit, against the real program: one person after another with the 診療区分 of the
// visit, and an answer to an upload that comes after the program died over it.
#include "drivers/line/ledger.hpp"
#include "tests/scenarios/support_night.hpp"

#include <algorithm>

using namespace scenarios;

namespace {

/// How often the centre was asked under each identifier.
std::vector<std::uint64_t> times_asked(const clinic_at_night& clinic) {
  const auto ledger = line::read_ledger(clinic.folder.path() / "centre");
  BOOST_REQUIRE(ledger);
  std::vector<std::uint64_t> times;
  for (const auto& entry : *ledger)
    times.push_back(entry.times_seen);
  return times;
}

bool become(const clinic_at_night& clinic, batch_state wanted) {
  for (int n = 0; n < 1'000; ++n) {
    const auto all = clinic.batches();
    if (!all.empty() && all.front().now == wanted) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return false;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(home_visits_and_appointments_are_asked_about_one_by_one_without_a_file, clinic_at_night) {
  BOOST_REQUIRE_EQUAL(import(row_of("K-77", at_home, "訪問", next_day(), "") +
                             row_of("K-78", outpatient, "外来", next_day(), ""))
                          .status,
                      0);
  const auto asked = say({"batch", "run", "--singly", "--wait-s", "60"});
  BOOST_CHECK_MESSAGE(asked.status == 0 && has(asked.out, "2 件中 2 件の回答"), asked.err + asked.out);
  for (const auto& b : batches()) {
    BOOST_CHECK(b.singly && b.now == batch_state::listed && b.reception_number.empty());
    BOOST_CHECK_EQUAL(b.answered, 1u);
  }
  const auto times = times_asked(*this);
  BOOST_CHECK_EQUAL(times.size(), 2u);
  BOOST_CHECK(std::ranges::all_of(times, [](auto n) { return n == 1; }));
  BOOST_CHECK(has(say({"batch", "visits", "--day", next_day()}).out, "変更なし"));
  BOOST_CHECK_EQUAL(say({"batch", "send", "--singly", "--by-hand"}).status, 1);
}

BOOST_FIXTURE_TEST_CASE(the_answer_to_an_upload_over_which_the_program_died_is_found_and_nothing_is_sent_again,
                        clinic_at_night) {
  BOOST_REQUIRE_EQUAL(import(row_of("K-78", outpatient, "外来", next_day(), "")).status, 0);
  link->behave({.silent = true});
  BOOST_REQUIRE_EQUAL(say({"batch", "send"}).status, 0);
  BOOST_REQUIRE(become(*this, batch_state::uploading));
  for (int n = 0; n < 500 && std::filesystem::is_empty(folder.path() / "link" / "taken"); ++n)
    std::this_thread::sleep_for(std::chrono::milliseconds{20}); // it has gone out
  hub.reset();                                                  // kill -9
  start();
  BOOST_REQUIRE(become(*this, batch_state::doubtful));
  const auto status = say({"batch", "status"});
  BOOST_CHECK_MESSAGE(has(status.out, "アップロードの成否不明"), status.out);
  const auto doctor = run({program().string(), "doctor", "--config", (folder.path() / "hub.toml").string()});
  BOOST_CHECK_MESSAGE(has(doctor.out, "再送はしないでください") && has(doctor.out, "Do not send it again"), doctor.out);
  link->behave({}); // the answer comes now
  BOOST_CHECK(become(*this, batch_state::listed));
  BOOST_CHECK_EQUAL(batches().front().answered, 1u);
  const auto times = times_asked(*this);
  BOOST_CHECK(std::ranges::all_of(times, [](auto n) { return n == 1; }));
}
