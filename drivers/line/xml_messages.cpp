// Every message of wire.hpp as XML, both ways.
#include "drivers/line/xml_messages.hpp"

#include "drivers/line/text.hpp"
#include "drivers/line/xml_tables.hpp"

#include <pugixml.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace drivers::line {
namespace {

using messages::error_code;
using messages::failure;
using messages::result;

// no DTD: parse_doctype only makes one visible, so that it can be refused; entities are never expanded
constexpr unsigned options = pugi::parse_default | pugi::parse_doctype | pugi::parse_ws_pcdata_single;

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

/// What the field says, before anything is decoded: its name and value are ASCII in either encoding.
bool field_says_shift_jis(std::string_view octets) {
  constexpr std::string_view field = "<CharacterCodeIdentifier>1<";
  return octets.substr(0, 8192).find(field) != std::string_view::npos;
}

// Which list a message's body has.
const auto& body_of(const wire::question*) { return tables::question(); }
const auto& body_of(const wire::confirmation*) { return tables::confirmation(); }
const auto& body_of(const wire::registration_request*) { return tables::registration_request(); }
const auto& body_of(const wire::registration_result*) { return tables::registration_result(); }
const auto& body_of(const wire::acceptance*) { return tables::acceptance(); }
const auto& body_of(const wire::collection*) { return tables::collection(); }
const auto& body_of(const wire::url_request*) { return tables::url_request(); }
const auto& body_of(const wire::url_result*) { return tables::url_result(); }
const auto& body_of(const wire::records_request*) { return tables::records_request(); }
const auto& body_of(const wire::drug_history*) { return tables::drug_history(); }
const auto& body_of(const wire::checkup_history*) { return tables::checkup_history(); }

using confirmed_units = wire::bulk_result<wire::confirmed_unit>;
using registered_units = wire::bulk_result<wire::registered_unit>;
const auto& body_of(const confirmed_units*) {
  static const element_table<confirmed_units> table{
      {each_row("BulkConfirmUnit", &confirmed_units::units, tables::confirmed_unit(), 1'000'000)},
      &confirmed_units::rest};
  return table;
}
const auto& body_of(const registered_units*) {
  static const element_table<registered_units> table{
      {each_row("BulkRegistrationUnit", &registered_units::units, tables::registered_unit(), 1'000'000)},
      &registered_units::rest};
  return table;
}

// And which its header has.
template <class M> void read_header(reading& from, const pugi::xml_node& n, M& into) {
  tables::header().read(from, n, into.header);
}
void read_header(reading& from, const pugi::xml_node& n, wire::records_request& into) {
  tables::records_header().read(from, n, into.header);
}
void read_header(reading& from, const pugi::xml_node& n, wire::drug_history& into) {
  tables::drug_header().read(from, n, into);
}
void read_header(reading& from, const pugi::xml_node& n, wire::checkup_history& into) {
  tables::checkup_header().read(from, n, into);
}
template <class M> void write_header(xml_writer& to, const M& from) { tables::header().write(to, from.header); }
void write_header(xml_writer& to, const wire::records_request& from) {
  tables::records_header().write(to, from.header);
}
void write_header(xml_writer& to, const wire::drug_history& from) { tables::drug_header().write(to, from); }
void write_header(xml_writer& to, const wire::checkup_history& from) { tables::checkup_header().write(to, from); }

/// The message's own list, for a body whose list is of the message itself.
template <class M> constexpr bool has_wire_header = requires(const M& m) { m.header.segment; };

/// The only element of @p tree named XmlMsg; complains about everything else.
pugi::xml_node root_of(reading& from, const pugi::xml_document& tree) {
  pugi::xml_node root;
  for (const auto node : tree.children()) {
    if (node.type() == pugi::node_doctype) from.complain("a DOCTYPE");
    if (node.type() != pugi::node_element) continue;
    if (root) from.complain("more than one root");
    root = node;
  }
  if (from.ours(root.name()) != "XmlMsg") from.complain("the root is not XmlMsg");
  return root;
}

/// The one child of the root that has this name of ours.
pugi::xml_node part_of(reading& from, pugi::xml_node root, std::string_view name) {
  pugi::xml_node found;
  for (const auto child : root.children()) {
    if (child.type() != pugi::node_element || from.ours(child.name()) != name) continue;
    if (found) from.complain("doubled " + std::string(name));
    found = child;
  }
  if (!found) from.complain("no " + std::string(name));
  return found;
}

std::int64_t number_in(const std::string& text) {
  std::int64_t n = 0;
  std::from_chars(text.data(), text.data() + std::min<std::size_t>(text.size(), 9), n);
  return n;
}

} // namespace

