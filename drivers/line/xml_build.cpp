// Values to XML.
#include "drivers/line/xml.hpp"

#include "drivers/line/profile.hpp"
#include "drivers/line/text.hpp"
#include "drivers/line/xml_names.hpp"

#include <pugixml.hpp>

#include <algorithm>

namespace drivers::line {
namespace {

using messages::error_code;
using messages::failure;
using messages::result;

struct text_writer final : pugi::xml_writer {
  std::string text;
  void write(const void* data, std::size_t size) override { text.append(static_cast<const char*>(data), size); }
};

void add(pugi::xml_node to, const char* name, const std::string& value) {
  to.append_child(name).append_child(pugi::node_pcdata).set_value(value.c_str());
}
void add_if(pugi::xml_node to, const char* name, const std::string& value) {
  if (!value.empty()) add(to, name, value);
}

/// XmlMsg with its two children; header elements that are empty are left out.
struct document {
  pugi::xml_document tree;
  pugi::xml_node header, body;

  explicit document(const message_header& h) {
    auto declaration = tree.append_child(pugi::node_declaration);
    declaration.append_attribute("version") = "1.0";
    declaration.append_attribute("encoding") = "UTF-8";
    declaration.append_attribute("standalone") = "no";
    auto root = tree.append_child("XmlMsg");
    header = root.append_child("MessageHeader");
    body = root.append_child("MessageBody");
    add_if(header, "ProcessExecutionTime", h.executed_at);
    add_if(header, "QualificationConfirmationDate", h.confirmed_on);
    add_if(header, "MedicalInstitutionCode", h.institution);
    add_if(header, "ArbitraryFileIdentifier", h.identifier);
    add_if(header, "ReferenceClassification", h.reference_class);
    if (h.segment != 0) add(header, "SegmentOfResult", std::to_string(h.segment));
    add_if(header, "ErrorCode", h.error_code);
    add_if(header, "ErrorMessage", h.error_message);
    if (h.segment != 0) add(header, "CharacterCodeIdentifier", "0"); // answers only: 0 is UTF-8 (OQSCD005)
  }

