// The simulated centre by itself: its people, its proofs of a card, its ledger.
#include "tests/test.hpp"

#include "drivers/line/text.hpp"
#include "drivers/line/xml.hpp"
#include "drivers/line/xml_messages.hpp"
#include "tests/drivers/line/support.hpp"

#include <fstream>
#include <set>

using namespace line_test;
using messages::choice;
using messages::validity;

namespace {

wire::confirmation confirmation_in(const std::string& xml, const std::string& identifier = {}) {
  return read_message<wire::confirmation>(xml, *facts::usual(), {institution, identifier, {}}).value();
}
messages::eligibility_answer answer_in(const std::string& xml, const std::string& identifier) {
  return to_answer(confirmation_in(xml, identifier));
}

/// A centre that is spoken to directly, in XML.
struct direct {
  temporary_folder folder;
  centre_world world{folder};
  std::unique_ptr<centre> open = world.open();

  challenge give() {
    const auto reply = open->handle(path_of(function::challenge), institution, build_challenge_request(institution));
    return parse_challenge(reply.xml, {institution, ""}).value().body;
  }
  centre::reply put(const card_question& q) {
    return open->handle(path_of(function::card_question), institution, build_card_question(institution, q).value());
  }
  messages::eligibility_answer answered(const card_question& q) {
    return answer_in(put(q).xml, q.question.text());
  }
  messages::eligibility_answer answered(const typed_question& q) {
    const auto body = build_typed_question(institution, q).value();
    const auto reply = open->handle(path_of(function::eligibility), institution, body);
    return answer_in(reply.xml, q.question.text());
  }
  std::string refused(const card_question& q) {
    const auto reply = put(q);
    return confirmation_in(reply.xml).header.error_code;
  }
  void restart() {
    open.reset();
    open = world.open();
  }
  std::filesystem::path file() const { return world.options.data_folder / ledger::file_name; }
};

} // namespace

BOOST_AUTO_TEST_CASE(the_data_file_holds_a_hundred_fictional_people_of_every_validity) {
  const auto file = std::filesystem::path(UKETSUKE_SOURCE_DIR) / "tools/simulated/insured_persons.json";
  const auto people = insured_persons::load(file).value();
  BOOST_CHECK_EQUAL(people.institution(), institution);
  BOOST_CHECK_GE(people.all().size(), 100u); // and one more for each code that nobody else has
  std::set<validity> judged;
  std::set<std::string> ratios, limits;
  bool dot = false, two_blocks = false, numbered = false, disease = false;
  for (const auto& one : people.all()) {
    judged.insert(one.judged);
    dot = dot || (!one.insurances.empty() && one.insurances.front().seen.name.find("●") != std::string::npos);
    two_blocks = two_blocks || (one.insurances.size() == 2 && one.insurances[1].seen.card_class == "A1");
    numbered = numbered || !one.reference_number.empty();
    for (const auto& insurance : one.insurances) {
      BOOST_CHECK(normalised(insurance.seen.insurer).find("999") != std::string::npos); // prefecture 99 does not exist
      ratios.insert(insurance.seen.burden_ratio);
      limits.insert(insurance.seen.limit_flag);
      disease = disease || !insurance.details.disease.empty();
    }
  }
  BOOST_CHECK_EQUAL(judged.size(), 6u);
  BOOST_CHECK(dot && two_blocks && numbered && disease);
  for (const char* ratio : {"010", "020", "030"})
    BOOST_CHECK(ratios.count(ratio));
  BOOST_CHECK_GE(limits.size(), 14u);
}

BOOST_AUTO_TEST_CASE(a_damaged_data_file_is_named) {
  direct d;
  d.world.options.data_folder = d.folder / "other";
  for (const char* content : {"", "{", "[]", "{\"institution\":\"1\",\"persons\":[{\"id\":\"x\",\"validity\":9}]}",
                              "{\"institution\":1,\"persons\":[]}"}) {
    d.world.options.persons_file = d.folder / "people.json";
    std::ofstream(d.world.options.persons_file) << content;
    const auto opened = centre::open(d.world.options);
    BOOST_REQUIRE_EQUAL(code_of(opened), "malformed");
    BOOST_CHECK_EQUAL(opened.error().args.front(), d.world.options.persons_file.string());
  }
  d.world.options.persons_file = d.folder / "absent.json";
  BOOST_CHECK_EQUAL(code_of(centre::open(d.world.options)), "file_unreadable");
}

