// How events change the view `outage_ledger`.
#include "storage/views/outage_ledger.hpp"

#include "storage/views/ended_rows.hpp"

namespace storage {

using namespace messages;

namespace {

// Beside the rows: which row a question ("q") or a patient without a question ("p") leads to, and which questions are
// registrations or withdrawals ("n"), whose doubts are no check-in's.
std::string row_key(const id& checkin, const id& question) {
  return std::string{ledger_prefix} + key_of(checkin.empty() ? question : checkin);
}
std::string of_question(const id& question) { return "q" + key_of(question); }
std::string of_patient(const id& patient) { return "p" + key_of(patient); }
std::string of_registration(const id& question) { return "n" + key_of(question); }

ledger_row begin_change(const folded_event& event, const std::string& key, const id& patient, rows& from) {
  auto row = row_or_new<ledger_row>(from, key);
  if (row.begun_ms == 0) row.begun_ms = event.time_ms;
  if (row.checkin.empty()) row.checkin = event.checkin;
  if (row.desk.empty()) row.desk = event.desk;
  if (row.patient.empty()) row.patient = patient;
  row.changed_ms = event.time_ms;
  return row;
}

void not_asked(const folded_event& event, const eligibility_not_asked& m, rows& into) {
  const auto key = row_key(event.checkin, {});
  auto row = begin_change(event, key, m.patient, into);
  row.outcome = question_outcome::not_asked;
  row.error = m.error;
  into.put(key, encode_row(row));
  if (!m.patient.empty()) into.put(of_patient(m.patient), key);
}

void kept(const folded_event& event, const walk_in_kept& m, rows& into) {
  const auto key = row_key(event.checkin, m.question.empty() ? m.patient : m.question);
  auto row = begin_change(event, key, m.patient, into);
  if (row.outcome == question_outcome::open) row.outcome = question_outcome::not_asked;
  row.declared = m.declared;
  if (!m.question.empty()) {
    row.question = m.question;
    row.person = m.person;
    into.put(of_question(m.question), key);
    into.erase(of_patient(row.patient));
  }
  into.put(key, encode_row(row));
}

void unknown(const folded_event& event, const outcome_unknown& m, rows& into) {
  if (into.get(of_registration(m.question))) return;
  const auto known = into.get(of_question(m.question));
  const auto key = known.value_or(row_key(event.checkin, m.question));
  auto row = begin_change(event, key, m.patient, into);
  if (row.settled()) return;
  if (row.question.empty()) row.question = m.question;
  if (row.outcome == question_outcome::open) row.outcome = question_outcome::unknown;
  row.error = m.error;
  into.put(of_question(m.question), key);
  into.put(key, encode_row(row));
}

/// The question's row; or, for a card read again by somebody whom nobody could ask about, that check-in's.
std::optional<std::string> settled_by(const id& question, const id& patient, rows& from) {
  if (auto key = from.get(of_question(question))) return key;
  return patient.empty() ? std::nullopt : from.get(of_patient(patient));
}

template <class Settle>
void settle(const folded_event& event, const id& question, const id& patient, rows& into, Settle&& how) {
  const auto key = settled_by(question, patient, into);
  if (!key) return;
  auto row = row_or_new<ledger_row>(into, *key);
  if (row.settled()) return;
  how(row);
  row.changed_ms = event.time_ms;
  if (row.question.empty()) row.question = question;
  into.put(*key, encode_row(row));
  into.erase(of_patient(row.patient));
  note_ended(*key, event.time_ms, settled_ledger_kept_ms, into, [&](const std::string& old) {
    const auto gone = row_or_new<ledger_row>(into, old);
    into.erase(of_question(gone.question));
    into.erase(old);
  });
}

} // namespace

void fold_outage_ledger(const folded_event& event, rows& into) {
  if (const auto* m = event.as<eligibility_not_asked>()) return not_asked(event, *m, into);
  if (const auto* m = event.as<walk_in_kept>()) return kept(event, *m, into);
  if (const auto* m = event.as<outcome_unknown>()) return unknown(event, *m, into);
  if (event.as<line_lost>()) return into.put(line_key, encode_row(line_row{event.time_ms}));
  if (event.as<line_restored>()) return into.put(line_key, encode_row(line_row{}));
  if (const auto* m = event.as<question_asked>()) {
    const bool of_a_checkin = m->kind == question_kind::card || m->kind == question_kind::typed;
    if (!of_a_checkin) into.put(of_registration(m->question), "");
  } else if (const auto* r = event.as<reference_number_registered>()) {
    into.erase(of_registration(r->question));
  } else if (const auto* w = event.as<withdrawal_ended>()) {
    into.erase(of_registration(w->question));
  } else if (const auto* refused = event.as<question_refused>()) {
    if (into.get(of_registration(refused->question))) return into.erase(of_registration(refused->question));
    if (!into.get(of_question(refused->question))) return; // refused at once: nothing was owed
    settle(event, refused->question, {}, into, [&](ledger_row& row) {
      row.outcome = question_outcome::refused;
      row.error = refused->error;
    });
  } else if (const auto* answered = event.as<eligibility_answered>()) {
    settle(event, answered->question, answered->patient, into, [&](ledger_row& row) {
      row.outcome = question_outcome::answered;
      row.judged = answered->answer.judged;
      row.error.clear();
      const auto& all = answered->answer.insurances.reveal();
      if (!all.empty()) row.answered = personal{all.front()};
    });
  }
}

} // namespace storage