  std::string text() const {
    text_writer writer;
    tree.save(writer, "  ", pugi::format_indent, pugi::encoding_utf8);
    return std::move(writer.text);
  }
};

/// Why @p value cannot stand in the field @p name; the sentence never holds the value.
result<void> check(const char* name, const std::string& value, std::size_t length_max, bool required) {
  if (required && value.empty()) return failure(error_code::missing_value, name);
  if (!is_utf8(value)) return failure(error_code::wrong_value, name, "not UTF-8");
  if (std::any_of(value.begin(), value.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
    return failure(error_code::wrong_value, name, "control characters");
  if (length_of(value) > length_max)
    return failure(error_code::wrong_value, name, "longer than " + std::to_string(length_max));
  return {};
}

result<void> check_date(const char* name, const std::string& value) {
  if (value.size() != 8 || value.find_first_not_of("0123456789") != std::string::npos)
    return failure(error_code::wrong_value, name, "not yyyyMMdd");
  return {};
}

result<void> check_person(const messages::insured_number& person) {
  auto checked = check("insurer", person.insurer, 8, true);
  if (checked) checked = check("symbol", person.symbol, 20, false);
  if (checked) checked = check("number", person.number, 20, true);
  if (checked) checked = check("branch", person.branch, 2, false);
  return checked;
}

void add_person(pugi::xml_node to, const messages::insured_number& person) {
  const auto missing = 8 - std::min<std::size_t>(8, length_of(person.insurer));
  add(to, "InsurerNumber", std::string(missing, ' ') + person.insurer); // left-padded with spaces
  add_if(to, "InsuredCardSymbol", person.symbol);
  add(to, "InsuredIdentificationNumber", person.number);
  add_if(to, "InsuredBranchNumber", person.branch);
}

std::string care_code(messages::care kind) {
  return std::to_string(static_cast<int>(kind) + 1);
} // OQSCD028 counts from 1

const char* consent_code(messages::choice c) { return c == messages::choice::given ? "1" : "0"; }

void add_consent(pugi::xml_node to, const names::consent& triple, const messages::consent_flag& flag, bool stated) {
  if (!stated) return;
  const std::string prefix = triple.prefix;
  add(to, (prefix + "ConsFlg").c_str(), std::to_string(flag.flag));
  add_if(to, (prefix + "ConsTime").c_str(), flag.consented);
  add_if(to, (prefix + "AvailableTime").c_str(), flag.available_until);
}

void add_limit(pugi::xml_node to, const messages::insurance& one, const insurance_details& more) {
  if (one.limit_class.empty() && one.limit_flag.empty()) return;
  auto group = to.append_child(names::limit_group);
  add_if(group, names::limit_class, one.limit_class);
  add_if(group, names::limit_flag, one.limit_flag);
  add_if(group, "LimitApplicationCertificateValidStartDate", more.limit_from);
  add_if(group, "LimitApplicationCertificateValidEndDate", more.limit_to);
}

void add_disease(pugi::xml_node to, const insurance_details& more) {
  if (more.disease.empty()) return;
  auto group = to.append_child("SpecificDiseasesCertificateList").append_child("SpecificDiseasesCertificateInfo");
  add(group, "SpecificDiseasesDiseaseCategory", more.disease);
  add_if(group, "SpecificDiseasesCertificateDate", more.disease_from);
  add_if(group, "SpecificDiseasesValidStartDate", more.disease_from);
  add_if(group, "SpecificDiseasesSelfPay", more.disease_self_pay);
}

void add_ticket(pugi::xml_node to, const insurance_details& more) {
  if (more.ticket.empty()) return;
  auto group = to.append_child("PublicExpenseResultList").append_child("MedicalTicketInfo");
  for (const auto& [name, value] : more.ticket)
    add(group, name.c_str(), value);
}

/// Whether the answer says anything about this consent: a document's question opens no viewing and states none.
bool stated(const messages::eligibility_answer& answered, const names::consent& triple) {
  return (answered.*triple.flag).flag >= 0;
}

message_header request_header(std::string_view institution, const messages::id& question) {
  message_header header;
  header.institution = institution;
  if (!question.empty()) header.identifier = question.text();
  return header;
}

} // namespace

std::string build_challenge_request(std::string_view institution) {
  document d{request_header(institution, {})};
  d.body.append_child(profile::challenge_request_element);
  return d.text();
}

result<std::string> build_card_question(std::string_view institution, const card_question& question) {
  if (question.question.empty()) return failure(error_code::missing_value, "question");
  if (auto ok = check("challenge_id", question.challenge_id, 64, true); !ok) return failure(ok.error());
  const auto& certificate = question.certificate.reveal();
  if (certificate.empty() || certificate.size() > 8192)
    return failure(error_code::wrong_value, "certificate", "its size");
  using messages::identity_method;
  const bool signed_by_card = !question.signature.empty();
  const bool fits = question.method == identity_method::face || // by a terminal that lets the card sign, or by its word
                    signed_by_card == (question.method == identity_method::pin);
  if (!fits || question.signature.size() > 1024)
    return failure(error_code::wrong_value, "signature", "its size");
  document d{request_header(institution, question.question)};
  auto info = d.body.append_child(profile::card_question_element);
  add(info, profile::challenge_id_element, question.challenge_id);
  add(info, profile::certificate_element, to_base64(certificate));
  if (signed_by_card)
    add(info, profile::signature_element, to_base64(question.signature));
  else
    add(info, profile::vouched_element, std::string{messages::name(question.method)});
  add(info, names::care_kind, care_code(question.kind));
  for (const auto& triple : names::consents)
    add(info, (std::string(triple.prefix) + "ConsFlg").c_str(), consent_code(question.choices.*triple.choice));
  return d.text();
}

result<std::string> build_typed_question(std::string_view institution, const typed_question& question) {
  if (question.question.empty()) return failure(error_code::missing_value, "question");
  const auto& person = question.person.reveal();
  auto checked = check_person(person);
  if (checked) checked = check_date("birth_date", person.birth_date);
  if (checked) checked = check_date("confirmed_on", question.confirmed_on);
  if (!checked) return failure(checked.error());
  auto header = request_header(institution, question.question);
  header.confirmed_on = question.confirmed_on;
  document d{header};
  auto info = d.body.append_child(names::search_info);
  add_person(info, person);
  add(info, "Birthdate", person.birth_date);
  add(info, names::limit_consent, consent_code(question.limit));
  add(info, names::care_kind, care_code(question.kind));
  return d.text();
}

result<std::string> build_registration(std::string_view institution, const reference_registration& registration) {
  if (registration.question.empty()) return failure(error_code::missing_value, "question");
  auto checked = check_person(registration.person.reveal());
  if (checked) checked = check("reference_number", registration.number.reveal(), 50, true);
  if (!checked) return failure(checked.error());
  document d{request_header(institution, registration.question)};
  auto info = d.body.append_child(names::registration_info);
  add(info, "ReferenceNumber", registration.number.reveal());
  add_person(info, registration.person.reveal());
  return d.text();
}

std::string build_challenge(const message_header& header, const challenge& issued) {
  document d{header};
  auto info = d.body.append_child(profile::challenge_element);
  add(info, profile::challenge_id_element, issued.id);
  add(info, profile::challenge_value_element, to_base64(issued.value));
  add(info, profile::challenge_valid_element, std::to_string(issued.valid_ms));
  return d.text();
}

std::string build_answer(const message_header& header, const messages::eligibility_answer& answered,
                         const std::vector<insurance_details>& details) {
  document d{header};
  add(d.body, "ProcessingResultStatus", std::to_string(answered.status));
  add_if(d.body, "ProcessingResultCode", answered.code);
  add_if(d.body, "ProcessingResultMessage", answered.message.reveal());
  if (answered.judged != messages::validity::none)
    add(d.body, "QualificationValidity", std::to_string(static_cast<int>(answered.judged)));
  const auto& insurances = answered.insurances.reveal();
  if (insurances.empty()) return d.text();
  auto list = d.body.append_child("ResultList");
  for (std::size_t n = 0; n < insurances.size(); ++n) {
    auto block = list.append_child("ResultOfQualificationConfirmation");
    const auto& more = n < details.size() ? details[n] : insurance_details{};
    for (const auto& [element, member] : names::insurance_texts)
      add_if(block, element, insurances[n].*member);
    add_if(block, "ReasonOfLoss", more.loss_reason);
    if (n == 0) // the consents are the person's, stated with the insurance
      for (const auto& triple : names::consents)
        add_consent(block, triple, answered.*triple.flag, stated(answered, triple));
    add_limit(block, insurances[n], more);
    add_disease(block, more);
    add_ticket(block, more);
  }
  return d.text();
}

std::string build_registration_answer(const message_header& header, const reference_registration& registration,
                                      const registration_answer& answered) {
  document d{header};
  auto info = d.body.append_child(names::registration_info);
  add(info, "ReferenceNumber", registration.number.reveal());
  add_person(info, registration.person.reveal());
  add(d.body, "ProcessingResultStatus", std::to_string(answered.status));
  add_if(d.body, "ProcessingResultCode", answered.code);
  add_if(d.body, "ProcessingResultMessage", answered.message);
  return d.text();
}

std::string build_refusal(const message_header& header) { return document{header}.text(); }

} // namespace drivers::line
