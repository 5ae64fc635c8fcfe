// Reading the gateway's views for whoever asks.
#include "actors/eligibility_gateway/declaration.hpp"
#include "actors/eligibility_gateway/actor_lists.hpp"
#include "messages/spelling.hpp"
#include "storage/load.hpp"
#include "storage/views/consents.hpp"
#include "storage/views/face_files.hpp"
#include "storage/views/handovers.hpp"
#include "storage/views/outage_ledger.hpp"
#include "storage/views/patients.hpp"
#include "storage/views/questions.hpp"
#include "storage/views/registrations.hpp"
#include "storage/views/visitors.hpp"

#include <algorithm>

namespace eligibility_gateway {

using namespace messages;

namespace {

constexpr std::size_t rows_max = 1'000; ///< of one reply
constexpr std::size_t candidates_max = 50;
constexpr std::size_t consented_max = 50;

/// What lists are made of.
struct source {
  const storage::journal& journal;
  bool line_up;
  const weights& weigh;
};

waiting_row waiting_from(const storage::ledger_row& row, const weights& weigh) {
  waiting_row w{row.checkin, row.question, row.patient, row.desk, row.begun_ms, {}, row.outcome,
                row.judged,  row.error,    {},          {}};
  w.still = row.settled()                                ? waiting_for::nothing
            : row.question.empty()                       ? waiting_for::details
            : row.outcome == question_outcome::not_asked ? waiting_for::line
                                                         : waiting_for::answer;
  const auto& answered = row.answered.reveal();
  const auto& declared = row.declared.reveal();
  w.name = personal{declared.name.empty() ? answered.name : declared.name};
  if (row.outcome == question_outcome::answered)
    w.changed = personal{differences(row.person.reveal(), declared, answered, weigh)};
  return w;
}

result<std::string> list(const list_waiting& m, const source& from) {
  auto rows = storage::load_rows<storage::ledger_row>(from.journal, "outage_ledger", storage::ledger_prefix, 20'000);
  if (!rows) return failure(rows.error());
  std::erase_if(*rows, [&](const auto& row) { return m.open_only && row.settled(); });
  std::ranges::stable_sort(*rows, {}, &storage::ledger_row::begun_ms);
  waiting_list reply{from.line_up, {}};
  for (const auto& row : *rows)
    if (reply.rows.size() < rows_max) reply.rows.push_back(waiting_from(row, from.weigh));
  return encode_body(reply);
}

result<std::string> list(const print_declaration& m, const source& from) {
  const auto stored =
      from.journal.get("outage_ledger", std::string{storage::ledger_prefix} + storage::key_of(m.checkin));
  if (!stored) return failure(stored.error());
  const auto row = *stored ? storage::decode_row<storage::ledger_row>(**stored) : std::nullopt;
  if (!row) return failure(error_code::unknown_checkin);
  const auto page = declaration_page(row->declared.reveal(), row->person.reveal(), row->begun_ms);
  return encode_body(printed_form{personal{page}});
}

result<std::string> list(const list_face_files& m, const source& from) {
  const auto taken =
      storage::load_rows<storage::face_file_row>(from.journal, "face_files", storage::face_file_prefix, 20'000);
  if (!taken) return failure(taken.error());
  face_file_list reply;
  for (auto row = taken->rbegin(); row != taken->rend() && reply.rows.size() < rows_max; ++row) {
    if (m.unclaimed_only && !row->desk.empty()) continue;
    face_checkin_row shown{row->question, row->checkin, row->patient, row->desk, row->file, row->taken_ms, {}, {}, {}};
    const auto stored = from.journal.get("questions", storage::question_key(row->question));
    if (!stored) return failure(stored.error());
    if (const auto q = *stored ? storage::decode_row<storage::question_row>(**stored) : std::nullopt) {
      shown.outcome = q->outcome;
      shown.judged = q->judged;
      shown.name = q->name;
    }
    reply.rows.push_back(std::move(shown));
  }
  std::ranges::stable_sort(reply.rows, std::greater{}, &face_checkin_row::taken_ms);
  return encode_body(reply);
}

result<std::string> list(const list_handovers&, const source& from) {
  auto rows = storage::load_rows<handover_status>(from.journal, "handovers", "", rows_max);
  if (!rows) return failure(rows.error());
  return encode_body(handover_list{std::move(*rows)});
}

result<std::string> list(const list_registrations&, const source& from) {
  auto rows =
      storage::load_rows<registration_status>(from.journal, "registrations", storage::registration_prefix, 20'000);
  if (!rows) return failure(rows.error());
  std::ranges::reverse(*rows); // keys are ordered by age
  if (rows->size() > rows_max) rows->resize(rows_max);
  return encode_body(registration_list{std::move(*rows)});
}

/// Is this the person who is looked for? What is empty is not compared.
bool is_meant(const insured_number& wanted, const insured_number& kept) {
  const auto same = [](const std::string& a, const std::string& b) {
    return a.empty() || normal_number(a) == normal_number(b);
  };
  return same(wanted.insurer, kept.insurer) && same(wanted.symbol, kept.symbol) && same(wanted.number, kept.number) &&
         same(wanted.branch, kept.branch) && (wanted.birth_date.empty() || wanted.birth_date == kept.birth_date);
}

/// 同意取消照会: whose consent for home visits is in force. Online consents end with their day and outpatients' by
/// themselves: nothing of them is withdrawn here.
result<std::string> list(const find_consented& m, const source& from) {
  const auto& wanted = m.person.reveal();
  if (wanted.insurer.empty() && wanted.number.empty() && wanted.branch.empty() && wanted.birth_date.empty())
    return failure(error_code::missing_value, "person");
  const auto rows = storage::load_rows<storage::consent_row>(from.journal, "consents", "", 100'000);
  if (!rows) return failure(rows.error());
  const journal_book book{from.journal};
  consented_list reply;
  for (const auto& row : *rows) {
    if (!is_meant(wanted, row.person.reveal())) continue;
    consented_row found{row.patient, care::home_visit, {}, {}, {}, {}, row.person};
    const auto add = [&](information_kind kind, const storage::kept_consent& kept) {
      if (kept.flag != 1 || kept.how != care::home_visit) return;
      found.kinds.push_back(kind);
      found.consented = std::max(found.consented, kept.consented);
    };
    add(information_kind::drugs, row.drugs);
    add(information_kind::treatment, row.treatment);
    add(information_kind::surgery, row.surgery);
    add(information_kind::checkup, row.checkup);
    if (found.kinds.empty()) continue;
    reply.more = reply.rows.size() == consented_max;
    if (reply.more) break;
    if (const auto records = book.of_handle(row.patient); !records.empty()) {
      found.number = personal{records.front().reference_number};
      found.name = personal{records.front().name};
    } else if (const auto visitor = visitor_of(row.patient, from.journal)) {
      found.number = personal{visitor->number};
      found.name = personal{visitor->name};
    }
    reply.rows.push_back(std::move(found));
  }
  return encode_body(reply);
}

} // namespace

std::optional<result<std::string>> read_list(const command_envelope& command, const storage::journal& journal,
                                             bool line_up, const weights& weigh) {
  const source from{journal, line_up, weigh};
  std::optional<result<std::string>> reply;
  const auto try_one = [&]<class M>() {
    if (command.topic != M::topic) return;
    const auto m = decode_body<M>(command.body, command.v);
    reply = m ? list(*m, from) : result<std::string>{failure(m.error())};
  };
  try_one.template operator()<list_waiting>();
  try_one.template operator()<print_declaration>();
  try_one.template operator()<list_face_files>();
  try_one.template operator()<list_handovers>();
  try_one.template operator()<list_registrations>();
  try_one.template operator()<find_consented>();
  return reply;
}

std::optional<visitor> visitor_of(const id& patient, const storage::journal& from) {
  const auto stored = from.get("visitors", storage::visitor_key(patient));
  const auto row = stored && *stored ? storage::decode_row<storage::visitor_row>(**stored) : std::nullopt;
  return row ? std::optional{row->who.reveal()} : std::nullopt;
}

command_envelope with_known_insurance(command_envelope command, const storage::journal& from) {
  auto m = command.topic == register_numbers::topic ? decode_body<register_numbers>(command.body, command.v)
                                                    : result<register_numbers>{failure(error_code::unknown_topic)};
  if (!m) return command;
  for (auto& row : m->rows) {
    if (row.patient.empty() || !row.person.reveal().number.empty()) continue;
    if (const auto known = visitor_of(row.patient, from)) row.person = personal{known->person};
  }
  command.body = encode_body(*m);
  return command;
}

std::optional<patient_record> journal_book::record(const std::string& key) const {
  const auto stored = from_.get("patients", key);
  const auto row = stored && *stored ? storage::decode_row<storage::patient_row>(**stored) : std::nullopt;
  return row ? std::optional{row->record.reveal()} : std::nullopt;
}

std::vector<patient_record> journal_book::led_to(const std::string& prefix) const {
  std::vector<patient_record> found;
  const auto rows = from_.rows_of("patients", prefix, candidates_max);
  if (!rows) return found;
  for (const auto& [way, key] : *rows)
    if (auto r = record(key)) found.push_back(std::move(*r));
  return found;
}

std::vector<patient_record> journal_book::of_handle(const id& handle) const {
  const auto key = from_.get("patients", storage::handle_key(handle));
  if (!key || !*key) return {};
  auto r = record(**key);
  return r ? std::vector{std::move(*r)} : std::vector<patient_record>{};
}

std::vector<patient_record> journal_book::of_reference(const std::string& number) const {
  auto found = led_to(storage::reference_prefix(number));
  std::erase_if(found, [&](const auto& r) { return normal_number(r.reference_number) != normal_number(number); });
  return found;
}

std::vector<patient_record> journal_book::of_kana(const std::string& kana, const std::string& birth) const {
  auto found = led_to(storage::kana_prefix(kana, birth));
  std::erase_if(found,
                [&](const auto& r) { return r.birth_date != birth || normal_kana(r.kana) != normal_kana(kana); });
  return found;
}

std::optional<undecided_answer> journal_book::undecided(const id& question) const {
  const auto stored = from_.get("patients", storage::undecided_key(question));
  return stored && *stored ? storage::decode_row<undecided_answer>(**stored) : std::nullopt;
}

std::optional<viewing_consent> journal_book::consent(const id& patient, information_kind kind) const {
  const auto stored = from_.get("consents", storage::key_of(patient));
  const auto row = stored && *stored ? storage::decode_row<storage::consent_row>(**stored) : std::nullopt;
  if (!row) return std::nullopt;
  const auto& kept = kind == information_kind::drugs       ? row->drugs
                     : kind == information_kind::treatment ? row->treatment
                     : kind == information_kind::surgery   ? row->surgery
                                                           : row->checkup;
  return viewing_consent{kept.index,
                         {kept.flag, kept.consented, kept.available_until},
                         {kept.how, kept.appointment, false},
                         row->person};
}

} // namespace eligibility_gateway
