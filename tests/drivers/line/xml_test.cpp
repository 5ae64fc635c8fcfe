// The messages as XML: what is written reads back, the reference's examples are understood, hostile bytes are refused.
#include "tests/test.hpp"

#include "drivers/line/exchange.hpp"
#include "drivers/line/profile.hpp"
#include "drivers/line/xml.hpp"
#include "drivers/line/xml_messages.hpp"
#include "tests/drivers/line/support.hpp"
#include "tests/drivers/line/support_examples.hpp"

using namespace line_test;
using messages::choice;
using messages::validity;

namespace {

const expectation anybody{};

template <class T> std::string why(const messages::result<T>& r) {
  return r ? "read" : r.error().code == messages::error_code::line_unreadable ? r.error().args.at(0) : code_of(r);
}

/// As the line reads a result, before it is judged.
struct read_back {
  wire::header header;
  messages::eligibility_answer body;
};
messages::result<read_back> read_answer(std::string_view octets, std::string of = {}, std::string identifier = {}) {
  auto full = read_message<wire::confirmation>(octets, *facts::usual(), {std::move(of), std::move(identifier), {}});
  if (!full) return messages::failure(full.error());
  return read_back{full->header, to_answer(*full)};
}
auto read_registration(std::string_view octets, std::string identifier) {
  return read_message<wire::registration_result>(octets, *facts::usual(), {institution, std::move(identifier), {}});
}
auto checked(const std::string& octets) { return to_checked_answer(octets, *facts::usual(), {}); }

message_header header() {
  message_header h;
  h.institution = institution;
  h.identifier = new_id().text();
  h.confirmed_on = "20261122";
  h.executed_at = "20261122091500";
  h.reference_class = "1";
  h.segment = 1;
  return h;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  BOOST_REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

} // namespace

BOOST_AUTO_TEST_CASE(without_a_signature_the_question_says_how_its_asker_knows_and_never_both) {
  card_question q;
  q.question = new_id();
  q.challenge_id = "c-1";
  q.certificate = messages::personal{messages::bytes{0, 1}};
  BOOST_CHECK(!build_card_question(institution, q)); // a PIN comes with a signature
  for (const auto method : {messages::identity_method::visual, messages::identity_method::face}) {
    q.method = method;
    const auto text = build_card_question(institution, q).value();
    const auto read = parse_card_question(text);
    BOOST_REQUIRE_EQUAL(why(read), "read");
    BOOST_CHECK(read->body.method == method);
    BOOST_CHECK(read->body.signature.empty());
    BOOST_CHECK(!parse_card_question(replaced(text, std::string{messages::name(method)}, "pin")));
  }
  q.signature = {9};
  BOOST_CHECK(build_card_question(institution, q)); // a terminal that compared the face lets the card sign
  q.method = messages::identity_method::visual;
  BOOST_CHECK(!build_card_question(institution, q)); // nobody asks the card where staff looked at the photo
}

BOOST_AUTO_TEST_CASE(a_card_question_reads_back_as_it_was_written) {
  card_question q;
  q.question = new_id();
  q.challenge_id = "c-1";
  q.certificate = messages::personal{messages::bytes{0, 1, 2, 0xff}};
  q.signature = {9, 8, 7};
  q.choices = {choice::given, choice::refused, choice::given, choice::refused, choice::given, choice::refused};
  for (const auto kind :
       {messages::care::outpatient, messages::care::home_visit, messages::care::online, messages::care::emergency}) {
    q.kind = kind;
    const auto read = parse_card_question(build_card_question(institution, q).value());
    BOOST_REQUIRE_EQUAL(why(read), "read");
    BOOST_CHECK_EQUAL(read->header.institution, institution);
    BOOST_CHECK(read->body.question == q.question);
    BOOST_CHECK_EQUAL(read->body.challenge_id, q.challenge_id);
    BOOST_CHECK(read->body.certificate == q.certificate);
    BOOST_CHECK(read->body.signature == q.signature);
    BOOST_CHECK(read->body.choices == q.choices);
    BOOST_CHECK(read->body.kind == q.kind);
  }
}

BOOST_AUTO_TEST_CASE(a_typed_question_reads_back_and_its_insurer_is_padded) {
  auto q = typed({"123456", "見<&>本", "3456", "02", "19840229"}, choice::refused);
  const auto read = parse_typed_question(build_typed_question(institution, q).value());
  BOOST_REQUIRE_EQUAL(why(read), "read");
  BOOST_CHECK_EQUAL(read->body.person.reveal().insurer, "  123456");
  BOOST_CHECK_EQUAL(read->body.person.reveal().symbol, "見<&>本");
  BOOST_CHECK(read->body.limit == choice::refused);
  BOOST_CHECK_EQUAL(read->body.confirmed_on, "20261122");
}

BOOST_AUTO_TEST_CASE(a_registration_and_its_answer_read_back) {
  const reference_registration r{new_id(),
                                 messages::personal{messages::insured_number{"  999901", "12", "3456", "02", ""}},
                                 messages::personal<std::string>{"0005678"}};
  const auto asked = parse_registration(build_registration(institution, r).value());
  BOOST_REQUIRE_EQUAL(why(asked), "read");
  BOOST_CHECK(asked->body.person == r.person);
  BOOST_CHECK(asked->body.number == r.number);
  const auto h = header();
  const auto answered = read_registration(build_registration_answer(h, r, {2, "X1", "（見本）だめ"}), h.identifier);
  BOOST_REQUIRE_EQUAL(why(answered), "read");
  BOOST_CHECK(answered->status.is(person_status::error));
  BOOST_CHECK_EQUAL(answered->message, "（見本）だめ");
}

BOOST_AUTO_TEST_CASE(a_challenge_reads_back) {
  const challenge given{"abc", messages::bytes(32, 5), 600000};
  const auto read = parse_challenge(build_challenge(header(), given), anybody);
  BOOST_REQUIRE_EQUAL(why(read), "read");
  BOOST_CHECK_EQUAL(read->body.id, "abc");
  BOOST_CHECK(read->body.value == given.value);
  BOOST_CHECK_EQUAL(read->body.valid_ms, 600000u);
  BOOST_CHECK_NE(why(parse_challenge(build_challenge(header(), {"abc", messages::bytes(8), 1}), anybody)), "read");
}

BOOST_AUTO_TEST_CASE(an_answer_reads_back_field_by_field) {
  messages::eligibility_answer a;
  a.segment = 1;
  a.status = 1;
  a.code = "C";
  a.message = messages::personal<std::string>{"注意 <&>"};
  a.judged = validity::valid_unregistered;
  a.confirmed_on = "20261122";
  a.drugs = {1, "20261122084155", "20261123084155"};
  a.limit = {1, "20261122084155", ""};
  messages::insurance one;
  int n = 0;
  messages::for_each_field(one, [&](std::string_view name, std::string& value) {
    value = std::string(name) + " " + std::to_string(++n) + " ●";
  });
  messages::insurance two;
  two.card_class = "A1";
  two.name = "架空　次郎";
  a.insurances = messages::personal{std::vector{one, two}};
  const auto h = header();
  const auto read = read_answer(build_answer(h, a, {}), institution, h.identifier);
  BOOST_REQUIRE_EQUAL(why(read), "read");
  BOOST_CHECK(read->body == a);
}

BOOST_AUTO_TEST_CASE(the_check_in_example_of_the_reference_is_understood) {
  const auto read = read_answer(examples::check_in, institution, "QmFzZTY0U2FtcGxlMQ==");
  BOOST_REQUIRE_EQUAL(why(read), "read");
  const auto& a = read->body;
  BOOST_CHECK(a.judged == validity::valid);
  BOOST_CHECK(read->header.reference.is(reference_class::my_number_card));
  BOOST_REQUIRE_EQUAL(a.insurances.reveal().size(), 1u);
  const auto& one = a.insurances.reveal().front();
  BOOST_CHECK_EQUAL(one.name, "見本　花●");
  BOOST_CHECK_EQUAL(one.name_kana, "ﾐﾎﾝ ﾊﾅｺ");
  BOOST_CHECK_EQUAL(one.burden_ratio, "020");
  BOOST_CHECK_EQUAL(one.limit_flag, "B09");
  BOOST_CHECK_EQUAL(one.reference_number, "0001234");
  BOOST_CHECK_EQUAL(one.branch, "");
  BOOST_CHECK((a.drugs == messages::consent_flag{1, "20261122084155", "20261123084155"}));
  BOOST_CHECK((a.specified_disease == messages::consent_flag{1, "20261122084155", ""}));
  BOOST_CHECK(a.surgery == messages::consent_flag{});
}

BOOST_AUTO_TEST_CASE(the_failure_example_keeps_its_three_layers_apart) {
  const auto read = read_answer(examples::failure, institution, "20261122091503412-k01a77f2");
  BOOST_REQUIRE_EQUAL(why(read), "read");
  BOOST_CHECK_EQUAL(read->body.segment, 9);
  BOOST_CHECK_EQUAL(read->header.error_code, "XXXXXXX0000000");
  BOOST_CHECK_EQUAL(read->body.status, 2);
  BOOST_CHECK_EQUAL(read->body.message.reveal(), "（見本）該当する資格がありません。");
  BOOST_CHECK(read->body.judged == validity::no_match);
  BOOST_CHECK(read->body.insurances.reveal().empty());
}

BOOST_AUTO_TEST_CASE(a_medical_assistance_block_beside_an_insurance_is_a_second_insurance) {
  const auto with_ticket = replaced(examples::check_in, "</ResultList>", examples::assistance_block + "</ResultList>");
  const auto read = read_answer(with_ticket);
  BOOST_REQUIRE_EQUAL(why(read), "read");
  BOOST_REQUIRE_EQUAL(read->body.insurances.reveal().size(), 2u);
  BOOST_CHECK_EQUAL(read->body.insurances.reveal()[1].card_class, "A1");
  BOOST_CHECK_EQUAL(read->body.drugs.flag, 1); // the first block's
}

BOOST_AUTO_TEST_CASE(the_registration_example_is_understood_in_any_order) {
  const auto read = read_registration(examples::registration, "20261122091700555-9c1e44d0");
  BOOST_REQUIRE_EQUAL(why(read), "read");
  BOOST_CHECK(read->status.is(person_status::normal));
}

BOOST_AUTO_TEST_CASE(shift_jis_is_read_by_its_declaration) {
  // 見本 in CP932, and a half-width ﾐ
  const std::string text = "<?xml version='1.0' encoding='Shift_JIS' standalone='no'?><XmlMsg><MessageHeader>"
                           "<SegmentOfResult>1</SegmentOfResult><CharacterCodeIdentifier>0</CharacterCodeIdentifier>"
                           "</MessageHeader><MessageBody><ResultList><ResultOfQualificationConfirmation>"
                           "<Name>\x8c\xa9\x96\x7b\xd0</Name></ResultOfQualificationConfirmation></ResultList>"
                           "</MessageBody></XmlMsg>";
  const auto read = read_answer(text);
  BOOST_REQUIRE_EQUAL(why(read), "read");
  BOOST_CHECK_EQUAL(read->body.insurances.reveal().front().name, "見本ﾐ");
  BOOST_CHECK_NE(why(read_answer(replaced(text, "Shift_JIS", "UTF-8"))), "read");
  BOOST_CHECK_EQUAL(why(read_answer(replaced(text, " encoding='Shift_JIS'", ""))), "read");
}

BOOST_AUTO_TEST_CASE(another_institution_another_question_and_another_root_are_refused) {
  const std::string id = "QmFzZTY0U2FtcGxlMQ==";
  BOOST_CHECK_EQUAL(why(read_answer(examples::check_in, "1319999998", id)),
                    "MedicalInstitutionCode is another institution's");
  BOOST_CHECK_EQUAL(why(read_answer(examples::check_in, institution, "x")),
                    "ArbitraryFileIdentifier is another question's");
  const auto unnamed =
      replaced(examples::check_in, "<ArbitraryFileIdentifier>" + id + "</ArbitraryFileIdentifier>", "");
  BOOST_CHECK_EQUAL(why(read_answer(unnamed, institution, id)), "ArbitraryFileIdentifier is another question's");
  BOOST_CHECK_EQUAL(why(read_answer(unnamed, institution, "")), "read");
  BOOST_CHECK_EQUAL(why(read_answer("<Other/>")), "the root is not XmlMsg");
  BOOST_CHECK_EQUAL(why(read_answer("<XmlMsg/>")), "no MessageHeader");
  BOOST_CHECK_EQUAL(why(read_answer("<XmlMsg><MessageHeader/></XmlMsg>")), "no MessageBody");
}

BOOST_AUTO_TEST_CASE(unknown_elements_and_values_of_later_versions_do_no_harm) {
  auto text = replaced(examples::check_in, "<MessageBody>", "<MessageBody><New><Deep>1</Deep></New>");
  BOOST_CHECK_EQUAL(why(read_answer(text)), "read");
  text = replaced(examples::check_in, "<QualificationValidity>1<", "<QualificationValidity>7<");
  BOOST_CHECK(read_answer(text).value().body.judged == validity::none);
}

BOOST_AUTO_TEST_CASE(doubled_elements_are_refused_because_nobody_may_choose) {
  const std::string pair = "<QualificationValidity>1</QualificationValidity>";
  BOOST_CHECK_EQUAL(why(read_answer(replaced(examples::check_in, pair, pair + pair))),
                    "doubled QualificationValidity");
  const std::string code = "<MedicalInstitutionCode>1319999999</MedicalInstitutionCode>";
  BOOST_CHECK_EQUAL(why(read_answer(replaced(examples::check_in, code, code + code))),
                    "doubled MedicalInstitutionCode");
  const std::string flag = "<PharmacistsInfoConsFlg>1</PharmacistsInfoConsFlg>";
  BOOST_CHECK_EQUAL(why(read_answer(replaced(examples::check_in, flag, flag + flag))),
                    "doubled PharmacistsInfoConsFlg");
}

BOOST_AUTO_TEST_CASE(a_doctype_is_refused_with_or_without_a_bomb_in_it) {
  const std::string bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]>";
  for (const auto& doctype : {bomb, std::string("<!DOCTYPE XmlMsg SYSTEM \"file:///etc/passwd\">")}) {
    BOOST_CHECK_EQUAL(why(read_answer(doctype + "<XmlMsg><MessageHeader/><MessageBody/></XmlMsg>")),
                      "a DOCTYPE");
    BOOST_CHECK_EQUAL(why(parse_typed_question(doctype + "<XmlMsg><MessageHeader/><MessageBody/></XmlMsg>")),
                      "a DOCTYPE");
  }
}

