// What entries say of patients and accounts, and what follows from the entries before them.
#include "tools/who.hpp"

#include "messages/json.hpp"
#include "messages/registry.hpp"

#include <algorithm>
#include <array>
#include <ctime>

namespace tools {

using namespace messages;

namespace {

constexpr std::size_t known_max = 1'000'000;

/// The fields by which later events name the same matter.
constexpr std::array<std::string_view, 3> matters{"question", "registration", "handover"};

id id_in(const value& body, std::string_view field) {
  id found;
  if (const auto* named = body.find(field)) detail::read_id(*named, found);
  return found;
}

template <class T> void keep(std::map<id, T>& in, const id& of, const T& what) {
  in.insert_or_assign(of, what);
  if (in.size() > known_max) in.erase(in.begin());
}

/// Octets are signatures and verifiers: nothing to read. Ids stay, as texts.
std::optional<value> readable(const value& v) {
  if (v.as<std::monostate>()) return std::nullopt;
  if (const auto* octets = v.as<bytes>()) {
    id named;
    if (octets->size() != id::size || !detail::read_id(v, named) || named.empty()) return std::nullopt;
    return value{named.text()};
  }
  if (const auto* e = v.as<extension>())
    return value{std::string{e->type == ext_forgotten ? "(forgotten)" : "(personal)"}};
  value::array items;
  if (const auto* list = v.as<value::array>()) {
    for (const auto& item : *list)
      if (auto kept = readable(item)) items.push_back(std::move(*kept));
    return value{std::move(items)};
  }
  value::map fields;
  if (const auto* map = v.as<value::map>()) {
    for (const auto& [name, field] : *map)
      if (auto kept = readable(field)) fields.emplace_back(name, std::move(*kept));
    return value{std::move(fields)};
  }
  return v;
}

std::string text_of(const value& v) {
  if (const auto* text = v.as<std::string>()) return *text;
  return to_json(v);
}

} // namespace

void deeds::learn_patient(const event_envelope& event, const value& body, deed& of) {
  of.patient = id_in(body, "patient");
  const auto known_of = [&](const id& matter) {
    const auto found = matter.empty() ? patient_of_.end() : patient_of_.find(matter);
    if (of.patient.empty() && found != patient_of_.end()) of.patient = found->second;
  };
  known_of(event.checkin);
  for (const auto field : matters)
    known_of(id_in(body, field));
  if (!of.patient.empty()) {
    if (!event.checkin.empty()) keep(patient_of_, event.checkin, of.patient);
    for (const auto field : matters)
      if (const auto matter = id_in(body, field); !matter.empty()) keep(patient_of_, matter, of.patient);
  }
  // An answer that was matched belongs to the patient of this clinic, too.
  if (const auto record = id_in(body, "record"); !record.empty()) of.also.push_back(record);
  const auto* candidates = body.find("candidates");
  if (const auto* list = candidates ? candidates->as<value::array>() : nullptr)
    for (const auto& item : *list)
      if (id named; detail::read_id(item, named)) of.also.push_back(named);
}

void deeds::learn_account(const event_envelope& event, const value& body, deed& of) {
  of.account = event.account;
  for (const auto field : matters) {
    const auto matter = id_in(body, field);
    if (matter.empty()) continue;
    if (!event.account.empty()) {
      keep(asked_by_, matter, event.account);
    } else if (const auto found = asked_by_.find(matter); found != asked_by_.end())
      of.behalf = found->second;
  }
  if (const auto key = account_key_of(event); !key.empty()) {
    auto& row = accounts_[key];
    apply(event, row);
    of.concerned = row.account.empty() ? key : row.account;
  }
  if (event.topic == answer_shown::topic || event.topic == checkin_settled::topic)
    of.could_see = signed_in_at(event.time_ms);
}

std::vector<std::string> deeds::signed_in_at(std::uint64_t time_ms) const {
  std::vector<std::string> names;
  for (const auto& [key, row] : accounts_)
    if (row.is_open(time_ms) && std::ranges::any_of(row.sessions, [&](const auto& s) {
          return s.begun_ms <= time_ms && (s.until_ms == 0 || time_ms < s.until_ms);
        }))
      names.push_back(row.account);
  return names;
}

deed deeds::take(const event_envelope& event) {
  deed of;
  of.index = event.index;
  of.time_ms = event.time_ms;
  of.topic = event.topic;
  of.where = event.desk.empty() ? event.node : event.desk;
  of.checkin = event.checkin;
  const auto body = unpack(event.body);
  if (!body) return of;
  learn_patient(event, *body, of);
  learn_account(event, *body, of);
  if (const auto* fields = body->as<value::map>())
    for (const auto& [name, field] : *fields) {
      if (name == "patient" || (name == "account" && !of.concerned.empty())) continue;
      if (auto kept = readable(field)) of.said.emplace_back(name, std::move(*kept));
    }
  return of;
}

bool deed_filter::wants(const deed& d) const {
  if (d.time_ms < from_ms || d.time_ms > to_ms) return false;
  if (!desk.empty() && d.where != desk) return false;
  if (!patient.empty() && d.patient != patient && std::ranges::find(d.also, patient) == d.also.end()) return false;
  if (account.empty()) return true;
  const auto same = [key = account_key(account)](const std::string& name) { return account_key(name) == key; };
  return same(d.account) || same(d.behalf) || same(d.concerned) || std::ranges::any_of(d.could_see, same);
}

std::optional<std::uint64_t> time_asked(const std::string& text, bool end) {
  const bool minute = text.size() > 10;
  const auto* form = !minute ? "%Y-%m-%d" : text[10] == 'T' ? "%Y-%m-%dT%H:%M" : "%Y-%m-%d %H:%M";
  std::tm t{};
  const char* rest = ::strptime(text.c_str(), form, &t);
  if (!rest || *rest != '\0' || t.tm_year < 70) return std::nullopt;
  const auto day = t.tm_mday;
  const auto seconds = ::timegm(&t); // makes the 30th of February one of March
  if (t.tm_mday != day) return std::nullopt;
  const auto ms = (seconds - 9 * 3600) * 1000;
  if (ms < 0) return std::nullopt;
  return static_cast<std::uint64_t>(ms) + (!end ? 0 : minute ? 59'999 : 86'399'999);
}

std::string words_of(const deed& d) {
  std::string words;
  const auto add = [&](const std::string& more) { words += (words.empty() ? "" : ", ") + more; };
  if (!d.concerned.empty()) add("account " + d.concerned);
  if (!d.behalf.empty()) add("asked for by " + d.behalf);
  for (const auto& name : d.could_see)
    add("shown while " + name + " was signed in");
  for (const auto& [name, field] : d.said)
    if (const auto text = text_of(field); !text.empty() && text != "\"\"" && text != "[]") add(name + " " + text);
  return words;
}

} // namespace tools