// -- nodes and writing ---------------------------------------------------------------------------------------------

void node_view::children(const pugi::xml_node& of,
                         const std::function<void(std::string_view, const pugi::xml_node&)>& each) {
  for (auto child = of.first_child(); child; child = child.next_sibling())
    if (child.type() == pugi::node_element) each(child.name(), child);
}
std::string node_view::text(const pugi::xml_node& of) {
  std::string value = of.text().get();
  for (auto& c : value)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return value;
}
bool node_view::is_empty(const pugi::xml_node& of) { return *of.text().get() == '\0'; }
bool node_view::has_elements(const pugi::xml_node& of) {
  for (auto child = of.first_child(); child; child = child.next_sibling())
    if (child.type() == pugi::node_element) return true;
  return false;
}
std::string node_view::as_xml(const pugi::xml_node& of) {
  struct collecting final : pugi::xml_writer {
    std::string text;
    void write(const void* data, std::size_t size) override { text.append(static_cast<const char*>(data), size); }
  } to;
  of.print(to, "", pugi::format_raw, pugi::encoding_utf8);
  return std::move(to.text);
}

void xml_writer::indent() { text.append(static_cast<std::size_t>(2 * depth_), ' '); }
void xml_writer::open(std::string_view name) {
  indent();
  (((text += '<') += names_.element_written(name)) += '>') += '\n';
  ++depth_;
}
void xml_writer::close(std::string_view name) {
  --depth_;
  indent();
  (((text += "</") += names_.element_written(name)) += '>') += '\n';
}
void xml_writer::leaf(std::string_view name, std::string_view value) {
  const auto wire = names_.element_written(name);
  indent();
  ((text += '<') += wire) += '>';
  for (const char c : value) {
    if (c == '<')
      text += "&lt;";
    else if (c == '>')
      text += "&gt;";
    else if (c == '&')
      text += "&amp;";
    else
      text += c;
  }
  ((text += "</") += wire) += ">\n";
}
void xml_writer::raw(std::string_view xml) {
  indent();
  (text += xml) += '\n';
}

// -- messages ------------------------------------------------------------------------------------------------------

std::optional<std::string> to_utf8(std::string_view octets) {
  if (octets.substr(0, 3) == "\xef\xbb\xbf") octets.remove_prefix(3);
  const auto encoding = declared_encoding(octets);
  const bool japanese =
      encoding == "shift_jis" || encoding == "windows-31j" || encoding == "cp932" || encoding == "sjis";
  const bool field = field_says_shift_jis(octets);
  // the declaration first, the field second; without either, bytes that are no UTF-8 can only be the other one in use
  if (!japanese && !(encoding.empty() && field) && is_utf8(octets)) return std::string(octets);
  if (japanese || encoding.empty() || field) {
    auto text = from_shift_jis(octets);
    if (text && is_utf8(*text)) return text;
  }
  return std::nullopt;
}

std::optional<std::string> disagreement(const wire::header& header, const expected_result& expected) {
  if (!expected.institution.empty() && header.institution != expected.institution)
    return "MedicalInstitutionCode is another institution's";
  // whoever refuses a request may not have been able to read its identifier
  const bool refused_unread = header.segment.is(segment::abnormal) && header.identifier.empty();
  if (!expected.identifier.empty() && header.identifier != expected.identifier && !refused_unread)
    return "ArbitraryFileIdentifier is another question's";
  if (!expected.reception_number.empty() && !header.reception_number.empty() &&
      header.reception_number != expected.reception_number)
    return "ReceptionNumber is another request's";
  return std::nullopt;
}

