// Drug, treatment, surgery and check-up information: nothing without an account and a consent in force, every view and
// every refusal an event that names both.
#include "tests/actors/support_gateway.hpp"

using namespace actors_test;
using eligibility_gateway::fetched_records;
using eligibility_gateway::viewing_consent;

namespace {

const auto patient = numbered(600), key = numbered(7);
constexpr auto account = "tanaka01";

/// One patient's consents, as the view would tell them.
struct consents_book final : eligibility_gateway::patient_book {
  std::map<information_kind, viewing_consent> given;

  std::vector<patient_record> of_handle(const id&) const override { return {}; }
  std::vector<patient_record> of_reference(const std::string&) const override { return {}; }
  std::vector<patient_record> of_kana(const std::string&, const std::string&) const override { return {}; }
  std::optional<undecided_answer> undecided(const id&) const override { return {}; }
  std::optional<viewing_consent> consent(const id& whose, information_kind kind) const override {
    const auto found = given.find(kind);
    return whose == patient && found != given.end() ? std::optional{found->second} : std::nullopt;
  }
};

viewing_consent until(std::string time, std::uint64_t index = 41) {
  return {index,
          {1, "20231114071320", std::move(time)},
          {},
          personal{insured_number{"06123456", "", "12", "", "19660912"}}};
}

/// 2023-11-15 07:13:20 in Japan, with a consent for drugs until the next morning.
struct viewing {
  consents_book book;
  gateway g{{}, &book};

  viewing() { book.given[information_kind::drugs] = until("20231116071320"); }
  obtain_records wanted(id question = key) const {
    return {question, patient, information_kind::drugs, 0, "desk-1", "202306", "202311"};
  }
};

fetched_records some_drugs(std::size_t count = 1) {
  medical_records all;
  for (std::size_t n = 0; n < count; ++n) {
    dispensed_drug d;
    d.day = "20230915";
    d.code = std::to_string(n);
    d.name = "ミホン錠";
    all.drugs.push_back(d);
    d.source = drug_source::claim;
    all.drugs.push_back(d);
  }
  return {personal{all}, personal{bytes{1, 2, 3}}};
}

template <class M> std::size_t count_in(const gateway& g) {
  std::size_t n = 0;
  for (const auto& e : g.journal.events)
    n += e.topic == M::topic;
  return n;
}

std::string account_of_last(const gateway& g) { return g.last.journal.events.back().account; }

} // namespace

BOOST_FIXTURE_TEST_CASE(a_view_within_a_consent_is_fetched_kept_and_told_with_whose_account_and_consent, viewing) {
  g.say_as(account, wanted());
  const auto asked = event_in<records_asked>(g.last);
  BOOST_REQUIRE(asked);
  BOOST_CHECK_EQUAL(asked->consent, 41u);
  BOOST_CHECK_EQUAL(account_of_last(g), account);
  BOOST_REQUIRE_EQUAL(g.last.line.size(), 1u);
  const auto& request = g.last.line.front();
  BOOST_CHECK_EQUAL(request.person.reveal().number, "12");
  BOOST_CHECK_EQUAL(request.records->from_month, "202306");
  BOOST_CHECK(g.last.replies.empty());
  g.fetched(key, some_drugs());
  BOOST_CHECK(event_in<records_fetched>(g.last)->original.reveal() == (bytes{1, 2, 3}));
  const auto viewed = event_in<records_viewed>(g.last);
  BOOST_REQUIRE(viewed);
  BOOST_CHECK(viewed->patient == patient);
  BOOST_CHECK_EQUAL(viewed->kind, information_kind::drugs);
  BOOST_CHECK_EQUAL(viewed->consent, 41u);
  BOOST_CHECK_EQUAL(account_of_last(g), account);
  BOOST_CHECK_EQUAL(g.last.journal.events.back().desk, "desk-1");
  BOOST_CHECK(!g.last.replies.front().remember); // what was shown is not kept with the replies
  const auto shown = reply_in<records_obtained>(g.last);
  BOOST_REQUIRE(shown);
  BOOST_CHECK_EQUAL(shown->open_until, "20231116071320");
  BOOST_REQUIRE_EQUAL(shown->found.reveal().drugs.size(), 2u); // the claim says the prescription's drug again
  BOOST_CHECK_EQUAL(shown->found.reveal().drugs.front().replaced + shown->found.reveal().drugs.back().replaced, 1);
  BOOST_CHECK(g.all.all().empty());
}

BOOST_FIXTURE_TEST_CASE(without_a_consent_of_this_kind_nothing_is_asked_and_the_refusal_is_told, viewing) {
  auto treatment = wanted();
  treatment.kind = information_kind::treatment;
  auto another = wanted();
  another.patient = numbered(601);
  auto replaced = wanted();
  replaced.consent = 40;
  for (const auto& m : {treatment, another, replaced}) {
    g.say_as(account, m);
    BOOST_CHECK_EQUAL(refusal_in(g.last).code, error_code::consent_missing);
    BOOST_CHECK_EQUAL(event_in<records_refused>(g.last)->error, "consent_missing");
    BOOST_CHECK_EQUAL(account_of_last(g), account);
  }
  BOOST_CHECK(g.asked.empty());
}

BOOST_FIXTURE_TEST_CASE(without_an_account_nothing_is_shown, viewing) {
  g.say(wanted());
  BOOST_CHECK_EQUAL(refusal_in(g.last).code, error_code::not_signed_in);
  BOOST_CHECK(event_in<records_refused>(g.last));
  BOOST_CHECK(g.asked.empty());
}

