// The simulated centre: bulk requests, kept as files, and their results, made row by row when they are collected.
#include "drivers/line/bulk.hpp"
#include "drivers/line/centre_settle.hpp"
#include "drivers/line/folder_watch.hpp"
#include "drivers/line/text.hpp"

#include <cstdio>

namespace drivers::line {
namespace {

using messages::error_code;
using messages::failure;
using messages::result;

message_header asked_by(const wire::header& from) {
  message_header h;
  h.institution = from.institution;
  h.identifier = from.identifier;
  return h;
}
message_header asked_by(const std::string& institution) {
  message_header h;
  h.institution = institution;
  return h;
}

/// Calls @p each with every part of this name in the body of @p request.
template <class Part> result<std::string> each_part(const std::string& request, const char* name, const facts& names,
                                                    const std::function<void(const Part&)>& each) {
  std::optional<messages::error> trouble;
  unit_splitter parts{name, names.unit_bytes_max, names.message_bytes_max, [&](std::string& xml) {
                        const auto part = read_unit<Part>(xml, names);
                        if (!part) trouble = part.error();
                        if (part) each(*part);
                        return part.has_value();
                      }};
  parts.feed(request);
  parts.finish();
  if (trouble) return failure(*trouble);
  if (!parts.trouble().empty()) return failure(error_code::line_unreadable, parts.trouble());
  return parts.rest();
}

const char* part_name(function what) {
  return what == function::bulk_registration ? "ReferenceNumberRegistrationInfo" : "QualificationConfirmSearchInfo";
}

bool by_period(function what) {
  return what == function::home_visit_consented || what == function::online_consented ||
         what == function::medical_assistance;
}

} // namespace

wire::confirmed_unit centre::confirm(const std::string& institution, const wire::search& asked, function what) {
  wire::confirmed_unit unit;
  unit.searched = asked;
  const auto matches =
      persons_.find_number({asked.insurer, asked.symbol, asked.number, asked.branch, asked.birth_date});
  const auto judged = matches.empty()                         ? messages::validity::no_match
                      : matches.size() > 1                    ? messages::validity::several
                      : matches.front().insurance->superseded ? messages::validity::newer_exists
                                                              : matches.front().person->judged;
  const bool told =
      matches.size() == 1 && judged != messages::validity::no_match && judged != messages::validity::several;
  unit.validity.text = std::to_string(static_cast<int>(judged));
  unit.status = told ? person_status::normal : person_status::error;
  if (!told) {
    const auto& why = judged == messages::validity::several ? profile::several_found : profile::nobody_found;
    unit.result_code = why.code;
    unit.message = why.message;
    return unit;
  }
  const auto& person = *matches.front().person;
  const bool visit = what != function::bulk_eligibility;
  if (visit)
    unit.insurances = insurances_of(institution, person, what);
  else
    unit.insurances.push_back(matches.front().insurance->full);
  auto number = ledger_->number_of(institution, person.card_name);
  if (what == function::bulk_eligibility) { // §2.6: no limit details there, only whether they changed
    auto& one = unit.insurances.front();
    const auto now = one.limit ? one.limit->kind.text + one.limit->category.text : std::string{};
    const auto [before, first] = limit_told_.try_emplace({institution, person.card_name}, now);
    const bool differs = first ? !now.empty() : before->second != now; // 又は不明: nothing was told of it before
    if (!one.changed.stated()) one.changed = differs ? limit_changed::changed_or_unknown : limit_changed::unchanged;
    before->second = now;
    one.limit.reset();
    one.diseases.clear();
    if (!number.empty()) unit.reference_numbers.push_back(number);
  }
  return unit;
}

wire::confirmed_unit centre::consented(const std::string& institution, const simulated_person& person, function what) {
  wire::confirmed_unit unit;
  unit.status = person_status::normal;
  unit.validity.text = std::to_string(static_cast<int>(person.judged));
  unit.insurances = insurances_of(institution, person, what);
  unit.listed = person.insurances.size() > 1; // both depths have been seen or thought of (§2.7)
  for (auto& one : unit.insurances)
    one.reference_number.clear();
  const auto number = ledger_->number_of(institution, person.card_name);
  if (!number.empty()) unit.reference_numbers.push_back(number);
  return unit;
}

std::optional<wire::search> centre::period_of(const std::string& request, function what) const {
  std::optional<wire::search> period;
  const auto read =
      each_part<wire::search>(request, part_name(what), *names_, [&](const wire::search& s) { period = s; });
  return read ? period : std::nullopt;
}

centre::reply centre::take_bulk(const std::string& institution, std::string_view body, function what) {
  auto text = to_utf8(body);
  if (!text) return refuse(asked_by(institution), profile::unreadable_request);
  std::size_t rows = 0;
  result<std::string> rest;
  if (what == function::bulk_registration)
    rest = each_part<wire::registration>(*text, part_name(what), *names_, [&](const auto&) { ++rows; });
  else
    rest = each_part<wire::search>(*text, part_name(what), *names_, [&](const auto&) { ++rows; });
  if (!rest) return refuse(asked_by(institution), profile::unreadable_request, rest.error().args.front());
  if (const auto end = rest->find("?>"); rest->starts_with("<?xml") && end != std::string::npos)
    rest->erase(0, end + 2);
  const auto head = read_message<wire::collection>(*rest, *names_);
  if (!head || rows == 0) return refuse(asked_by(institution), profile::unreadable_request);
  if (head->header.institution != institution) return refuse(asked_by(head->header), profile::other_institution);
  if (by_period(what) && rows != 1) return refuse(asked_by(head->header), profile::unreadable_request);
  return settle(asked_by(head->header), std::string(name_of(what)).c_str(), digest_of(*text), [&] {
    const auto folder = options_.data_folder / "bulk";
    std::error_code ignored;
    std::filesystem::create_directories(folder, ignored);
    const auto so_far = files_in(folder);
    if (!so_far.complete) return outcome::refusal(profile::too_busy); // a number could be given twice
    char number[32];
    std::snprintf(number, sizeof number, "%06zu", so_far.files.size() + 1);
    const auto now = options_.now_ms();
    const auto reception = "9999" + japanese_time(now).substr(0, 8) + number;
    outcome o;
    // the function and the time of acceptance stand before the request
    const auto kept = std::string(name_of(what)) + '\n' + std::to_string(now) + '\n' + *text;
    if (!write_file(folder / reception, kept)) return outcome::refusal(profile::too_busy);
    wire::acceptance a;
    a.header = wire_header(institution, head->header.identifier);
    a.header.segment = code<segment>{};
    a.reception_number = reception;
    a.received_at = japanese_time(now);
    o.xml = write_message(a, *names_);
    return o;
  });
}

result<std::string> centre::units_for(const std::string& institution, const std::string& request, function what,
                                      wire::header& counts) {
  std::string units;
  std::uint64_t total = 0, wrong = 0;
  const auto add = [&](const auto& unit) {
    units += write_unit(unit, *names_);
    ++total;
    wrong += unit.status.is(person_status::error) ? 1 : 0;
  };
  if (by_period(what)) {
    const auto p = period_of(request, what);
    if (!p) return failure(error_code::line_unreadable, "no period");
    for (const auto& person : persons_.all()) {
      const auto given = consent_of(institution, person, what == function::online_consented);
      const auto day = given.when.substr(0, 8);
      const bool consented_then =
          !day.empty() && !p->consented_from.empty() && day >= p->consented_from && day <= p->consented_to;
      const bool examined_then = !given.examined_on.empty() && !p->examined_from.empty() && !day.empty() &&
                                 given.examined_on >= p->examined_from && given.examined_on <= p->examined_to;
      bool ticket = false;
      for (const auto& one : person.insurances)
        for (const auto& t : one.full.tickets)
          ticket = ticket || (!p->month.empty() && t.month == p->month);
      if (what == function::medical_assistance ? ticket : consented_then || examined_then)
        add(consented(institution, person, what));
    }
  } else if (what == function::bulk_registration) {
    const auto read = each_part<wire::registration>(request, part_name(what), *names_, [&](const auto& asked) {
      wire::registered_unit unit;
      unit.registered = asked;
      const reference_registration one{
          {},
          messages::personal{messages::insured_number{asked.insurer, asked.symbol, asked.number, asked.branch, ""}},
          messages::personal{asked.reference_number}};
      const auto done = judge_registration(asked_by(institution), one);
      const bool registered = !done.reference_number.empty();
      if (registered) ledger_->remember_number(institution, done.person, done.reference_number);
      const auto& why = done.person.empty() ? profile::nobody_found : profile::number_taken;
      unit.status = registered ? person_status::normal : person_status::error;
      if (!registered) unit.result_code = why.code;
      if (!registered) unit.message = why.message;
      add(unit);
    });
    if (!read) return failure(read.error());
  } else {
    const auto read = each_part<wire::search>(request, part_name(what), *names_,
                                              [&](const auto& asked) { add(confirm(institution, asked, what)); });
    if (!read) return failure(read.error());
  }
  counts.total = std::to_string(total);
  counts.normal = std::to_string(total - wrong);
  counts.mistaken = std::to_string(wrong);
  return units;
}

/// A result is made once, when it is first collected; asked for again it is the same.
result<std::string> centre::made_result(const std::string& institution, const std::string& reception,
                                        const std::string& request, function what, wire::header& counts) {
  const auto file = options_.data_folder / "bulk-results" / reception;
  std::error_code ignored;
  std::filesystem::create_directories(file.parent_path(), ignored);
  if (const auto kept = read_file(file, names_->bulk_bytes_max)) {
    const auto first = kept->find('\n'), second = kept->find('\n', first + 1), third = kept->find('\n', second + 1);
    if (third != std::string::npos) {
      counts.total = kept->substr(0, first);
      counts.normal = kept->substr(first + 1, second - first - 1);
      counts.mistaken = kept->substr(second + 1, third - second - 1);
      return kept->substr(third + 1);
    }
  }
  auto units = units_for(institution, request, what, counts);
  if (units && !write_file(file, counts.total + '\n' + counts.normal + '\n' + counts.mistaken + '\n' + *units))
    return failure(error_code::write_failed, file.string(), "write");
  return units;
}

centre::reply centre::give_bulk(const std::string& institution, std::string_view body, function what) {
  const auto m = read_message<wire::collection>(body, *names_);
  if (!m) return refuse(asked_by(institution), profile::unreadable_request, m.error().args.front());
  if (m->header.institution != institution) return refuse(asked_by(m->header), profile::other_institution);
  const bool plain = m->reception_number.size() == 18 && is_digits(m->reception_number, 18);
  const auto kept = plain ? read_file(options_.data_folder / "bulk" / m->reception_number, names_->bulk_bytes_max)
                          : result<std::string>{failure(error_code::line_unreadable, "number")};
  if (!kept) return refuse(asked_by(m->header), profile::unknown_reception);
  const auto first = kept->find('\n'), second = kept->find('\n', first + 1);
  if (kept->substr(0, first) != name_of(what)) return refuse(asked_by(m->header), profile::unknown_reception);
  const auto accepted_ms = std::stoull(kept->substr(first + 1, second - first - 1));
  wire::bulk_result<wire::confirmed_unit> shape;
  shape.header = wire_header(institution, "");
  shape.header.reception_number = m->reception_number;
  if (options_.now_ms() < accepted_ms + options_.bulk_ms) {
    shape.header.segment = segment::in_progress;
    return {200, write_message(shape, *names_)};
  }
  const auto units = made_result(institution, m->reception_number, kept->substr(second + 1), what, shape.header);
  if (!units) return refuse(asked_by(m->header), profile::unreadable_request);
  auto xml = write_message(shape, *names_);
  xml.insert(xml.rfind("  </MessageBody>"), *units);
  return {200, std::move(xml)};
}

} // namespace drivers::line