BOOST_AUTO_TEST_CASE(only_a_card_of_the_authority_is_believed) {
  direct d;
  auto question = question_of(person(1), d.give());
  question.certificate = messages::personal{cards().foreign_certificate(person(1))};
  BOOST_CHECK_EQUAL(d.refused(question), profile::wrong_certificate.code);
  question.certificate = messages::personal{cards().certificate(person(1), -100)}; // more than three months
  BOOST_CHECK_EQUAL(d.refused(question), profile::wrong_certificate.code);
  question.certificate = messages::personal{messages::bytes{0x30, 0x03, 0x02, 0x01, 0x01}};
  BOOST_CHECK_EQUAL(d.refused(question), profile::wrong_certificate.code);
  question.certificate = messages::personal{cards().certificate(person(1))};
  question.signature = cards().sign(messages::bytes(32, 1)); // of another challenge
  BOOST_CHECK_EQUAL(d.refused(question), profile::wrong_signature.code);
  question.signature = messages::bytes(3, 1);
  BOOST_CHECK_EQUAL(d.refused(question), profile::wrong_signature.code);
}

BOOST_AUTO_TEST_CASE(a_certificate_that_ended_within_three_months_is_good_for_eligibility_and_opens_nothing) {
  direct d;
  auto question = question_of(person(1), d.give(), all(choice::given));
  question.certificate = messages::personal{cards().certificate(person(1), -1)}; // ended yesterday
  const auto a = d.answered(question);
  BOOST_CHECK(a.judged == validity::valid);
  BOOST_CHECK_EQUAL(a.code, profile::certificate_ended.code);
  for (const auto* flag : {&a.surgery, &a.treatment, &a.drugs, &a.checkup})
    BOOST_CHECK_EQUAL(flag->flag, 0);
  BOOST_CHECK_EQUAL(a.limit.flag, 1);
}

BOOST_AUTO_TEST_CASE(a_certificate_that_ends_soon_is_remarked_upon_in_a_normal_answer) {
  direct d;
  auto question = question_of(person(1), d.give());
  question.certificate = messages::personal{cards().certificate(person(1), 60)};
  const auto a = d.answered(question);
  BOOST_CHECK_EQUAL(a.status, 1);
  BOOST_CHECK_EQUAL(a.code, profile::certificate_ends_soon.code);
}

BOOST_AUTO_TEST_CASE(a_card_that_nobody_insures_matches_nobody) {
  direct d;
  const auto a = d.answered(question_of("SIM999999999999", d.give()));
  BOOST_CHECK(a.judged == validity::no_match);
  BOOST_CHECK(a.insurances.reveal().empty());
}

BOOST_AUTO_TEST_CASE(a_home_visit_consent_has_no_end_in_the_answer) {
  direct d;
  const auto a = d.answered(question_of(person(1), d.give(), all(choice::given), messages::care::home_visit));
  BOOST_CHECK_EQUAL(a.drugs.flag, 1);
  BOOST_CHECK_EQUAL(a.drugs.consented, "20261122091500");
  BOOST_CHECK_EQUAL(a.drugs.available_until, "");
}

BOOST_AUTO_TEST_CASE(assistance_beside_insurance_is_a_second_block_and_the_number_stands_with_the_first) {
  direct d;
  const auto a = d.answered(question_of(person(28), d.give()));
  BOOST_REQUIRE_EQUAL(a.insurances.reveal().size(), 2u);
  BOOST_CHECK_EQUAL(a.insurances.reveal()[0].reference_number, "0005678");
  BOOST_CHECK_EQUAL(a.insurances.reveal()[1].card_class, "A1");
  BOOST_CHECK_EQUAL(a.insurances.reveal()[1].reference_number, "");
}

BOOST_AUTO_TEST_CASE(an_old_number_is_told_that_a_newer_one_exists_and_the_card_shows_the_newer) {
  direct d;
  BOOST_CHECK(d.answered(typed({"999901", "旧30", "300", "", "19680229"})).judged == validity::newer_exists);
  const auto a = d.answered(question_of(person(30), d.give()));
  BOOST_CHECK(a.judged == validity::valid);
  BOOST_REQUIRE_EQUAL(a.insurances.reveal().size(), 1u);
  BOOST_CHECK_EQUAL(a.insurances.reveal().front().insurer, "06999902");
}