BOOST_FIXTURE_TEST_CASE(a_consent_that_ends_while_the_answer_is_on_its_way_shows_and_keeps_nothing, viewing) {
  book.given[information_kind::drugs] = until("20231115071321"); // one second from now
  g.say_as(account, wanted());
  BOOST_REQUIRE_EQUAL(g.asked.size(), 1u);
  g.now_ms += 1000;
  g.fetched(key, some_drugs());
  BOOST_CHECK_EQUAL(refusal_in(g.last).code, error_code::consent_missing);
  BOOST_CHECK(!event_in<records_fetched>(g.last));
  BOOST_CHECK(!event_in<records_viewed>(g.last));
  BOOST_CHECK(event_in<records_refused>(g.last));
}

BOOST_FIXTURE_TEST_CASE(a_withdrawal_closes_a_home_visits_viewing_before_any_view_of_the_journal_knows_it, viewing) {
  auto& consent = book.given[information_kind::drugs];
  consent.scope.how = care::home_visit;
  consent.flag.available_until.clear();
  g.say_as(account, wanted());
  const withdraw_consent withdrawal{numbered(8), patient, "desk-1",
                                    personal{insured_number{"06123456", "", "12", "", "19660912"}}};
  g.say_as(account, withdrawal);
  BOOST_CHECK(event_in<consent_withdrawn>(g.last)->patient == patient);
  g.fetched(key, some_drugs()); // it was on its way
  BOOST_CHECK_EQUAL(refusal_in(g.last).code, error_code::consent_missing);
  g.line(numbered(8), failure(error_code::line_silent, "x")); // and its outcome is unknown
  g.say_as(account, wanted(numbered(9)));
  BOOST_CHECK_EQUAL(refusal_in(g.last).code, error_code::consent_missing);
  BOOST_CHECK_EQUAL(count_in<records_viewed>(g), 0u);
  consent.flag.consented = "20231115071400"; // given anew, later
  g.now_ms += 60'000;
  g.say_as(account, wanted(numbered(10)));
  BOOST_CHECK(event_in<records_asked>(g.last));
}

BOOST_FIXTURE_TEST_CASE(a_withdrawal_is_asked_again_under_its_identifier_until_it_is_known, viewing) {
  const withdraw_consent withdrawal{numbered(8), patient, "desk-1",
                                    personal{insured_number{"06123456", "", "12", "", "19660912"}}};
  g.say_as(account, withdrawal);
  BOOST_REQUIRE_EQUAL(g.last.line.size(), 1u);
  g.restart();
  BOOST_REQUIRE_EQUAL(g.last.line.size(), 1u);
  BOOST_CHECK(g.last.line.front().key == numbered(8));
  BOOST_CHECK_EQUAL(g.last.line.front().person.reveal().number, "12");
  line_answer nothing_there;
  nothing_there.answer.status = 2;
  nothing_there.answer.code = "SIM0001";
  g.line(numbered(8), nothing_there);
  BOOST_CHECK_EQUAL(event_in<withdrawal_ended>(g.last)->code, "SIM0001");
  BOOST_CHECK(g.journal.outbox.empty());
  g.say_as(account, withdrawal);
  BOOST_CHECK_EQUAL(reply_in<question_report>(g.last)->outcome, question_outcome::refused);
}

BOOST_FIXTURE_TEST_CASE(a_fetch_is_asked_once_and_whoever_still_wants_it_asks_anew, viewing) {
  g.say_as(account, wanted());
  g.fetched(key, failure(error_code::line_silent, "x"));
  BOOST_CHECK_EQUAL(refusal_in(g.last).code, error_code::line_silent);
  BOOST_CHECK_EQUAL(event_in<records_refused>(g.last)->error, "line_silent");
  g.pass(60'000);
  BOOST_CHECK_EQUAL(g.asked.size(), 1u);
  g.say_as(account, wanted(numbered(8)));
  g.restart(); // nobody waits for it any more
  BOOST_CHECK(g.last.line.empty());
  BOOST_CHECK(g.last.journal.events.empty());
}

BOOST_FIXTURE_TEST_CASE(a_lost_line_is_told_at_once, viewing) {
  for (std::uint64_t n = 20; n < 23; ++n) {
    g.say_as(account, wanted(numbered(n)));
    g.fetched(numbered(n), failure(error_code::line_down, "x"));
  }
  BOOST_CHECK(!g.all.line_up());
  g.say_as(account, wanted());
  BOOST_CHECK_EQUAL(refusal_in(g.last).code, error_code::line_down);
  BOOST_CHECK_EQUAL(count_in<records_refused>(g), 4u);
  BOOST_CHECK(g.all.all().empty());
}

BOOST_FIXTURE_TEST_CASE(what_fits_into_no_frame_is_refused_with_the_remedy, viewing) {
  g.say_as(account, wanted());
  g.fetched(key, some_drugs(2'000));
  const auto why = refusal_in(g.last);
  BOOST_CHECK_EQUAL(why.code, error_code::too_large);
  BOOST_CHECK(why.args.front().find("fewer months") != std::string::npos);
  BOOST_CHECK(!event_in<records_viewed>(g.last));
}

BOOST_FIXTURE_TEST_CASE(months_are_checked_and_default_to_the_last_twelve, viewing) {
  auto m = wanted();
  m.from_month = "202313";
  g.say_as(account, m);
  BOOST_CHECK_EQUAL(refusal_in(g.last).code, error_code::wrong_value);
  m.from_month = m.to_month = "";
  g.say_as(account, m);
  BOOST_REQUIRE_EQUAL(g.last.line.size(), 1u);
  BOOST_CHECK_EQUAL(g.last.line.front().records->from_month, "202212");
  BOOST_CHECK_EQUAL(g.last.line.front().records->to_month, "202311");
}