BOOST_AUTO_TEST_CASE(deep_nesting_and_too_many_bytes_end_in_an_error) {
  std::string deep;
  for (int n = 0; n < 100000; ++n)
    deep += "<a>";
  BOOST_CHECK_NE(why(read_answer(deep)), "read");
  for (int n = 0; n < 100000; ++n)
    deep += "</a>";
  BOOST_CHECK_EQUAL(why(read_answer(deep)), "the root is not XmlMsg");
  const auto long_one = examples::check_in + std::string(facts::usual()->answer_bytes_max, ' ');
  BOOST_CHECK_NE(why(checked(long_one)), "read"); // it would fit into no event
  std::string many =
      "<XmlMsg><MessageHeader><SegmentOfResult>1</SegmentOfResult></MessageHeader><MessageBody><ResultList>";
  for (int n = 0; n < 21; ++n)
    many += "<ResultOfQualificationConfirmation/>";
  BOOST_CHECK_EQUAL(why(read_answer(many + "</ResultList></MessageBody></XmlMsg>")),
                    "too many ResultOfQualificationConfirmation");
}

BOOST_AUTO_TEST_CASE(no_prefix_of_a_message_is_taken_for_the_message) {
  const std::string whole = examples::check_in.substr(0, examples::check_in.rfind('>') + 1);
  BOOST_REQUIRE_EQUAL(why(read_answer(whole)), "read");
  for (std::size_t size = 0; size < whole.size(); ++size)
    BOOST_REQUIRE_NE(why(read_answer(std::string_view(whole).substr(0, size))), "read");
}

BOOST_AUTO_TEST_CASE(control_characters_and_broken_utf8_do_not_come_through) {
  const auto escape = replaced(examples::check_in, "見本　花●", "&#27;[2J&#7;x");
  const auto read = read_answer(escape);
  BOOST_REQUIRE_EQUAL(why(read), "read");
  BOOST_CHECK_EQUAL(read->body.insurances.reveal().front().name, " [2J x");
  BOOST_CHECK_NE(why(read_answer(replaced(examples::check_in, "見本　花●", "\xe3\x81"))), "read");
  BOOST_CHECK_NE(why(read_answer(replaced(examples::check_in, "見本　花●", std::string("a\0b", 3)))), "read");
  BOOST_CHECK_NE(why(read_answer("\xff\xfe<\0X\0")), "read");
}

BOOST_AUTO_TEST_CASE(numbers_that_are_none_are_refused) {
  for (const char* bad : {"-1", "1x", "9999999999", "0x1", " 1"})
    BOOST_CHECK_EQUAL(
        why(checked(replaced(examples::check_in, "<SegmentOfResult>1", std::string("<SegmentOfResult>") + bad))),
        "SegmentOfResult is none of 1, 2, 9");
}
