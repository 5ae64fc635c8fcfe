// Reading the gateway's views for whoever asks.
#include "actors/eligibility_gateway/declaration.hpp"
#include "actors/eligibility_gateway/actor_lists.hpp"
#include "messages/spelling.hpp"
#include "storage/load.hpp"
#include "storage/views/handovers.hpp"
#include "storage/views/outage_ledger.hpp"
#include "storage/views/patients.hpp"
#include "storage/views/registrations.hpp"

#include <algorithm>

namespace eligibility_gateway {

using namespace messages;

namespace {

constexpr std::size_t rows_max = 1'000; ///< of one reply
constexpr std::size_t candidates_max = 50;

waiting_row waiting_from(const storage::ledger_row& row) {
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
    w.changed = personal{differences(row.person.reveal(), declared, answered, weights{})};
  return w;
}

result<std::string> list(const list_waiting& m, const storage::journal& from, bool line_up) {
  auto rows = storage::load_rows<storage::ledger_row>(from, "outage_ledger", storage::ledger_prefix, 20'000);
  if (!rows) return failure(rows.error());
  std::erase_if(*rows, [&](const auto& row) { return m.open_only && row.settled(); });
  std::ranges::stable_sort(*rows, {}, &storage::ledger_row::begun_ms);
  waiting_list reply{line_up, {}};
  for (const auto& row : *rows)
    if (reply.rows.size() < rows_max) reply.rows.push_back(waiting_from(row));
  return encode_body(reply);
}

result<std::string> list(const print_declaration& m, const storage::journal& from, bool) {
  const auto stored = from.get("outage_ledger", std::string{storage::ledger_prefix} + storage::key_of(m.checkin));
  if (!stored) return failure(stored.error());
  const auto row = *stored ? storage::decode_row<storage::ledger_row>(**stored) : std::nullopt;
  if (!row) return failure(error_code::unknown_checkin);
  const auto page = declaration_page(row->declared.reveal(), row->person.reveal(), row->begun_ms);
  return encode_body(printed_form{personal{page}});
}

result<std::string> list(const list_handovers&, const storage::journal& from, bool) {
  auto rows = storage::load_rows<handover_status>(from, "handovers", "", rows_max);
  if (!rows) return failure(rows.error());
  return encode_body(handover_list{std::move(*rows)});
}

result<std::string> list(const list_registrations&, const storage::journal& from, bool) {
  auto rows = storage::load_rows<registration_status>(from, "registrations", storage::registration_prefix, 20'000);
  if (!rows) return failure(rows.error());
  std::ranges::reverse(*rows); // keys are ordered by age
  if (rows->size() > rows_max) rows->resize(rows_max);
  return encode_body(registration_list{std::move(*rows)});
}

} // namespace

std::optional<result<std::string>> read_list(const command_envelope& command, const storage::journal& from,
                                             bool line_up) {
  std::optional<result<std::string>> reply;
  const auto try_one = [&]<class M>() {
    if (command.topic != M::topic) return;
    const auto m = decode_body<M>(command.body, command.v);
    reply = m ? list(*m, from, line_up) : result<std::string>{failure(m.error())};
  };
  try_one.template operator()<list_waiting>();
  try_one.template operator()<print_declaration>();
  try_one.template operator()<list_handovers>();
  try_one.template operator()<list_registrations>();
  return reply;
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

} // namespace eligibility_gateway
