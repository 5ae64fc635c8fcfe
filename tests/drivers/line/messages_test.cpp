// Every message both ways: what is written reads back, and what is read and written again has lost no element.
#include "tests/test.hpp"

#include "drivers/line/xml_messages.hpp"
#include "tests/drivers/line/support.hpp"
#include "tests/drivers/line/support_rigs.hpp"

#include <pugixml.hpp>

#include <fstream>
#include <iterator>
#include <set>

using namespace line_test;
namespace wire = drivers::line::wire;

namespace {

const facts& names() { return *facts::usual(); }

/// tests/drivers/line/messages holds, for each message, a document with every element of it and strangers everywhere.
std::string document(const std::string& name) {
  std::ifstream from(std::filesystem::path(UKETSUKE_SOURCE_DIR) / "tests/drivers/line/messages" / (name + ".xml"));
  return {std::istreambuf_iterator<char>(from), {}};
}

void collect(const pugi::xml_node& of, const std::string& path, std::multiset<std::string>& into) {
  for (const auto child : of.children()) {
    if (child.type() != pugi::node_element) continue;
    const auto here = path + '/' + child.name();
    const bool leaf = !child.first_child() || child.first_child().type() != pugi::node_element;
    into.insert(here + (leaf ? std::string("=") + child.text().get() : ""));
    collect(child, here, into);
  }
}
std::multiset<std::string> elements(const std::string& xml) {
  pugi::xml_document tree;
  BOOST_REQUIRE(tree.load_buffer(xml.data(), xml.size(), pugi::parse_default | pugi::parse_ws_pcdata_single));
  std::multiset<std::string> all;
  collect(tree, "", all);
  return all;
}

template <class M> void goes_both_ways(const std::string& name) {
  BOOST_TEST_CONTEXT(name) {
    const auto given = document(name);
    BOOST_REQUIRE(!given.empty());
    const auto read = read_message<M>(given, names());
    BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error().args.front()));
    const auto written = write_message(*read, names());
    BOOST_TEST(elements(written) == elements(given), boost::test_tools::per_element());
    const auto again = read_message<M>(written, names());
    BOOST_REQUIRE(again);
    BOOST_CHECK(*again == *read);
    // every element of ours is known: only the strangers are kept unread
    for (std::size_t at = written.find("<Unheard>"); at != std::string::npos; at = written.find("<Unheard>", at + 1))
      BOOST_CHECK(written.substr(at, 14) == "<Unheard><Of>\n" || written.substr(at, 13) == "<Unheard><Of>");
  }
}

std::string confirmation_with(const std::string& header, const std::string& body) {
  return "<XmlMsg><MessageHeader>" + header + "</MessageHeader><MessageBody>" + body + "</MessageBody></XmlMsg>";
}

} // namespace

BOOST_AUTO_TEST_CASE(each_message_goes_both_ways_and_loses_no_element) {
  goes_both_ways<wire::question>("question");
  goes_both_ways<wire::confirmation>("confirmation");
  goes_both_ways<wire::bulk_result<wire::confirmed_unit>>("confirmed");
  goes_both_ways<wire::registration_request>("registration_request");
  goes_both_ways<wire::registration_result>("registration_result");
  goes_both_ways<wire::bulk_result<wire::registered_unit>>("registered");
  goes_both_ways<wire::acceptance>("acceptance");
  goes_both_ways<wire::collection>("collection");
  goes_both_ways<wire::url_request>("url_request");
  goes_both_ways<wire::url_result>("url_result");
  goes_both_ways<wire::records_request>("records_request");
  goes_both_ways<wire::drug_history>("drug_history");
  goes_both_ways<wire::checkup_history>("checkup_history");
}