BOOST_AUTO_TEST_CASE(a_family_is_told_apart_by_branch_or_birth_date) {
  direct d;
  const auto wife = d.answered(typed({"999901", "家族1", "7000", "", "19520202"}));
  BOOST_CHECK_EQUAL(wife.insurances.reveal().at(0).name, "見本　雪子");
  const auto child = d.answered(typed({"999901", "家族1", "7000", "3", "20200303"}));
  BOOST_CHECK_EQUAL(child.insurances.reveal().at(0).relation, "2");
}

BOOST_AUTO_TEST_CASE(the_specified_disease_is_told_only_with_consent) {
  direct d;
  auto with = all(choice::refused);
  with.specified_disease = choice::given;
  BOOST_CHECK(d.put(question_of(person(26), d.give(), with)).xml.find("SpecificDiseasesDiseaseCategory") !=
              std::string::npos);
  BOOST_CHECK(
      d.put(question_of(person(26), d.give(), all(choice::refused))).xml.find("SpecificDiseasesDiseaseCategory") ==
      std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_half_written_last_line_is_cut_off_and_the_rest_is_remembered) {
  direct d;
  const auto question = question_of(person(1), d.give());
  const auto before = d.put(question);
  { std::ofstream(d.file(), std::ios::app) << R"({"line":"question","institution":"13199)"; } // kill -9 in write(2)
  d.restart();
  BOOST_CHECK_EQUAL(d.put(question).xml, before.xml);
  d.restart(); // what was appended after the cut reads well
  BOOST_CHECK_EQUAL(read_ledger(d.world.options.data_folder).value().at(0).times_seen, 2u);
}

BOOST_AUTO_TEST_CASE(damage_in_the_middle_is_named_with_its_line_and_changes_nothing) {
  direct d;
  d.put(question_of(person(1), d.give()));
  d.open.reset();
  { std::ofstream(d.file(), std::ios::app) << "not json\n{\"line\":\"repeat\"}\n"; }
  const auto size = std::filesystem::file_size(d.file());
  const auto opened = centre::open(d.world.options);
  BOOST_REQUIRE_EQUAL(code_of(opened), "journal_damaged");
  BOOST_CHECK_EQUAL(opened.error().args.at(1), "line 3");
  BOOST_CHECK_EQUAL(std::filesystem::file_size(d.file()), size);
}

BOOST_AUTO_TEST_CASE(two_centres_do_not_share_a_ledger) {
  direct d;
  BOOST_CHECK_EQUAL(code_of(centre::open(d.world.options)), "database_locked");
}

BOOST_AUTO_TEST_CASE(the_ledger_shows_a_content_that_was_asked_under_two_identifiers) {
  direct d;
  const messages::insured_number who{"999901", "見本12", "3456", "02", "19840229"};
  d.answered(typed(who));
  d.answered(typed(who)); // a second identifier
  const auto ledger = read_ledger(d.world.options.data_folder).value();
  BOOST_REQUIRE_EQUAL(ledger.size(), 2u);
  BOOST_CHECK_EQUAL(ledger[0].content, ledger[1].content);
  BOOST_CHECK_NE(ledger[0].identifier, ledger[1].identifier);
  BOOST_CHECK_EQUAL(ledger[0].person, person(1));
  BOOST_CHECK_EQUAL(ledger[0].kind, "typed");
}

BOOST_AUTO_TEST_CASE(whatever_the_bytes_the_centre_answers_with_a_refusal) {
  direct d;
  const auto whole = build_card_question(institution, question_of(person(1), d.give())).value();
  for (const auto what :
       {function::challenge, function::card_question, function::eligibility, function::registration}) {
    for (std::size_t size = 0; size < whole.size(); size += 7) {
      const auto reply = d.open->handle(path_of(what), institution, whole.substr(0, size));
      BOOST_REQUIRE_EQUAL(reply.status, 400);
      BOOST_REQUIRE(confirmation_in(reply.xml).header.segment.is(segment::abnormal));
    }
  }
  BOOST_CHECK(read_ledger(d.world.options.data_folder).value().empty());
}
