// XML to values.
#include "drivers/line/xml.hpp"

#include "drivers/line/profile.hpp"
#include "drivers/line/text.hpp"
#include "drivers/line/xml_names.hpp"

#include <pugixml.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

namespace drivers::line {
namespace {

using messages::error_code;
using messages::failure;
using messages::result;

/// A message opened for reading. The first trouble is kept; what is read after it is empty.
class opened {
public:
  explicit opened(std::string_view octets) { open(octets); }

  pugi::xml_node header() const { return header_; }
  pugi::xml_node body() const { return body_; }
  const std::string& trouble() const { return trouble_; }
  void complain(std::string why) {
    if (trouble_.empty()) trouble_ = std::move(why);
  }
  auto unreadable() const { return failure(error_code::line_unreadable, trouble_); }

  /// The only child named @p name; a second one makes the message ambiguous, so that nobody may choose.
  pugi::xml_node child(pugi::xml_node of, const char* name) {
    const auto found = of.child(name);
    if (found.next_sibling(name)) complain(std::string("doubled ") + name);
    return found;
  }

  /// Its text, "" when absent. Control characters, which no field has, become spaces: texts reach screens and
  /// terminals.
  std::string text(pugi::xml_node of, const char* name) {
    std::string value = child(of, name).text().get();
    std::replace_if(
        value.begin(), value.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    return value;
  }

  /// A whole number of at most nine digits; 0 when absent.
  std::int64_t number(pugi::xml_node of, const char* name) {
    const auto value = text(of, name);
    if (value.empty()) return 0;
    std::int64_t n = 0;
    const auto end = value.data() + value.size();
    const auto read = std::from_chars(value.data(), end, n);
    if (read.ec != std::errc{} || read.ptr != end || value.size() > 9 || n < 0) {
      complain(std::string(name) + " is no number");
      return 0;
    }
    return n;
  }

  messages::bytes octets(pugi::xml_node of, const char* name) {
    auto value = from_base64(text(of, name));
    if (!value) complain(std::string(name) + " is no base64");
    return value.value_or(messages::bytes{});
  }

private:
  void open(std::string_view octets);
  std::optional<std::string> to_utf8(std::string_view octets);

  pugi::xml_document tree_;
  pugi::xml_node header_, body_;
  std::string trouble_;
};

/// The encoding that the XML declaration names, in lower case; "" without one.
std::string declared_encoding(std::string_view octets) {
  const auto declaration = octets.substr(0, std::min<std::size_t>(octets.find("?>"), 200));
  auto at = declaration.find("encoding");
  if (declaration.substr(0, 5) != "<?xml" || at == std::string_view::npos) return {};
  at = declaration.find_first_of("'\"", at);
  if (at == std::string_view::npos) return {};
  const auto end = declaration.find(declaration[at], at + 1);
  if (end == std::string_view::npos) return {};
  std::string name{declaration.substr(at + 1, end - at - 1)};
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

std::optional<std::string> opened::to_utf8(std::string_view octets) {
  if (octets.substr(0, 3) == "\xef\xbb\xbf") octets.remove_prefix(3);
  const auto encoding = declared_encoding(octets);
  const bool japanese =
      encoding == "shift_jis" || encoding == "windows-31j" || encoding == "cp932" || encoding == "sjis";
  // the declaration is believed first; without one, bytes that are no UTF-8 can only be the other encoding in use
  if (!japanese && is_utf8(octets)) return std::string(octets);
  if (japanese || encoding.empty()) {
    auto text = from_shift_jis(octets);
    if (text && is_utf8(*text)) return text;
  }
  return std::nullopt;
}

void opened::open(std::string_view octets) {
  if (octets.size() > message_bytes_max) return complain("larger than " + std::to_string(message_bytes_max) + " bytes");
  const auto text = to_utf8(octets);
  if (!text) return complain("neither UTF-8 nor Shift_JIS as declared");
  // no DTD: parse_doctype only makes it visible, so that it can be refused; entities are never expanded
  const unsigned options = pugi::parse_default | pugi::parse_doctype;
  const auto parsed = tree_.load_buffer(text->data(), text->size(), options, pugi::encoding_utf8);
  if (!parsed) return complain("not well-formed at byte " + std::to_string(parsed.offset));
  pugi::xml_node root;
  for (const auto node : tree_.children()) {
    if (node.type() == pugi::node_doctype) return complain("a DOCTYPE");
    if (node.type() != pugi::node_element) continue;
    if (root) return complain("more than one root");
    root = node;
  }
  if (std::string_view(root.name()) != "XmlMsg") return complain("the root is not XmlMsg");
  header_ = child(root, "MessageHeader");
  body_ = child(root, "MessageBody");
  if (!header_) complain("no MessageHeader");
  if (!body_) complain("no MessageBody");
}

message_header read_header(opened& from) {
  message_header h;
  const auto node = from.header();
  h.institution = from.text(node, "MedicalInstitutionCode");
  h.identifier = from.text(node, "ArbitraryFileIdentifier");
  h.confirmed_on = from.text(node, "QualificationConfirmationDate");
  h.executed_at = from.text(node, "ProcessExecutionTime");
  h.reference_class = from.text(node, "ReferenceClassification");
  h.segment = from.number(node, "SegmentOfResult");
  h.error_code = from.text(node, "ErrorCode");
  h.error_message = from.text(node, "ErrorMessage");
  return h;
}

/// The header of an answer that has to be ours.
message_header read_header(opened& from, const expectation& expected) {
  auto h = read_header(from);
  if (!expected.institution.empty() && h.institution != expected.institution)
    from.complain("MedicalInstitutionCode is another institution's");
  // whoever refuses a request may not have been able to read its identifier
  const bool refused_unread = h.segment == 9 && h.identifier.empty();
  if (!expected.identifier.empty() && h.identifier != expected.identifier && !refused_unread)
    from.complain("ArbitraryFileIdentifier is another question's");
  return h;
}

/// The identifier of a request: this project's own ids in their text form.
messages::id read_id(opened& from, const message_header& header) {
  const auto id = messages::id::from_text(header.identifier);
  if (!id || id->empty()) from.complain("ArbitraryFileIdentifier is no identifier of this profile");
  return id.value_or(messages::id{});
}

messages::care read_care(opened& from, pugi::xml_node info) {
  const auto kind = from.number(info, names::care_kind);
  if (kind < 1 || kind > 4) from.complain(std::string(names::care_kind) + " is none of 1 to 4");
  return static_cast<messages::care>(std::clamp<std::int64_t>(kind, 1, 4) - 1);
}

messages::choice read_choice(opened& from, pugi::xml_node info, const std::string& name) {
  const auto code = from.text(info, name.c_str());
  if (code != "0" && code != "1") from.complain(name + " is neither 0 nor 1");
  return code == "1" ? messages::choice::given : messages::choice::refused;
}

messages::insured_number read_person(opened& from, pugi::xml_node info) {
  return {from.text(info, "InsurerNumber"), from.text(info, "InsuredCardSymbol"),
          from.text(info, "InsuredIdentificationNumber"), from.text(info, "InsuredBranchNumber"),
          from.text(info, "Birthdate")};
}

messages::insurance read_insurance(opened& from, pugi::xml_node block) {
  messages::insurance one;
  for (const auto& [element, member] : names::insurance_texts)
    one.*member = from.text(block, element);
  const auto limit = from.child(block, names::limit_group);
  one.limit_class = from.text(limit, names::limit_class);
  one.limit_flag = from.text(limit, names::limit_flag);
  return one;
}

void read_consents(opened& from, pugi::xml_node block, messages::eligibility_answer& into,
                   std::array<bool, names::consents.size()>& stated) {
  for (std::size_t n = 0; n < names::consents.size(); ++n) {
    const auto& triple = names::consents[n];
    const std::string prefix = triple.prefix;
    const auto flag_name = prefix + "ConsFlg";
    if (stated[n] || !block.child(flag_name.c_str())) continue;
    stated[n] = true;
    into.*triple.flag = {from.number(block, flag_name.c_str()), from.text(block, (prefix + "ConsTime").c_str()),
                         from.text(block, (prefix + "AvailableTime").c_str())};
  }
}

/// More insurances than any person has: a bound, not a rule of the interface.
constexpr std::size_t insurances_max = 20;

} // namespace

result<message_header> parse_challenge_request(std::string_view octets) {
  opened from{octets};
  auto header = read_header(from);
  if (!from.body().child(profile::challenge_request_element)) from.complain("no ChallengeRequestInfo");
  if (!from.trouble().empty()) return from.unreadable();
  return header;
}

result<message<card_question>> parse_card_question(std::string_view octets) {
  opened from{octets};
  message<card_question> m;
  m.header = read_header(from);
  m.body.question = read_id(from, m.header);
  const auto info = from.child(from.body(), profile::card_question_element);
  if (!info) from.complain("no CardQuestionInfo");
  m.body.challenge_id = from.text(info, profile::challenge_id_element);
  m.body.certificate = messages::personal{from.octets(info, profile::certificate_element)};
  m.body.signature = from.octets(info, profile::signature_element);
  if (const auto vouched = from.text(info, profile::vouched_element); !vouched.empty()) {
    const auto method = messages::from_name<messages::identity_method>(vouched);
    if (!method || *method == messages::identity_method::pin || !m.body.signature.empty())
      from.complain(std::string(profile::vouched_element) + " beside a signature, or no method");
    m.body.method = method.value_or(messages::identity_method::pin);
  }
  m.body.kind = read_care(from, info);
  for (const auto& triple : names::consents)
    m.body.choices.*triple.choice = read_choice(from, info, std::string(triple.prefix) + "ConsFlg");
  if (!from.trouble().empty()) return from.unreadable();
  return m;
}

result<message<typed_question>> parse_typed_question(std::string_view octets) {
  opened from{octets};
  message<typed_question> m;
  m.header = read_header(from);
  m.body.question = read_id(from, m.header);
  m.body.confirmed_on = m.header.confirmed_on;
  if (m.header.confirmed_on.empty()) from.complain("no QualificationConfirmationDate");
  const auto info = from.child(from.body(), names::search_info);
  if (!info) from.complain("no QualificationConfirmSearchInfo");
  m.body.person = messages::personal{read_person(from, info)};
  m.body.limit = read_choice(from, info, names::limit_consent);
  m.body.kind = read_care(from, info);
  const auto& person = m.body.person.reveal();
  if (person.insurer.empty() || person.number.empty() || person.birth_date.empty())
    from.complain("InsurerNumber, InsuredIdentificationNumber or Birthdate is missing");
  if (!from.trouble().empty()) return from.unreadable();
  return m;
}

result<message<reference_registration>> parse_registration(std::string_view octets) {
  opened from{octets};
  message<reference_registration> m;
  m.header = read_header(from);
  m.body.question = read_id(from, m.header);
  const auto info = from.child(from.body(), names::registration_info);
  if (!info) from.complain("no ReferenceNumberRegistrationInfo");
  m.body.person = messages::personal{read_person(from, info)};
  m.body.number = messages::personal{from.text(info, "ReferenceNumber")};
  const auto length = length_of(m.body.number.reveal());
  if (length == 0 || length > 50) from.complain("ReferenceNumber is not 1 to 50 characters");
  if (!from.trouble().empty()) return from.unreadable();
  return m;
}

result<message<challenge>> parse_challenge(std::string_view octets, const expectation& expected) {
  opened from{octets};
  message<challenge> m;
  m.header = read_header(from, expected);
  if (!from.trouble().empty()) return from.unreadable();
  if (m.header.segment == 9) return m;
  const auto info = from.child(from.body(), profile::challenge_element);
  m.body.id = from.text(info, profile::challenge_id_element);
  m.body.value = from.octets(info, profile::challenge_value_element);
  m.body.valid_ms = static_cast<std::uint64_t>(from.number(info, profile::challenge_valid_element));
  if (m.body.id.empty() || m.body.id.size() > 64) from.complain("no ChallengeIdentifier");
  // too short a value could be guessed, too long a one is not what a card signs
  if (m.body.value.size() < 16 || m.body.value.size() > 256) from.complain("ChallengeValue is not 16 to 256 bytes");
  if (!from.trouble().empty()) return from.unreadable();
  return m;
}

result<message<messages::eligibility_answer>> parse_answer(std::string_view octets, const expectation& expected) {
  opened from{octets};
  message<messages::eligibility_answer> m;
  m.header = read_header(from, expected);
  auto& a = m.body;
  a.segment = m.header.segment;
  if (a.segment == 0) from.complain("no SegmentOfResult");
  a.confirmed_on = m.header.confirmed_on;
  a.status = from.number(from.body(), "ProcessingResultStatus");
  a.code = from.text(from.body(), "ProcessingResultCode");
  a.message = messages::personal{from.text(from.body(), "ProcessingResultMessage")};
  const auto judged = from.number(from.body(), "QualificationValidity");
  // a value of a later version is none that we may act on
  a.judged = judged >= 1 && judged <= 6 ? static_cast<messages::validity>(judged) : messages::validity::none;
  std::vector<messages::insurance> insurances;
  std::array<bool, names::consents.size()> stated{};
  const auto list = from.child(from.body(), "ResultList");
  for (const auto block : list.children("ResultOfQualificationConfirmation")) {
    if (insurances.size() == insurances_max) from.complain("too many ResultOfQualificationConfirmation");
    if (!from.trouble().empty()) break;
    insurances.push_back(read_insurance(from, block));
    read_consents(from, block, a, stated);
  }
  a.insurances = messages::personal{std::move(insurances)};
  if (!from.trouble().empty()) return from.unreadable();
  return m;
}

result<message<registration_answer>> parse_registration_answer(std::string_view octets, const expectation& expected) {
  opened from{octets};
  message<registration_answer> m;
  m.header = read_header(from, expected);
  m.body.status = from.number(from.body(), "ProcessingResultStatus");
  m.body.code = from.text(from.body(), "ProcessingResultCode");
  m.body.message = from.text(from.body(), "ProcessingResultMessage");
  if (m.header.segment != 9 && m.body.status != 1 && m.body.status != 2) from.complain("no ProcessingResultStatus");
  if (!from.trouble().empty()) return from.unreadable();
  return m;
}

} // namespace drivers::line