BOOST_AUTO_TEST_CASE(an_empty_element_is_kept_and_reads_as_absent) {
  const auto xml = confirmation_with("<MedicalInstitutionCode>1</MedicalInstitutionCode><ErrorCode></ErrorCode>", "");
  const auto read = read_message<wire::confirmation>(xml, names());
  BOOST_REQUIRE(read);
  BOOST_CHECK_EQUAL(read->header.error_code, "");
  BOOST_CHECK(write_message(*read, names()).find("<ErrorCode") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_unknown_code_is_kept_as_it_came) {
  const auto read = read_message<wire::confirmation>(
      confirmation_with("", "<ProcessingResultStatus>9</ProcessingResultStatus>"), names());
  BOOST_REQUIRE(read);
  BOOST_CHECK(!read->status.known());
  BOOST_CHECK_EQUAL(read->status.text, "9");
  BOOST_CHECK(write_message(*read, names()).find(">9<") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_dtd_an_entity_and_another_root_are_refused) {
  const auto why = [](const std::string& xml) {
    const auto read = read_message<wire::confirmation>(xml, names());
    return read ? std::string("read") : read.error().args.front();
  };
  const auto body = confirmation_with("", "");
  BOOST_CHECK_EQUAL(why("<!DOCTYPE XmlMsg [<!ENTITY a \"b\">]>" + body), "a DOCTYPE");
  BOOST_CHECK_EQUAL(why("<!DOCTYPE XmlMsg SYSTEM \"file:///etc/passwd\">" + body), "a DOCTYPE");
  BOOST_CHECK_EQUAL(why("<Other/>"), "the root is not XmlMsg");
  BOOST_CHECK(why(body.substr(0, 40)).starts_with("not well-formed"));
  BOOST_CHECK(why(std::string(names().message_bytes_max + 1, ' ')).starts_with("larger than"));
  const auto entity = read_message<wire::confirmation>(
      confirmation_with("", "<ProcessingResultMessage>&a;</ProcessingResultMessage>"), names());
  BOOST_CHECK_EQUAL(entity->message, "&a;"); // not expanded
}

BOOST_AUTO_TEST_CASE(a_changed_limit_class_is_told_by_its_flag_and_an_unstated_one_is_not_called_unchanged) {
  const auto flag = [](const std::string& element) {
    const auto read = read_message<wire::confirmation>(
        confirmation_with("", "<ResultList><ResultOfQualificationConfirmation>" + element +
                                  "</ResultOfQualificationConfirmation></ResultList>"),
        names());
    BOOST_REQUIRE(read);
    return read->insurances.front().changed;
  };
  const auto element = [](const std::string& value) {
    return "<LimitApplicationCertificateChanged>" + value + "</LimitApplicationCertificateChanged>";
  };
  BOOST_CHECK(flag(element("1")).is(limit_changed::changed_or_unknown));
  BOOST_CHECK(flag(element("0")).is(limit_changed::unchanged));
  BOOST_CHECK(!flag("").stated());
  BOOST_CHECK(flag(element("5")).stated() && !flag(element("5")).known());
}

BOOST_AUTO_TEST_CASE(each_reason_of_an_expired_consent_is_told_apart) {
  const std::pair<const char*, expiry_reason> reasons[] = {{"0", expiry_reason::period_over},
                                                           {"1", expiry_reason::cancelled_by_institution},
                                                           {"2", expiry_reason::cancelled_by_patient},
                                                           {"3", expiry_reason::purpose_changed}};
  for (const auto& [value, reason] : reasons) {
    const auto read = read_message<wire::confirmation>(
        confirmation_with("", "<ResultList><ResultOfQualificationConfirmation><PharmacistsInfoConsFlg>2"
                              "</PharmacistsInfoConsFlg><PharmacistsInfoConsExpirationReason>" +
                                  std::string(value) +
                                  "</PharmacistsInfoConsExpirationReason></ResultOfQualificationConfirmation>"
                                  "</ResultList>"),
        names());
    BOOST_REQUIRE(read);
    const auto& drugs = read->insurances.front().drugs;
    BOOST_CHECK_EQUAL(drugs.flag.text, "2");
    BOOST_CHECK(drugs.reason.is(reason));
  }
}

BOOST_AUTO_TEST_CASE(the_declaration_is_believed_before_the_field) {
  const std::string shift_jis = "\x8c\xa9\x96\x7b"; // 見本
  const auto body = [](const std::string& name, const std::string& field) {
    return confirmation_with("<CharacterCodeIdentifier>" + field + "</CharacterCodeIdentifier>",
                             "<ProcessingResultMessage>" + name + "</ProcessingResultMessage>");
  };
  const auto message = [](const std::string& xml) {
    const auto read = read_message<wire::confirmation>(xml, names());
    return read ? read->message : read.error().args.front();
  };
  const std::string utf8 = R"(<?xml version="1.0" encoding="UTF-8"?>)",
                    sjis = R"(<?xml version="1.0" encoding="Shift_JIS"?>)";
  BOOST_CHECK_EQUAL(message(utf8 + body("見本", "1")), "見本"); // they disagree
  BOOST_CHECK_EQUAL(message(sjis + body(shift_jis, "0")), "見本");
  BOOST_CHECK_EQUAL(message(body(shift_jis, "1")), "見本"); // no declaration
  BOOST_CHECK_EQUAL(message(body("\xc3\xb1", "1")), "ﾃｱ");  // bytes that would be UTF-8, too
  BOOST_CHECK_EQUAL(message(body("見本", "0")), "見本");
  BOOST_CHECK(message(utf8 + body("\x8c\xa9", "0")).starts_with("neither UTF-8"));
}

BOOST_AUTO_TEST_CASE(another_name_of_an_element_is_read_and_a_configured_one_written) {
  auto changed = names();
  changed.written["Name"] = "ShimeiTag";
  changed.read["ShimeiTag"] = "Name";
  const auto xml = confirmation_with("", "<ResultList><ResultOfQualificationConfirmation>"
                                         "<BeneficiaryNumber>77</BeneficiaryNumber><ShimeiTag>見本</ShimeiTag>"
                                         "</ResultOfQualificationConfirmation></ResultList>");
  const auto read = read_message<wire::confirmation>(xml, changed);
  BOOST_REQUIRE(read);
  BOOST_CHECK_EQUAL(read->insurances.front().number, "77");
  BOOST_CHECK_EQUAL(read->insurances.front().name, "見本");
  BOOST_CHECK(write_message(*read, changed).find("<ShimeiTag>") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(every_code_of_the_tables_has_its_words_and_a_person_who_has_it) {
  const auto persons =
      insured_persons::load(std::filesystem::path(UKETSUKE_SOURCE_DIR) / "tools/simulated/insured_persons.json");
  BOOST_REQUIRE(persons);
  std::map<std::string, std::set<std::string>> found;
  const auto note = [&]<class E>(const code<E>& c) {
    if (!c.stated()) return;
    found[std::string(code_table<E>::name)].insert(c.text);
    BOOST_TEST(!names().text_of(code_table<E>::name, c.text).empty(), code_table<E>::name << ' ' << c.text);
  };
  for (const auto& person : persons->all()) {
    found["OQSCD006"].insert(std::to_string(static_cast<int>(person.judged)));
    if (!person.expired_reason.empty()) found["OQSCD031"].insert(person.expired_reason);
    for (const auto& one : person.insurances) {
      const auto& i = one.full;
      note(i.card_class), note(i.relation), note(i.sex), note(i.sex_2), note(i.preschool), note(i.loss_reason);
      note(i.changed);
      if (i.limit) note(i.limit->kind), note(i.limit->category);
      for (const auto& d : i.diseases)
        note(d.category);
      for (const auto& t : i.tickets) {
        note(t.kind), note(t.designated), note(t.treatment), note(t.use), note(t.social_insurance);
        note(t.consistency), note(t.infection);
      }
      for (const auto* c : {&i.disease_names, &i.contraindications, &i.tests, &i.infections})
        note(c->flag);
    }
  }
  for (const auto* table :
       {"OQSCD006", "OQSCD007", "OQSCD008", "OQSCD009", "OQSCD010", "OQSCD011", "OQSCD012", "OQSCD013", "OQSCD014",
        "OQSCD015", "OQSCD016", "OQSCD018", "OQSCD019", "OQSCD020", "OQSCD021", "OQSCD022", "OQSCD026", "OQSCD031"})
    for (const auto& [value, text] : names().codes.at(table))
      BOOST_TEST(found[table].contains(value), table << ' ' << value << ' ' << text << " is nobody's");
}
