// How events change the view `patients`.
#include "storage/views/patients.hpp"

#include "messages/spelling.hpp"
#include "storage/views/ended_rows.hpp"

namespace storage {

using namespace messages;

std::string record_key(const id& patient) { return std::string{patient_prefix} + key_of(patient); }
std::string reference_prefix(std::string_view number) { return "n" + index_key(fingerprint(normal_number(number))); }
std::string kana_prefix(std::string_view kana, std::string_view birth_date) {
  return "k" + index_key(fingerprint(normal_kana(kana) + '\n' + std::string{birth_date}));
}
std::string handle_key(const id& handle) { return "h" + key_of(handle); }
std::string undecided_key(const id& question) { return "u" + key_of(question); }

namespace {

void put_record(const patient_record& record, rows& into) {
  const auto key = record_key(record.patient);
  const auto mark = key_of(record.patient);
  if (const auto before = into.get(key)) {
    const auto old = decode_row<patient_row>(*before).value_or(patient_row{}).record.reveal();
    into.erase(reference_prefix(old.reference_number) + mark);
    into.erase(kana_prefix(old.kana, old.birth_date) + mark);
  }
  into.put(key, encode_row(patient_row{record.patient, personal{record}}));
  into.put(handle_key(record.patient), key);
  if (!record.reference_number.empty()) into.put(reference_prefix(record.reference_number) + mark, key);
  if (!record.kana.empty()) into.put(kana_prefix(record.kana, record.birth_date) + mark, key);
}

} // namespace

void fold_patients(const folded_event& event, rows& into) {
  if (const auto* m = event.as<patient_recorded>()) {
    auto record = m->record.reveal();
    record.patient = m->patient;
    put_record(record, into);
  } else if (const auto* matched = event.as<answer_matched>()) {
    // A match by itself leaves the differences to be decided on; staff's own is the end of it.
    if (matched->by == match_basis::staff) into.erase(undecided_key(matched->question));
    if (!matched->patient.empty()) into.put(handle_key(matched->patient), record_key(matched->record));
  } else if (const auto* answered = event.as<eligibility_answered>()) {
    const auto key = undecided_key(answered->question);
    into.put(key,
             encode_row(undecided_answer{
                 answered->question, event.checkin, answered->patient, event.desk, {}, personal{answered->answer}}));
    note_ended(key, event.time_ms, undecided_kept_ms, into, [&](const std::string& old) { into.erase(old); });
  } else if (const auto* stopped = event.as<match_stopped>()) {
    auto row = row_or_new<undecided_answer>(into, undecided_key(stopped->question));
    row.question = stopped->question;
    row.why = stopped->why;
    into.put(undecided_key(stopped->question), encode_row(row));
  } else if (const auto* registered = event.as<reference_number_registered>()) {
    const auto of = into.get(handle_key(registered->patient));
    const auto stored = of ? into.get(*of) : std::nullopt;
    const auto row = stored ? decode_row<patient_row>(*stored) : std::nullopt;
    if (!row) return;
    auto record = row->record.reveal();
    record.reference_number = registered->number.reveal(); // a corrected number replaces the wrong one
    put_record(record, into);
  } else if (const auto* visitor = event.as<visitor_recorded>()) {
    if (into.get(handle_key(visitor->patient))) return; // the clinic knows them better already
    const auto& who = visitor->who.reveal();
    patient_record record;
    record.patient = visitor->patient;
    record.reference_number = who.number;
    record.name = who.name;
    record.kana = who.kana;
    record.birth_date = who.person.birth_date;
    put_record(record, into);
  } else if (const auto* forgotten = event.as<patient_forgotten>()) {
    into.erase(record_key(forgotten->patient)); // what led there leads nowhere
    into.erase(handle_key(forgotten->patient));
  }
}

} // namespace storage
