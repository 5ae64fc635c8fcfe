// The simulated centre: home visits, online consultations, withdrawal, access URL, records, and check-ins at readers.
#include "drivers/line/centre_settle.hpp"
#include "drivers/line/text.hpp"
#include "drivers/line/xml_messages.hpp"

#include <array>

namespace drivers::line {
namespace {

message_header asked_by(const wire::header& from) {
  message_header h;
  h.institution = from.institution;
  h.identifier = from.identifier;
  h.confirmed_on = from.confirmed_on;
  return h;
}

message_header asked_by(const std::string& institution) {
  message_header h;
  h.institution = institution;
  return h;
}

std::string content_of(std::string_view kind, const wire::search& s, const std::string& more = {}) {
  return digest_of(std::string(kind) + '|' + normalised(s.insurer) + '|' + normalised(s.symbol) + '|' +
                   normalised(s.number) + '|' + normalised(s.branch) + '|' + s.birth_date + '|' + more);
}

messages::insured_number number_of(const wire::search& s) {
  return {s.insurer, s.symbol, s.number, s.branch, s.birth_date};
}

/// A picture of one point: whoever shows the address draws a code of it.
constexpr const char* point_png =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

wire::drug_history drugs_of(const simulated_person& person) {
  wire::drug_history h;
  const auto& seen = person.insurances.front().seen;
  h.result_code = "1";
  h.person = wire::record_person{seen.name, seen.name_kana, seen.birth_date, code<sex>{seen.sex}, {}};
  wire::treated_month month;
  month.institution = "1318888888";
  month.institution_name = "架空内科医院";
  month.month = "202609";
  month.in_out = "2";
  auto& day = month.days.emplace_back();
  day.dispensed_on = day.prescribed_on = "20260915";
  day.drugs.push_back({"999999999", "ミホン錠５ｍｇ", "", "1", "錠", "１日１回朝食後", "", "28", "", {}});
  day.treatments.push_back({"見本検査", "999999998", "", "1", "1", "回", {}});
  day.treatments.push_back({"見本手術", "150000001", "50", "1", "1", "回", {}});
  h.claims.push_back(month); // the same drug came first from the e-prescription (§2.10)
  month.days.front().treatments.clear();
  h.dispensings.push_back(month);
  return h;
}

wire::checkup_history checkups_of(const simulated_person& person) {
  wire::checkup_history h;
  const auto& seen = person.insurances.front().seen;
  h.result_code = "1";
  h.person = wire::record_person{seen.name, seen.name_kana, seen.birth_date, code<sex>{seen.sex}, {}};
  auto& one = h.checkups.emplace_back();
  one.done_on = "20260610";
  one.items.push_back({"9A751000000000001", "収縮期血圧", "PQ", "132", "mmHg", "", "", {}});
  return h;
}

constexpr const char* sample_pdf = "%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";

} // namespace

wire::header centre::wire_header(const std::string& institution, const std::string& identifier) const {
  wire::header h;
  h.institution = institution;
  h.identifier = identifier;
  h.executed_at = japanese_time(options_.now_ms());
  h.segment = segment::normal;
  h.encoding = character_code::utf8;
  return h;
}

std::vector<wire::insurance> centre::insurances_of(const std::string& institution, const simulated_person& person,
                                                   function what) {
  std::vector<wire::insurance> all;
  const bool online =
      what == function::online || what == function::online_consented || what == function::online_persons;
  const auto given = consent_of(institution, person, online);
  for (const auto& one : person.insurances) {
    if (one.superseded) continue;
    auto i = one.full;
    if (all.empty()) state_consents_of(given, i);
    if (all.empty()) i.reference_number = ledger_->number_of(institution, person.card_name);
    all.push_back(std::move(i));
  }
  return all;
}

centre::reply centre::take_visit_question(const std::string& institution, std::string_view body, function what) {
  const auto m = read_message<wire::question>(body, *names_);
  if (!m || m->searches.size() != 1)
    return refuse(asked_by(institution), profile::unreadable_request, m ? "" : m.error().args.front());
  if (m->header.institution != institution) return refuse(asked_by(m->header), profile::other_institution);
  const auto& asked = m->searches.front();
  return settle(asked_by(m->header), std::string(name_of(what)).c_str(),
                content_of(name_of(what), asked, m->header.confirmed_on), [&] {
                  auto unit = confirm(institution, asked, what);
                  wire::confirmation c;
                  c.header = wire_header(institution, m->header.identifier);
                  c.header.confirmed_on = m->header.confirmed_on;
                  c.header.reference = reference_class::document;
                  c.status = unit.status;
                  c.result_code = unit.result_code;
                  c.message = unit.message;
                  c.validity = unit.validity;
                  c.searched = asked;
                  c.insurances = std::move(unit.insurances);
                  outcome o;
                  const auto found = persons_.find_number(number_of(asked));
                  if (found.size() == 1) o.person = found.front().person->card_name;
                  if (!o.person.empty()) viewable_.emplace(institution, o.person);
                  o.xml = write_message(c, *names_);
                  return o;
                });
}

centre::reply centre::take_withdrawal(const std::string& institution, std::string_view body) {
  const auto m = read_message<wire::question>(body, *names_);
  if (!m || m->searches.size() != 1)
    return refuse(asked_by(institution), profile::unreadable_request, m ? "" : m.error().args.front());
  if (m->header.institution != institution) return refuse(asked_by(m->header), profile::other_institution);
  const auto& asked = m->searches.front();
  return settle(asked_by(m->header), "withdrawal", content_of("withdrawal", asked), [&] {
    const auto found = persons_.find_number(number_of(asked));
    const auto given =
        found.size() == 1 ? consent_of(institution, *found.front().person, false) : centre::given_consent{};
    const bool consented = !given.when.empty() && !given.ended.is(expiry_reason::cancelled_by_patient);
    wire::confirmation c;
    c.header = wire_header(institution, m->header.identifier);
    c.status = consented ? person_status::normal : person_status::error;
    if (!consented) c.result_code = profile::nothing_to_withdraw.code;
    if (!consented) c.message = profile::nothing_to_withdraw.message;
    c.searched = asked;
    outcome o;
    if (consented) o.person = found.front().person->card_name;
    if (consented) withdrawn_.emplace(institution, o.person);
    o.xml = write_message(c, *names_);
    return o;
  });
}

centre::reply centre::give_url(const std::string& institution, std::string_view body) {
  const auto m = read_message<wire::url_request>(body, *names_);
  if (!m) return refuse(asked_by(institution), profile::unreadable_request, m.error().args.front());
  if (m->header.institution != institution) return refuse(asked_by(m->header), profile::other_institution);
  const auto content = digest_of("url|" + m->purpose.text + '|' + m->format.text + '|' + m->change.text);
  return settle(asked_by(m->header), "url", content, [&] {
    wire::url_result r;
    r.header = wire_header(institution, m->header.identifier);
    const bool known = m->purpose.known() && m->format.known() && m->change.known();
    r.status = known ? person_status::normal : person_status::error;
    if (!known) r.result_code = profile::unreadable_request.code;
    if (!known) r.message = profile::unreadable_request.message;
    const web_place place{institution, m->purpose.is(url_purpose::online)};
    const bool renew = m->change.is(url_change::renew);
    if (known)
      r.url = (options_.web_address.empty() ? "https://simulated.invalid" : options_.web_address) +
              std::string{profile::web_path} + web_.address_of(place, renew ? m->header.identifier : std::string{});
    const std::string pdf = sample_pdf;
    r.image = m->format.is(url_format::pdf) ? to_base64(messages::bytes(pdf.begin(), pdf.end())) : point_png;
    outcome o;
    o.xml = write_message(r, *names_);
    return o;
  });
}

centre::reply centre::give_records(const std::string& institution, std::string_view body, bool checkup) {
  const auto m = read_message<wire::records_request>(body, *names_);
  if (!m) return refuse(asked_by(institution), profile::unreadable_request, m.error().args.front());
  message_header asked;
  asked.institution = m->header.institution;
  asked.identifier = m->header.identifier;
  if (asked.institution != institution) return refuse(asked, profile::other_institution);
  const auto& h = m->header;
  const auto content =
      digest_of("records|" + normalised(h.insurer) + '|' + normalised(h.symbol) + '|' + normalised(h.number) + '|' +
                m->from_month + '|' + m->to_month + '|' + m->category.text + '|' + m->treatment.text);
  return settle(asked, checkup ? "checkup" : "drugs", content, [&] {
    const messages::insured_number number{h.insurer, h.symbol, h.number, h.branch, ""};
    const auto found = persons_.find_number(number);
    const auto* person = found.size() == 1 ? found.front().person : nullptr;
    outcome o;
    if (person) o.person = person->card_name;
    const bool allowed =
        person && viewable_.contains(std::pair{institution, person->card_name}) && !has_withdrawn(institution, *person);
    if (!allowed) {
      wire::drug_history no;
      no.result_code = "2";
      no.message = std::string(profile::no_viewing.message);
      o.xml = write_message(no, *names_);
    } else if (m->category.is(file_category::drugs_pdf) || m->category.is(file_category::drugs_and_treatment_pdf)) {
      o.xml = sample_pdf;
    } else {
      o.xml = checkup ? write_message(checkups_of(*person), *names_) : write_message(drugs_of(*person), *names_);
    }
    return o;
  });
}

std::optional<std::string> centre::check_in(const std::string& card_name, const std::string& institution,
                                            const messages::consent_choices& choices) {
  const std::lock_guard lock{mutex_};
  const auto* person = persons_.find_card(card_name);
  if (!person) return std::nullopt;
  const auto now = options_.now_ms();
  wire::confirmation c;
  c.header = wire_header(institution, digest_of(card_name + std::to_string(now)).substr(0, 28));
  c.header.confirmed_on = japanese_time(now).substr(0, 8);
  c.header.reference = reference_class::my_number_card;
  c.status = person_status::normal;
  c.validity.text = std::to_string(static_cast<int>(person->judged));
  for (const auto& one : person->insurances)
    if (!one.superseded) c.insurances.push_back(one.full);
  if (!c.insurances.empty()) {
    auto& first = c.insurances.front();
    first.reference_number = ledger_->number_of(institution, card_name);
    const auto state = [&](wire::consent wire::insurance::*consent, messages::choice given, bool viewing) {
      if ((first.*consent).flag.stated()) return; // the data file says otherwise
      (first.*consent).flag = given == messages::choice::given ? consent_state::given : consent_state::none;
      if (given != messages::choice::given) return;
      (first.*consent).consented = japanese_time(now);
      if (viewing) (first.*consent).available_until = japanese_time(now + 24ull * 60 * 60 * 1000);
    };
    state(&wire::insurance::surgery, choices.surgery, true);
    state(&wire::insurance::treatment, choices.treatment, true);
    state(&wire::insurance::drugs, choices.drugs, true);
    state(&wire::insurance::checkup, choices.checkup, true);
    state(&wire::insurance::limit_told, choices.limit, false);
    state(&wire::insurance::disease_told, choices.specified_disease, false);
    if (choices.limit != messages::choice::given) first.limit.reset();
    if (choices.specified_disease != messages::choice::given) first.diseases.clear();
  }
  viewable_.emplace(institution, card_name);
  return write_message(c, *names_);
}

} // namespace drivers::line
