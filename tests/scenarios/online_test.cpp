// Quick guide ③ against the real program, step by step: consent when the appointment is made, eligibility and reference
// number before the consultation (together, and singly), and its end. And what ② has in common with it on the web.
#include "tests/scenarios/support_night.hpp"

#include <algorithm>

using namespace scenarios;
using web_outcome = line::centre::web_outcome;

namespace {

struct clinic_with_web : clinic_at_night {
  std::string today() const { return batch_scheduler::text_of(batch_scheduler::day_of(now_ms())); }
  finished look() const { return say({"batch", "run", "--why", "web_consent", "--wait-s", "60"}); }
  std::optional<change_row> newest(change_kind what) const {
    const auto list = changes();
    const auto found = std::ranges::find(list.rbegin(), list.rend(), what, &change_row::what);
    return found == list.rend() ? std::nullopt : std::optional{*found};
  }
  /// 照会番号 of a patient whose insurance nobody types again.
  void register_number(const id& patient, const std::string& number) const {
    const auto chance = drivers::clock::system_chance();
    const auto registration = drivers::clock::fresh_id(*drivers::clock::system_clock(), *chance);
    const register_numbers wanted{{{registration, patient, personal{number}, {}}}};
    const auto taken = tools::ask_hub(sockets, "eligibility_gateway", wanted);
    BOOST_REQUIRE(taken);
    BOOST_CHECK_MESSAGE(taken->begun == 1 && taken->refused.empty(), taken->refused.front());
    const auto line = number + "  登録済";
    for (int n = 0; n < 300 && !has(say({"reference", "list"}).out, line); ++n)
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
    BOOST_CHECK_MESSAGE(has(say({"reference", "list"}).out, line), say({"reference", "list"}).out);
  }
  finished ask(const std::string& care, const line::simulated_person& p, const std::string& appointment = {}) const {
    const auto& seen = p.insurances.front().seen;
    std::vector<std::string> words{"ask",         "--care",   care,        "--insurer", seen.insurer, "--symbol",
                                   seen.symbol,   "--number", seen.number, "--branch",  seen.branch,  "--birth",
                                   seen.birth_date};
    if (!appointment.empty()) words.insert(words.end(), {"--appointment", appointment});
    return say(words);
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(online_consultations_as_the_quick_guide_has_them, clinic_with_web) {
  // 予約時（患者操作）: the address is opened, the day confirmed, what may be viewed chosen, the PIN typed, the card read
  const auto url = address_of("online");
  BOOST_CHECK(has(url, "/home_reception?at=o"));
  BOOST_CHECK_EQUAL(address_of("online", {"--day", "20261203"}), url + "&day=2026-12-03"); // as an app opens it
  BOOST_CHECK(has(say({"consent", "url", "--care", "online", "--day", "20260230"}).err, "yyyyMMdd"));
  BOOST_CHECK(has(say({"consent", "url", "--care", "home_visit", "--day", "20261203"}).err, "--day"));
  BOOST_CHECK(has(say({"consent", "withdraw", "--number", "0"}).err, "見つかりません"));
  const line::web_choices all_but_checkups{.surgery = true, .medicine = true, .checkup = false, .limit = true};
  BOOST_CHECK(register_at(url, outpatient, all_but_checkups) == web_outcome::wrong_day);
  BOOST_CHECK(register_at(url, outpatient, all_but_checkups, "20260230") == web_outcome::wrong_day);
  BOOST_CHECK(register_at(url, outpatient, all_but_checkups, "20200101") == web_outcome::wrong_day);
  BOOST_REQUIRE(register_at(url, outpatient, all_but_checkups, next_day()) == web_outcome::registered);

  // ① 同意登録の完了を確認: staff learn of it by asking
  BOOST_CHECK_EQUAL(look().status, 0);
  const auto given = newest(change_kind::consent_given);
  BOOST_REQUIRE(given);
  BOOST_CHECK_EQUAL(given->name.reveal(), outpatient.insurances.front().seen.name);

  // 診療前に行うこと, 資格情報の照会（一括）: eligibility of whoever has an appointment tomorrow
  BOOST_REQUIRE_EQUAL(import(row_of("", outpatient, "オンライン", next_day(), "")).status, 0);
  const auto plan = say({"batch", "plan"});
  BOOST_CHECK_MESSAGE(has(plan.out, "オンライン診療等") && has(plan.out, "1 件を照会する予定"), plan.out);
  const auto run = say({"batch", "run", "--wait-s", "60"});
  BOOST_CHECK_MESSAGE(run.status == 0 && has(run.out, "1 件の照会を 1 個の要求で"), run.out + run.err);
  BOOST_CHECK(has(say({"batch", "visits", "--day", next_day()}).out, "オンライン診療等"));

  // 照会番号登録, by the patient alone; then 資格情報の照会（個別） with 診療区分「オンライン診療等」
  register_number(given->patient, "ON-0001");
  const auto asked = ask("online", outpatient, next_day());
  BOOST_CHECK_MESSAGE(asked.status == 0 && has(asked.out, "照会番号 ON-0001"), asked.out + asked.err);

  // The patient ends it on the web; the next inquiry finds it, and why
  BOOST_REQUIRE(register_at(url, outpatient, std::nullopt) == web_outcome::registered);
  BOOST_CHECK(register_at(url, outpatient, std::nullopt) == web_outcome::nothing_to_end);
  BOOST_CHECK_EQUAL(look().status, 0);
  const auto gone = newest(change_kind::consent_withdrawn);
  BOOST_REQUIRE(gone);
  BOOST_CHECK(gone->ended == consent_end::cancelled_by_patient);
  BOOST_CHECK_EQUAL(gone->patient.text(), given->patient.text());
  BOOST_CHECK(has(say({"batch", "changes"}).out, "患者による取消"));
}

BOOST_FIXTURE_TEST_CASE(a_home_visits_consent_from_the_web_is_withdrawn_by_the_clinic_and_given_anew, clinic_with_web) {
  const auto url = address_of("home_visit");
  const auto& p = outpatient;
  BOOST_CHECK(register_at(url, p, line::web_choices{true, true, true, true}, next_day()) == web_outcome::wrong_day);
  BOOST_REQUIRE(register_at(url, p, line::web_choices{.medicine = true}) == web_outcome::registered);
  BOOST_CHECK_EQUAL(look().status, 0);
  const auto given = newest(change_kind::consent_given);
  BOOST_REQUIRE(given);
  register_number(given->patient, "HV-0001");
  const auto& seen = p.insurances.front().seen;
  const auto found = say({"consent", "find", "--number", seen.number, "--json"});
  const bool chosen = has(found.out, "\"drugs\"") && has(found.out, "\"treatment\"");
  const bool more = has(found.out, "\"surgery\"") || has(found.out, "\"checkup\"");
  BOOST_CHECK_MESSAGE(chosen && !more, found.out);
  const auto end = say({"consent", "withdraw", "--number", seen.number, "--birth", seen.birth_date, "--yes"});
  BOOST_CHECK_MESSAGE(end.status == 0, end.err + end.out);
  BOOST_CHECK_EQUAL(say({"consent", "find", "--number", seen.number}).status, 3);

  // The address is renewed: the old one leads nowhere, and the consent behind the new one opens the viewing again
  const auto renewed = address_of("home_visit", {"--renew"});
  BOOST_CHECK(renewed != url);
  BOOST_CHECK(register_at(url, p, line::web_choices{.medicine = true}) == web_outcome::unknown_address);
  BOOST_CHECK_EQUAL(address_of("home_visit"), renewed);
  link.reset();
  centre.reset(); // what it remembers is in its ledger
  open_centre();
  open_link();
  BOOST_REQUIRE(register_at(renewed, p, line::web_choices{.surgery = true}) == web_outcome::registered);
  BOOST_CHECK_EQUAL(look().status, 0);
  const auto again = say({"consent", "find", "--number", seen.number, "--json"});
  BOOST_CHECK_MESSAGE(has(again.out, "\"surgery\"") && !has(again.out, "\"drugs\""), again.out);
}