template <class M>
result<M> read_message(std::string_view octets, const facts& names, const expected_result& expected) {
  if (octets.size() > names.message_bytes_max)
    return failure(error_code::line_unreadable, "larger than " + std::to_string(names.message_bytes_max) + " bytes");
  auto text = to_utf8(octets);
  if (!text) return failure(error_code::line_unreadable, "neither UTF-8 nor Shift_JIS as declared");
  pugi::xml_document tree;
  const auto parsed = tree.load_buffer_inplace(text->data(), text->size(), options, pugi::encoding_utf8);
  if (!parsed) return failure(error_code::line_unreadable, "not well-formed at byte " + std::to_string(parsed.offset));
  reading from{names};
  const auto root = root_of(from, tree);
  const auto header = part_of(from, root, "MessageHeader");
  const auto body = part_of(from, root, "MessageBody");
  M m;
  if (from.trouble().empty()) {
    read_header(from, header, m);
    body_of(static_cast<const M*>(nullptr)).read(from, body, m);
    for (const auto child : root.children())
      if (child.type() == pugi::node_element && child != header && child != body)
        m.rest.push_back(node_view::as_xml(child));
  }
  if constexpr (has_wire_header<M>)
    if (const auto why = disagreement(m.header, expected)) from.complain(*why);
  if (!from.trouble().empty()) return failure(error_code::line_unreadable, from.trouble());
  return m;
}

