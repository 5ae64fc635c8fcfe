// Claims about who saw or did what: what an entry leaves out follows from those before it.
#include "tests/test.hpp"

#include "messages/registry.hpp"
#include "tools/who.hpp"

using namespace tools;
using namespace messages;

namespace {

constexpr std::uint64_t morning_ms = 1'795'303'800'000; ///< 2026-11-22 08:30 in Japan

id numbered(std::uint64_t n) { return make_id(morning_ms, n, 0); }

/// A journal told event by event.
struct day {
  deeds all;
  std::uint64_t index = 0, now_ms = morning_ms;

  template <class M> deed tell(const M& body, std::string account = {}, std::string desk = {}, id checkin = {}) {
    event_envelope e;
    e.v = M::version;
    e.index = ++index;
    e.time_ms = now_ms += 1000;
    e.topic = M::topic;
    e.node = "hub";
    e.desk = std::move(desk);
    e.checkin = checkin;
    e.account = std::move(account);
    e.body = encode_body(body);
    return all.take(e);
  }
  void sign_in(const std::string& account) {
    tell(account_registered{account, account_kind::general}, "chief");
    tell(initial_password_received{account, bytes(32, 1)});
    tell(password_changed{account, bytes(32, 2), {}});
    tell(signed_in{account, numbered(900 + index), "hub", now_ms + 3'600'000, 0}, account);
  }
};

deed_filter of_account(const std::string& account) {
  deed_filter filter;
  filter.account = account;
  return filter;
}
deed_filter of_patient(const id& patient) {
  deed_filter filter;
  filter.patient = patient;
  return filter;
}

} // namespace

BOOST_AUTO_TEST_CASE(what_names_no_patient_is_the_patients_of_its_check_in_or_question) {
  day d;
  const auto patient = numbered(1), checkin = numbered(2), question = numbered(3);
  card_placed placed;
  placed.patient = patient;
  BOOST_TEST(d.tell(placed, {}, "desk-1", checkin).patient.text() == patient.text());
  BOOST_TEST(d.tell(identity_method_chosen{}, {}, "desk-1", checkin).patient.text() == patient.text());
  d.tell(question_asked{question, patient, question_kind::card}, {}, "desk-1", checkin);
  answer_shown shown;
  shown.question = question;
  BOOST_TEST(d.tell(shown, {}, "desk-1").patient.text() == patient.text()); // by its question alone
  BOOST_TEST(of_patient(patient).wants(d.tell(checkin_ended{}, {}, "desk-1", checkin)));
  BOOST_TEST(!of_patient(patient).wants(d.tell(desk_closed{}, {}, "desk-1")));
  answer_matched matched;
  matched.patient = patient;
  matched.record = numbered(7);
  BOOST_TEST(of_patient(numbered(7)).wants(d.tell(matched)));
}

BOOST_AUTO_TEST_CASE(an_account_is_found_by_what_it_did_asked_for_could_see_and_met_with) {
  day d;
  d.sign_in("sato");
  const auto registration = numbered(4), patient = numbered(1), checkin = numbered(2);
  registration_requested wanted;
  wanted.registration = registration;
  wanted.patient = patient;
  const auto did = d.tell(wanted, "sato", "desk-1", checkin);
  BOOST_TEST(did.account == "sato");
  registration_begun begun;
  begun.registration = registration;
  begun.patient = patient;
  const auto follows = d.tell(begun);
  BOOST_TEST(follows.account == "");
  BOOST_TEST(follows.behalf == "sato");
  BOOST_TEST(of_account("sato").wants(follows));

  const auto seen = d.tell(answer_shown{}, {}, "desk-1", checkin);
  BOOST_TEST(seen.could_see == std::vector<std::string>{"sato"}, boost::test_tools::per_element());
  BOOST_TEST(of_account("SATO").wants(seen)); // IDs are told apart without regard to case
  BOOST_TEST(!of_account("suzuki").wants(seen));
  d.tell(signed_out{"sato", {}}, "sato");
  BOOST_TEST(d.tell(answer_shown{}, {}, "desk-1", checkin).could_see.empty());

  const auto met = d.tell(password_reset{"sato"}, "chief");
  BOOST_TEST(met.account == "chief");
  BOOST_TEST(met.concerned == "sato");
  BOOST_TEST(of_account("sato").wants(met));
  BOOST_TEST(of_account("chief").wants(met));
}

BOOST_AUTO_TEST_CASE(a_session_that_has_run_out_sees_nothing_any_more) {
  day d;
  d.sign_in("sato");
  d.now_ms += 2 * 3'600'000;
  BOOST_TEST(d.tell(answer_shown{}, {}, "desk-1", numbered(2)).could_see.empty());
}

BOOST_AUTO_TEST_CASE(what_is_said_holds_no_octets_and_no_personal_value) {
  day d;
  const auto changed = d.tell(password_changed{"sato", bytes(32, 7), {}}, "sato");
  BOOST_TEST(words_of(changed) == "account sato");
  pin_attempt_ended ended;
  ended.attempt = numbered(5);
  ended.tries_left = 2;
  const auto words = words_of(d.tell(ended, {}, "desk-1", numbered(2)));
  BOOST_TEST(words.find("tries_left 2") != std::string::npos, words);
  BOOST_TEST(words.find("attempt " + numbered(5).text()) != std::string::npos, words);
}

BOOST_AUTO_TEST_CASE(days_and_minutes_are_japans_and_both_ends_belong_to_the_span) {
  const auto midnight_ms = morning_ms - (8 * 60 + 30) * 60'000;
  BOOST_TEST(time_asked("2026-11-22", false).value() == midnight_ms);
  BOOST_TEST(time_asked("2026-11-22", true).value() == midnight_ms + 86'399'999);
  BOOST_TEST(time_asked("2026-11-22T08:30", false).value() == morning_ms);
  BOOST_TEST(time_asked("2026-11-22 08:30", true).value() == morning_ms + 59'999);
  for (const auto* wrong : {"", "yesterday", "2026-02-30", "2026-13-01", "2026-11-22T25:00", "2026-11-22T08:30 or so",
                            "22.11.2026", "1969-12-31"})
    BOOST_TEST(!time_asked(wrong, false).has_value(), wrong);
  deed_filter day;
  day.from_ms = midnight_ms;
  day.to_ms = midnight_ms + 86'399'999;
  deed d;
  for (const auto& [at, in] : {std::pair{midnight_ms - 1, false}, std::pair{midnight_ms, true},
                               std::pair{midnight_ms + 86'399'999, true}, std::pair{midnight_ms + 86'400'000, false}}) {
    d.time_ms = at;
    BOOST_TEST(day.wants(d) == in);
  }
}
