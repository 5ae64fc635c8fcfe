// The fictional people whom the simulated centre knows.
#include "drivers/line/insured_persons.hpp"

#include "drivers/line/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>

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
  for (std::size_t n = 0; n < persons.persons_.size(); ++n) {
    const auto& person = persons.persons_[n];
    if (!persons.by_card_.emplace(person.card_name, n).second)
      return failure(error_code::malformed, file.string(), person.card_name + " stands twice");
    for (std::size_t i = 0; i < person.insurances.size(); ++i) {
      const auto& seen = person.insurances[i].seen;
      persons.by_number_.emplace(number_key(seen.insurer, seen.symbol, seen.number), std::pair{n, i});
    }
  }
  return persons;
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
