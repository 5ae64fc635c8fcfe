// What every line promises, asked of the simulated one in the process, of HTTPS over loopback and of the folders.
#include "tests/test.hpp"

#include "tests/drivers/line/support_rigs.hpp"

#include <algorithm>
#include <set>
#include <tuple>

using namespace line_test;
using messages::choice;
using messages::validity;
using rigs = std::tuple<in_process, over_https, through_folders>;

namespace {

/// How often the centre has seen a question; 0 when never.
template <class Rig> std::uint64_t times_seen(const Rig& rig, const messages::id& question) {
  for (const auto& entry : rig.ledger())
    if (entry.identifier == question.text()) return entry.times_seen;
  return 0;
}

/// How often the centre has seen a question that was asked twice.
template <class Rig> constexpr std::uint64_t twice = Rig::repeats_arrive ? 2 : 1;

const messages::insured_number see_mihon{"999901", "見本12", "3456", "02", "19840229"};

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(a_challenge_is_long_and_never_the_same, Rig, rigs) {
  Rig rig;
  std::set<messages::bytes> values;
  for (int n = 0; n < 3; ++n) {
    const auto given = obtain(rig.port());
    BOOST_REQUIRE(given);
    BOOST_CHECK_EQUAL(given->value.size(), 32u);
    BOOST_CHECK_EQUAL(given->valid_ms, 600000u);
    values.insert(given->value);
  }
  BOOST_CHECK_EQUAL(values.size(), 3u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_valid_person_is_answered_with_insurance_and_viewing_for_a_day, Rig, rigs) {
  Rig rig;
  const auto came = ask(rig.port(), question_of(person(1), obtain(rig.port()).value()));
  BOOST_REQUIRE_EQUAL(code_of(came), "no error");
  const auto& a = came->typed;
  BOOST_CHECK_EQUAL(a.segment, 1);
  BOOST_CHECK_EQUAL(a.status, 1);
  BOOST_CHECK(a.judged == validity::valid);
  BOOST_CHECK_EQUAL(a.confirmed_on, "20261122");
  BOOST_REQUIRE_EQUAL(a.insurances.reveal().size(), 1u);
  const auto& one = a.insurances.reveal().front();
  BOOST_CHECK_EQUAL(one.name, "見本　花子");
  BOOST_CHECK_EQUAL(one.insurer, "  999901");
  BOOST_CHECK_EQUAL(one.limit_flag, "A03");
  BOOST_CHECK_EQUAL(a.drugs.flag, 1);
  BOOST_CHECK_EQUAL(a.drugs.consented, "20261122091500");
  BOOST_CHECK_EQUAL(a.drugs.available_until, "20261123091500");
  BOOST_CHECK_EQUAL(a.limit.flag, 1);
  BOOST_CHECK_EQUAL(a.limit.available_until, "");
  const std::string original(came->original.reveal().begin(), came->original.reveal().end());
  BOOST_CHECK(original.find("<XmlMsg>") != std::string::npos);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_refused_is_flag_0_and_is_not_told, Rig, rigs) {
  Rig rig;
  const auto came = ask(rig.port(), question_of(person(3), obtain(rig.port()).value(), all(choice::refused)));
  BOOST_REQUIRE_EQUAL(code_of(came), "no error");
  for (const auto& flag : {came->typed.surgery, came->typed.treatment, came->typed.drugs, came->typed.checkup,
                           came->typed.limit, came->typed.specified_disease})
    BOOST_CHECK(flag == messages::consent_flag{});
  BOOST_CHECK_EQUAL(came->typed.insurances.reveal().front().limit_flag, "");
  auto choices = all(choice::refused);
  choices.surgery = choice::given;
  const auto only = ask(rig.port(), question_of(person(3), obtain(rig.port()).value(), choices));
  BOOST_REQUIRE_EQUAL(code_of(only), "no error");
  BOOST_CHECK_EQUAL(only->typed.surgery.flag, 1);
  BOOST_CHECK_EQUAL(only->typed.treatment.flag, 0);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(each_validity_comes_through, Rig, rigs) {
  Rig rig;
  const std::tuple<int, validity, int> expected[] = {
      {1, validity::valid, 1},    {4, validity::invalid, 1}, {5, validity::newer_exists, 1},
      {6, validity::no_match, 2}, {7, validity::several, 2}, {8, validity::valid_unregistered, 1}};
  for (const auto& [number, judged, status] : expected) {
    const auto came = ask(rig.port(), question_of(person(number), obtain(rig.port()).value()));
    BOOST_REQUIRE_EQUAL(code_of(came), "no error");
    BOOST_CHECK_EQUAL(messages::name(came->typed.judged), messages::name(judged));
    BOOST_CHECK_EQUAL(came->typed.status, status);
    const bool viewing = came->typed.drugs.flag == 1;
    BOOST_CHECK_EQUAL(viewing, judged == validity::valid || judged == validity::valid_unregistered);
    if (status == 2) BOOST_CHECK(!came->typed.code.empty() && !came->typed.message.reveal().empty());
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_same_identifier_gets_the_same_answer_and_one_ledger_entry_counted_twice, Rig, rigs) {
  Rig rig;
  const auto question = question_of(person(1), obtain(rig.port()).value());
  const auto first = ask(rig.port(), question);
  BOOST_REQUIRE_EQUAL(code_of(first), "no error");
  rig.pass_time(60 * 60 * 1000); // the challenge is long gone; the answer is not
  const auto second = ask(rig.port(), question);
  BOOST_REQUIRE_EQUAL(code_of(second), "no error");
  BOOST_CHECK(first->original == second->original);
  BOOST_CHECK_EQUAL(rig.ledger().size(), 1u);
  BOOST_CHECK_EQUAL(times_seen(rig, question.question), twice<Rig>);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_same_identifier_with_other_content_is_refused, Rig, rigs) {
  Rig rig;
  auto question = typed(see_mihon);
  BOOST_REQUIRE_EQUAL(code_of(ask(rig.port(), question)), "no error");
  question.limit = choice::refused;
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), question)), "line_refused");
  BOOST_CHECK_EQUAL(rig.ledger().size(), 1u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_wrong_signature_is_refused_with_the_centres_words, Rig, rigs) {
  Rig rig;
  const auto given = obtain(rig.port()).value();
  auto question = question_of(person(1), given);
  question.signature.back() ^= 1;
  const auto came = ask(rig.port(), question);
  BOOST_REQUIRE_EQUAL(code_of(came), "line_refused");
  BOOST_REQUIRE_EQUAL(came.error().args.size(), 2u);
  BOOST_CHECK_EQUAL(came.error().args[0], profile::wrong_signature.code);
  // a refusal binds nothing: the right signature under the same identifier is answered
  question.signature = cards().sign(given.value);
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), question)), "no error");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_bytes_of_a_refusal_are_there_until_they_are_kept_elsewhere, Rig, rigs) {
  Rig rig;
  const auto given = obtain(rig.port()).value();
  auto question = question_of(person(1), given);
  question.signature.back() ^= 1;
  BOOST_REQUIRE_EQUAL(code_of(ask(rig.port(), question)), "line_refused");
  const auto octets = rig.port().refused_original(question.question).reveal();
  const std::string text(octets.begin(), octets.end());
  BOOST_TEST(text.find(profile::wrong_signature.code) != std::string::npos, text);
  BOOST_CHECK(rig.port().refused_original(new_id()).reveal().empty());
  rig.port().kept(question.question);
  BOOST_CHECK(rig.port().refused_original(question.question).reveal().empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_expired_challenge_is_told_apart, Rig, rigs) {
  Rig rig;
  const auto given = obtain(rig.port()).value();
  rig.pass_time(600000); // to the millisecond: still good
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), question_of(person(1), given))), "no error");
  const auto late = obtain(rig.port()).value();
  rig.pass_time(600001);
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), question_of(person(1), late))), "challenge_expired");
  challenge invented{"0123456789abcdef0123456789abcdef", messages::bytes(32, 7), 600000};
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), question_of(person(1), invented))), "challenge_expired");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_challenge_serves_one_question, Rig, rigs) {
  Rig rig;
  const auto given = obtain(rig.port()).value();
  BOOST_REQUIRE_EQUAL(code_of(ask(rig.port(), question_of(person(1), given))), "no error");
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), question_of(person(1), given))), "line_refused");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_centre_that_is_down_was_not_asked, Rig, rigs) {
  Rig rig;
  rig.behave(centre_behaviour{.down_requests = centre_behaviour::down_for_good});
  const auto question = typed(see_mihon);
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), question)), "line_down");
  BOOST_CHECK_EQUAL(code_of(obtain(rig.port())), "line_down");
  BOOST_CHECK_EQUAL(times_seen(rig, question.question), 0u);
  rig.behave(centre_behaviour{});
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), question)), "no error"); // up again
  rig.stop_centre();
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), typed(see_mihon))), "line_down");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_silent_centre_leaves_the_outcome_unknown_and_the_same_identifier_settles_it, Rig,
                              rigs) {
  Rig rig;
  const auto question = question_of(person(1), obtain(rig.port()).value());
  rig.behave(centre_behaviour{.silent = true});
  const auto before = std::chrono::steady_clock::now();
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), question, 200)), "line_silent");
  BOOST_CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(5));
  rig.stop_centre();
  rig.start_centre();
  rig.behave(centre_behaviour{});
  const auto came = ask(rig.port(), question);
  BOOST_REQUIRE_EQUAL(code_of(came), "no error");
  BOOST_CHECK(came->typed.judged == validity::valid);
  BOOST_CHECK_EQUAL(rig.ledger().size(), 1u);
  BOOST_CHECK_EQUAL(times_seen(rig, question.question), twice<Rig>);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_slow_centre_is_waited_for_and_a_slower_one_is_silent, Rig, rigs) {
  Rig rig;
  const auto question = typed(see_mihon);
  rig.behave(centre_behaviour{.answer_delay_ms = 50});
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), question)), "no error");
  rig.behave(centre_behaviour{.answer_delay_ms = 2000});
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), typed(see_mihon), 100)), "line_silent");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_restarted_centre_remembers_challenges_answers_and_numbers, Rig, rigs) {
  Rig rig;
  const auto given = obtain(rig.port()).value();
  const auto question = typed(see_mihon);
  const auto before = ask(rig.port(), question).value();
  const reference_registration registration{new_id(), messages::personal{see_mihon},
                                            messages::personal<std::string>{"K-77"}};
  BOOST_CHECK_EQUAL(code_of(register_number(rig.port(), registration)), "no error");
  rig.stop_centre();
  rig.start_centre();
  BOOST_CHECK(ask(rig.port(), question).value().original == before.original);
  const auto came = ask(rig.port(), question_of(person(1), given));
  BOOST_REQUIRE_EQUAL(code_of(came), "no error");
  BOOST_CHECK_EQUAL(came->typed.insurances.reveal().front().reference_number, "K-77");
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), question_of(person(2), given))), "line_refused"); // still used
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_registered_reference_number_comes_back_with_the_next_answer, Rig, rigs) {
  Rig rig;
  const auto first = ask(rig.port(), question_of(person(1), obtain(rig.port()).value())).value();
  const auto& one = first.typed.insurances.reveal().front();
  BOOST_CHECK_EQUAL(one.reference_number, "");
  const messages::insured_number known{one.insurer, one.symbol, one.number, one.branch, one.birth_date};
  const reference_registration registration{new_id(), messages::personal{known},
                                            messages::personal<std::string>{"0009001"}};
  BOOST_REQUIRE_EQUAL(code_of(register_number(rig.port(), registration)), "no error");
  BOOST_REQUIRE_EQUAL(code_of(register_number(rig.port(), registration)), "no error"); // settled twice, done once
  BOOST_CHECK_EQUAL(times_seen(rig, registration.question), twice<Rig>);
  const auto next = ask(rig.port(), question_of(person(1), obtain(rig.port()).value())).value();
  BOOST_CHECK_EQUAL(next.typed.insurances.reveal().front().reference_number, "0009001");
  const reference_registration other{
      new_id(), messages::personal{messages::insured_number{"06999902", "123", "7654321", "00", ""}},
      messages::personal<std::string>{"0009001"}};
  BOOST_CHECK_EQUAL(code_of(register_number(rig.port(), other)), "line_refused"); // taken
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_typed_question_finds_a_number_however_it_is_written_and_opens_no_viewing, Rig, rigs) {
  Rig rig;
  const auto came = ask(rig.port(), typed({"999901", "見本１２", "０００3456", "2", "19840229"}));
  BOOST_REQUIRE_EQUAL(code_of(came), "no error");
  BOOST_CHECK(came->typed.judged == validity::valid);
  BOOST_CHECK_EQUAL(came->typed.limit.flag, 1);
  for (const auto& flag : {came->typed.surgery, came->typed.treatment, came->typed.drugs, came->typed.checkup})
    BOOST_CHECK(flag == messages::consent_flag{});
  const auto nobody = ask(rig.port(), typed({"999901", "見本12", "3456", "02", "19840228"}));
  BOOST_CHECK(nobody.value().typed.judged == validity::no_match);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_cannot_be_sent_is_not_sent, Rig, rigs) {
  Rig rig;
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), typed({"999901", "", "", "", "19840229"}))), "missing_value");
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), typed({"999901", std::string(21, 'x'), "1", "", "19840229"}))),
                    "wrong_value");
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), typed({"999901", "", "1\n2", "", "19840229"}))), "wrong_value");
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), typed({"999901", "", "1", "", "840229"}))), "wrong_value");
  BOOST_CHECK(rig.ledger().empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_stopped_line_answers_line_down_and_stops_twice, Rig, rigs) {
  Rig rig;
  rig.port().stop();
  rig.port().stop();
  BOOST_CHECK_EQUAL(code_of(obtain(rig.port())), "line_down");
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), typed(see_mihon))), "line_down");
}

