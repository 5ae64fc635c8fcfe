// The fictional people whom the simulated centre knows.
#include "drivers/line/insured_persons.hpp"

#include "drivers/line/text.hpp"
#include "drivers/line/xml_messages.hpp"
#include "drivers/line/xml_names.hpp"
#include "drivers/line/xml_tables.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>

namespace drivers::line {
namespace {

using json = nlohmann::json;
using messages::error_code;
using messages::failure;
using messages::result;

std::string text(const json& of, const char* name) { return of.value(name, std::string{}); }

std::string number_key(const std::string& insurer, const std::string& symbol, const std::string& number) {
  return normalised(insurer) + '|' + normalised(symbol) + '|' + normalised(number);
}

/// {"Sex2": "1", "ElderlyRecipientCertificateInfo": {…}, "Group": [{…}, {…}]} as elements.
void add_elements(xml_writer& to, const std::string& name, const json& value) {
  if (value.is_array()) {
    for (const auto& one : value)
      add_elements(to, name, one);
  } else if (value.is_object()) {
    to.open(name);
    for (const auto& [child, inner] : value.items())
      add_elements(to, child, inner);
    to.close(name);
  } else {
    to.leaf(name, value.get<std::string>());
  }
}

/// The insurance as it would stand in a file: what the two older forms say, and @p more elements by their names.
wire::insurance full_of(const simulated_insurance& one, const json& more) {
  messages::eligibility_answer answered;
  answered.status = 1;
  for (const auto& triple : names::consents)
    (answered.*triple.flag).flag = -1;
  answered.insurances = messages::personal{std::vector{one.seen}};
  message_header header;
  header.segment = 1;
  auto xml = build_answer(header, answered, {one.details});
  xml_writer extra{*facts::usual()};
  for (const auto& [name, value] : more.items())
    add_elements(extra, name, value);
  xml.insert(xml.find("</ResultOfQualificationConfirmation>"), extra.text);
  auto read = read_message<wire::confirmation>(xml, *facts::usual());
  if (!read) throw std::invalid_argument("elements: " + read.error().args.front());
  return std::move(read->insurances.front());
}

/// What stands with the person is the same in each insurance.
simulated_insurance read_insurance(const json& from, const json& person) {
  simulated_insurance one;
  for (const auto& f : {&person, &from}) // the insurance may override the person
    messages::for_each_field(one.seen, [&](std::string_view name, std::string& value) {
      if (const auto at = f->find(name); at != f->end() && at->is_string()) value = at->get<std::string>();
    });
  one.seen.reference_number.clear(); // numbers belong to an institution, not to an insurance
  one.superseded = from.value("superseded", false);
  one.details.loss_reason = text(from, "loss_reason");
  one.details.limit_from = text(from, "limit_from");
  one.details.limit_to = text(from, "limit_to");
  one.details.disease = text(from, "disease");
  one.details.disease_from = text(from, "disease_from");
  one.details.disease_self_pay = text(from, "disease_self_pay");
  for (const auto& row : from.value("ticket", json::array()))
    one.details.ticket.emplace_back(row.at(0).get<std::string>(), row.at(1).get<std::string>());
  one.full = full_of(one, from.value("elements", json::object()));
  return one;
}

simulated_person read_person(const json& from) {
  simulated_person p;
  p.card_name = from.at("id").get<std::string>();
  const auto judged = from.at("validity").get<int>();
  if (judged < 1 || judged > 6) throw std::invalid_argument("validity of " + p.card_name + " is none of 1 to 6");
  p.judged = static_cast<messages::validity>(judged);
  p.code = text(from, "code");
  p.message = text(from, "message");
  p.reference_number = text(from, "reference_number");
  p.home_visit_consent = text(from, "home_visit_consent");
  p.online_consent = text(from, "online_consent");
  p.examined_on = text(from, "examined_on");
  p.expired_reason = text(from, "expired_reason");
  for (const auto& insurance : from.at("insurances"))
    p.insurances.push_back(read_insurance(insurance, from));
  return p;
}

} // namespace

result<insured_persons> insured_persons::load(const std::filesystem::path& file) {
  std::error_code trouble;
  const auto size = std::filesystem::file_size(file, trouble);
  if (trouble) return failure(error_code::file_unreadable, file.string(), trouble.message());
  if (size > file_bytes_max) return failure(error_code::too_large, file.string(), std::to_string(file_bytes_max));
  std::ifstream stream(file, std::ios::binary);
  const std::string octets{std::istreambuf_iterator<char>(stream), {}};
  if (!stream) return failure(error_code::file_unreadable, file.string(), "read");
  insured_persons persons;
  try {
    const auto tree = json::parse(octets);
    persons.institution_ = tree.at("institution").get<std::string>();
    for (const auto& person : tree.at("persons"))
      persons.persons_.push_back(read_person(person));
  } catch (const std::exception& e) {
    return failure(error_code::malformed, file.string(), e.what());
  }
  if (persons.persons_.size() > persons_max)
    return failure(error_code::too_large, file.string(), std::to_string(persons_max) + " persons");
  for (std::size_t n = 0; n < persons.persons_.size(); ++n)
    if (!persons.add_to_indexes(n))
      return failure(error_code::malformed, file.string(), persons.persons_[n].card_name + " stands twice");
  return persons;
}

bool insured_persons::add_to_indexes(std::size_t n) {
  const auto& person = persons_[n];
  if (!by_card_.emplace(person.card_name, n).second) return false;
  for (std::size_t i = 0; i < person.insurances.size(); ++i) {
    const auto& seen = person.insurances[i].seen;
    by_number_.emplace(number_key(seen.insurer, seen.symbol, seen.number), std::pair{n, i});
  }
  return true;
}

simulated_person insured_persons::made_from(std::uint64_t seed, std::size_t n) {
  std::mt19937_64 chance{seed * 1'000'003 + n};
  const auto draw = [&](const auto& from) { return from[chance() % std::size(from)]; };
  static constexpr std::array<std::pair<const char*, const char*>, 6> families{
      {{"見本", "ﾐﾎﾝ"}, {"架空", "ｶｸｳ"}, {"例示", "ﾚｲｼﾞ"}, {"模擬", "ﾓｷﾞ"}, {"仮名", "ｶﾒｲ"}, {"標本", "ﾋｮｳﾎﾝ"}}};
  static constexpr std::array<std::pair<const char*, const char*>, 6> given{
      {{"花子", "ﾊﾅｺ"}, {"太郎", "ﾀﾛｳ"}, {"雪子", "ﾕｷｺ"}, {"次郎", "ｼﾞﾛｳ"}, {"月子", "ﾂｷｺ"}, {"三郎", "ｻﾌﾞﾛｳ"}}};
  const auto family = draw(families), own = draw(given);
  char digits[32];
  simulated_person p;
  std::snprintf(digits, sizeof digits, "GEN%012zu", n);
  p.card_name = digits;
  p.judged = static_cast<messages::validity>(chance() % 10 < 9 ? 1 : 2 + chance() % 2);
  auto& one = p.insurances.emplace_back();
  one.seen.card_class = "01";
  one.seen.insurer = "  999901";
  one.seen.insurer_name = "架空市国民健康保険";
  one.seen.symbol = "生成" + std::to_string(n % 100);
  one.seen.number = std::to_string(100000 + n);
  one.seen.branch = "01";
  one.seen.relation = chance() % 2 == 0 ? "1" : "2";
  one.seen.name = std::string(family.first) + "　" + own.first;
  one.seen.name_kana = std::string(family.second) + " " + own.second;
  one.seen.sex = chance() % 2 == 0 ? "1" : "2";
  std::snprintf(digits, sizeof digits, "%04u%02u%02u", static_cast<unsigned>(1930 + chance() % 90),
                static_cast<unsigned>(1 + chance() % 12), static_cast<unsigned>(1 + chance() % 28));
  one.seen.birth_date = digits;
  one.seen.address = "見本県架空市例町" + std::to_string(n);
  one.seen.post_code = "999-0001";
  one.seen.qualified = "20200401";
  one.full = full_of(one, json::object());
  return p;
}

void insured_persons::populate(std::size_t count, std::uint64_t seed) {
  for (std::size_t n = 0; n < count && persons_.size() < persons_max; ++n) {
    persons_.push_back(made_from(seed, n));
    add_to_indexes(persons_.size() - 1);
  }
}

bool insured_persons::change(const std::string& card_name, const std::function<void(simulated_person&)>& how) {
  const auto at = by_card_.find(card_name);
  if (at == by_card_.end()) return false;
  const auto n = at->second;
  std::erase_if(by_number_, [&](const auto& entry) { return entry.second.first == n; });
  by_card_.erase(at);
  how(persons_[n]);
  persons_[n].card_name = card_name;
  return add_to_indexes(n);
}

const simulated_person* insured_persons::find_card(const std::string& card_name) const {
  const auto at = by_card_.find(card_name);
  return at == by_card_.end() ? nullptr : &persons_[at->second];
}

std::vector<insured_persons::found> insured_persons::find_number(const messages::insured_number& number) const {
  std::vector<found> matches;
  const auto [from, to] = by_number_.equal_range(number_key(number.insurer, number.symbol, number.number));
  for (auto at = from; at != to; ++at) {
    const auto& person = persons_[at->second.first];
    const auto& insurance = person.insurances[at->second.second];
    if (!number.birth_date.empty() && number.birth_date != insurance.seen.birth_date) continue;
    if (!number.branch.empty() && normalised(number.branch) != normalised(insurance.seen.branch)) continue;
    matches.push_back({&person, &insurance});
  }
  return matches;
}

} // namespace drivers::line