template <class M> std::string write_message(const M& message, const facts& names, bool shift_jis) {
  const auto written = [&](const char* encoding) {
    xml_writer to{names};
    ((to.text += R"(<?xml version="1.0" encoding=")") += encoding) += "\" standalone=\"no\"?>\n";
    to.open("XmlMsg");
    to.open("MessageHeader");
    write_header(to, message);
    to.close("MessageHeader");
    to.open("MessageBody");
    body_of(static_cast<const M*>(nullptr)).write(to, message);
    to.close("MessageBody");
    to.close("XmlMsg");
    return std::move(to.text);
  };
  if (shift_jis) // a request may be in either: what CP932 cannot say is said in UTF-8
    if (auto octets = to_shift_jis(written("Shift_JIS"))) return std::move(*octets);
  return written("UTF-8");
}

namespace {

struct unit_facts {
  static const auto& list(const wire::confirmed_unit*) { return tables::confirmed_unit(); }
  static const auto& list(const wire::registered_unit*) { return tables::registered_unit(); }
  static const auto& list(const wire::search*) { return tables::search(); }
  static const auto& list(const wire::registration*) { return tables::registration(); }
  static const char* name(const wire::confirmed_unit*) { return "BulkConfirmUnit"; }
  static const char* name(const wire::registered_unit*) { return "BulkRegistrationUnit"; }
};

} // namespace

template <class Unit> result<Unit> read_unit(std::string& xml, const facts& names) {
  pugi::xml_document tree;
  const auto parsed = tree.load_buffer_inplace(xml.data(), xml.size(), options, pugi::encoding_utf8);
  if (!parsed) return failure(error_code::line_unreadable, "a unit that is not well-formed");
  reading from{names};
  Unit unit;
  unit_facts::list(static_cast<const Unit*>(nullptr)).read(from, tree.document_element(), unit);
  if (!from.trouble().empty()) return failure(error_code::line_unreadable, from.trouble());
  return unit;
}

template <class Unit> std::string write_unit(const Unit& unit, const facts& names) {
  const auto* kind = static_cast<const Unit*>(nullptr);
  xml_writer to{names, 2};
  to.open(unit_facts::name(kind));
  unit_facts::list(kind).write(to, unit);
  to.close(unit_facts::name(kind));
  return std::move(to.text);
}

#define UKETSUKE_MESSAGE(M)                                                                                            \
  template result<M> read_message<M>(std::string_view, const facts&, const expected_result&);                          \
  template std::string write_message<M>(const M&, const facts&, bool);
UKETSUKE_MESSAGE(wire::question)
UKETSUKE_MESSAGE(wire::confirmation)
UKETSUKE_MESSAGE(wire::registration_request)
UKETSUKE_MESSAGE(wire::registration_result)
UKETSUKE_MESSAGE(wire::acceptance)
UKETSUKE_MESSAGE(wire::collection)
UKETSUKE_MESSAGE(wire::url_request)
UKETSUKE_MESSAGE(wire::url_result)
UKETSUKE_MESSAGE(wire::records_request)
UKETSUKE_MESSAGE(wire::drug_history)
UKETSUKE_MESSAGE(wire::checkup_history)
UKETSUKE_MESSAGE(confirmed_units)
UKETSUKE_MESSAGE(registered_units)
template result<wire::confirmed_unit> read_unit<wire::confirmed_unit>(std::string&, const facts&);
template result<wire::registered_unit> read_unit<wire::registered_unit>(std::string&, const facts&);
template result<wire::search> read_unit<wire::search>(std::string&, const facts&);
template result<wire::registration> read_unit<wire::registration>(std::string&, const facts&);
template std::string write_unit<wire::confirmed_unit>(const wire::confirmed_unit&, const facts&);
template std::string write_unit<wire::registered_unit>(const wire::registered_unit&, const facts&);

// -- to the rest of the house --------------------------------------------------------------------------------------

messages::insurance to_insurance(const wire::insurance& i) {
  messages::insurance one;
  one.card_class = i.card_class.text;
  one.insurer = i.insurer;
  one.symbol = i.symbol;
  one.number = i.number;
  one.branch = i.branch;
  one.insurer_name = i.insurer_name;
  one.relation = i.relation.text;
  one.name = i.name;
  one.name_kana = i.name_kana;
  one.sex = i.sex.text;
  one.birth_date = i.birth_date;
  one.address = i.address;
  one.post_code = i.post_code;
  one.qualified = i.qualified;
  one.disqualified = i.disqualified;
  one.valid_from = i.valid_from;
  one.valid_to = i.valid_to;
  one.burden_ratio = i.burden_ratio;
  if (i.limit) one.limit_class = i.limit->kind.text;
  if (i.limit) one.limit_flag = i.limit->category.text;
  one.reference_number = i.reference_number;
  return one;
}

messages::eligibility_answer to_answer(const wire::confirmation& from) {
  messages::eligibility_answer a;
  a.segment = number_in(from.header.segment.text);
  a.status = number_in(from.status.text);
  a.code = from.result_code;
  a.message = messages::personal{from.message};
  // a value of a later version is none that we may act on
  const auto judged = from.validity.known();
  a.judged = judged ? static_cast<messages::validity>(static_cast<int>(*judged) + 1) : messages::validity::none;
  a.confirmed_on = from.header.confirmed_on;
  std::vector<messages::insurance> all;
  for (const auto& one : from.insurances)
    all.push_back(to_insurance(one));
  a.insurances = messages::personal{std::move(all)};
  // the first insurance that states a consent speaks: a 医療扶助 block beside it has none
  const auto consent = [&](messages::consent_flag messages::eligibility_answer::*to,
                           wire::consent wire::insurance::*said) {
    for (const auto& one : from.insurances)
      if ((one.*said).flag.stated()) {
        const auto& c = one.*said;
        a.*to = {number_in(c.flag.text), c.consented, c.available_until};
        return;
      }
  };
  using answer = messages::eligibility_answer;
  consent(&answer::surgery, &wire::insurance::surgery);
  consent(&answer::treatment, &wire::insurance::treatment);
  consent(&answer::drugs, &wire::insurance::drugs);
  consent(&answer::checkup, &wire::insurance::checkup);
  consent(&answer::limit, &wire::insurance::limit_told);
  consent(&answer::specified_disease, &wire::insurance::disease_told);
  return a;
}

} // namespace drivers::line