// -- every other message -------------------------------------------------------------------------------------------

namespace {

const messages::insured_number home_visitor{"999901", "訪101", "10101", "01", "19390303"};
const messages::insured_number online_patient{"999901", "遠102", "10102", "01", "19850505"};

messages::personal<messages::insured_number> secret(const messages::insured_number& n) { return messages::personal{n}; }

template <class T, class Call> messages::result<T> told(Call call) {
  return await<T>([&](auto done) { call(done); });
}

template <class Rig> messages::result<bulk_acceptance> request(Rig& rig, const bulk_request& r) {
  return told<bulk_acceptance>([&](auto done) { rig.port().request_bulk(r, wait_ms, done); });
}
template <class Rig> messages::result<bulk_answer> collect(Rig& rig, bulk_kind kind, const std::string& number) {
  return told<bulk_answer>([&](auto done) { rig.port().collect_bulk({new_id(), kind, number}, wait_ms, done); });
}
template <class Rig> std::vector<wire::confirmed_unit> confirmed(Rig& rig, const bulk_request& r) {
  std::vector<wire::confirmed_unit> units;
  const auto accepted = request(rig, r);
  BOOST_REQUIRE_EQUAL(code_of(accepted), "no error");
  const auto came = collect(rig, r.kind, accepted->reception_number);
  BOOST_REQUIRE_EQUAL(code_of(came), "no error");
  BOOST_REQUIRE(came->units);
  const auto read = came->units->each_confirmed([&](wire::confirmed_unit&& u) {
    units.push_back(std::move(u));
    return true;
  });
  BOOST_REQUIRE_EQUAL(code_of(read), "no error");
  return units;
}

bulk_request of_period(bulk_kind kind, bulk_period period) {
  bulk_request r;
  r.question = new_id();
  r.kind = kind;
  r.rows = messages::personal{decltype(r.rows)::value_type{period}};
  return r;
}
bulk_request of_persons(bulk_kind kind, std::vector<listed_person> persons) {
  bulk_request r;
  r.question = new_id();
  r.kind = kind;
  r.confirmed_on = "20261124";
  r.rows = messages::personal{decltype(r.rows)::value_type{std::move(persons)}};
  return r;
}

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(a_home_visit_is_asked_withdrawn_and_asked_again, Rig, rigs) {
  Rig rig;
  auto question = typed(home_visitor);
  question.kind = messages::care::home_visit;
  const auto before = ask(rig.port(), question);
  BOOST_REQUIRE_EQUAL(code_of(before), "no error");
  BOOST_CHECK_EQUAL(before->typed.drugs.flag, 1);
  const withdrawal w{new_id(), secret(home_visitor)};
  const auto gone = told<answer>([&](auto done) { rig.port().withdraw(w, wait_ms, done); });
  BOOST_REQUIRE_EQUAL(code_of(gone), "no error");
  BOOST_CHECK_EQUAL(gone->typed.status, 1);
  question.question = new_id();
  const auto after = ask(rig.port(), question);
  BOOST_REQUIRE_EQUAL(code_of(after), "no error");
  BOOST_CHECK_EQUAL(after->typed.drugs.flag, 2);
  const auto& first = after->full.reveal().insurances.front();
  BOOST_CHECK(first.drugs.reason.is(expiry_reason::cancelled_by_institution));
  const withdrawal nothing{new_id(), secret(see_mihon)};
  const auto refused = told<answer>([&](auto done) { rig.port().withdraw(nothing, wait_ms, done); });
  BOOST_REQUIRE_EQUAL(code_of(refused), "no error");
  BOOST_CHECK_EQUAL(refused->typed.status, 2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(those_who_consented_in_a_period_come_and_no_others, Rig, rigs) {
  Rig rig;
  const auto visits = confirmed(rig, of_period(bulk_kind::home_visit_consented, {"20261120", "20261122"}));
  BOOST_REQUIRE_EQUAL(visits.size(), 1u);
  BOOST_CHECK_EQUAL(visits.front().insurances.front().number, home_visitor.number);
  BOOST_CHECK(visits.front().insurances.front().drugs.flag.is(consent_state::given));
  BOOST_CHECK_EQUAL(confirmed(rig, of_period(bulk_kind::online_consented, {"20261125", "20261126", true})).size(), 1u);
  BOOST_CHECK(confirmed(rig, of_period(bulk_kind::online_consented, {"20200101", "20200102"})).empty());
  const auto tickets = confirmed(rig, of_period(bulk_kind::medical_assistance, {"202611", ""}));
  BOOST_REQUIRE(!tickets.empty());
  for (const auto& unit : tickets) {
    const auto with_ticket = std::ranges::find_if(unit.insurances, [](const auto& i) { return !i.tickets.empty(); });
    BOOST_REQUIRE(with_ticket != unit.insurances.end()); // a health insurance may stand beside it
    BOOST_CHECK(with_ticket->card_class.is(card_class::medical_assistance));
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_list_of_persons_comes_back_row_by_row, Rig, rigs) {
  Rig rig;
  const messages::insured_number nobody{"999901", "", "00000", "", "19000101"};
  const auto units = confirmed(rig, of_persons(bulk_kind::eligibility, {{see_mihon, "a-1"}, {nobody, "b-2"}}));
  BOOST_REQUIRE_EQUAL(units.size(), 2u);
  BOOST_CHECK_EQUAL(units[0].searched->identifier, "a-1");
  BOOST_CHECK(units[0].status.is(person_status::normal));
  BOOST_CHECK(units[0].insurances.front().changed.stated());
  BOOST_CHECK_EQUAL(units[1].searched->identifier, "b-2");
  BOOST_CHECK(units[1].status.is(person_status::error));
  const auto visited = confirmed(rig, of_persons(bulk_kind::home_visit_persons, {{home_visitor, "h"}}));
  BOOST_CHECK(visited.front().insurances.front().drugs.flag.is(consent_state::given));
  const auto online = confirmed(rig, of_persons(bulk_kind::online_persons, {{online_patient, "o"}}));
  BOOST_CHECK(online.front().insurances.front().drugs.flag.is(consent_state::given));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(reference_numbers_are_registered_in_bulk, Rig, rigs) {
  Rig rig;
  bulk_request r;
  r.question = new_id();
  r.kind = bulk_kind::reference_numbers;
  const std::vector<listed_registration> rows{{see_mihon, "B-1"}, {home_visitor, "B-1"}, {home_visitor, "B-2"}};
  r.rows = decltype(bulk_request::rows){rows};
  const auto accepted = request(rig, r);
  BOOST_REQUIRE_EQUAL(code_of(accepted), "no error");
  const auto came = collect(rig, r.kind, accepted->reception_number);
  BOOST_REQUIRE_EQUAL(code_of(came), "no error");
  std::vector<bool> registered;
  const auto read = came->units->each_registered([&](wire::registered_unit&& u) {
    registered.push_back(u.status.is(person_status::normal));
    return true;
  });
  BOOST_REQUIRE_EQUAL(code_of(read), "no error");
  BOOST_CHECK(registered == (std::vector<bool>{true, false, true}));
  BOOST_CHECK_EQUAL(ask(rig.port(), typed(see_mihon)).value().typed.insurances.reveal().front().reference_number,
                    "B-1");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_unknown_reception_number_is_refused, Rig, rigs) {
  Rig rig;
  BOOST_CHECK_EQUAL(code_of(collect(rig, bulk_kind::eligibility, "999920261122999999")), "line_refused");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(drugs_and_checkups_are_told_within_a_consent_only, Rig, rigs) {
  Rig rig;
  records_question q{new_id(), secret(home_visitor),      false, file_category::drugs_and_treatment_xml, "202606",
                     "202611", messages::care::home_visit};
  const auto asked = [&] { return told<records_answer>([&](auto done) { rig.port().ask(q, wait_ms, done); }); };
  BOOST_CHECK_EQUAL(code_of(asked()), "line_refused");
  auto visit = typed(home_visitor);
  visit.kind = messages::care::home_visit;
  BOOST_REQUIRE_EQUAL(code_of(ask(rig.port(), visit)), "no error");
  q.question = new_id();
  const auto drugs = asked();
  BOOST_REQUIRE_EQUAL(code_of(drugs), "no error");
  BOOST_CHECK_EQUAL(drugs->found.reveal().drugs.claims.front().days.front().drugs.front().name, "ミホン錠５ｍｇ");
  BOOST_CHECK_EQUAL(drugs->found.reveal().drugs.dispensings.size(), 1u); // the same drug, from the e-prescription
  q.question = new_id();
  q.category = file_category::drugs_pdf;
  BOOST_CHECK(asked().value().found.reveal().pdf);
  q.question = new_id();
  q.checkup = true;
  q.category = file_category::drugs_xml;
  BOOST_CHECK_EQUAL(asked().value().found.reveal().checkups.checkups.front().items.front().value, "132");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_access_url_comes_with_its_picture, Rig, rigs) {
  Rig rig;
  const url_question q{new_id(), url_purpose::home_visit, url_format::png, false};
  const auto url = told<access_url>([&](auto done) { rig.port().obtain_url(q, wait_ms, done); });
  BOOST_REQUIRE_EQUAL(code_of(url), "no error");
  BOOST_CHECK(url->url.starts_with("https://"));
  BOOST_CHECK(url->image.size() > 8 && url->image[1] == 'P');
}
