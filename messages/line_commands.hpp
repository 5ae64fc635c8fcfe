// What reception and the tools ask of the gateway beside the questions: the outage's list, Face files, whose an answer
// is, hand-over, reference numbers, and what is viewed within a consent. Verbs; each names the type of its reply.
#pragma once

#include "messages/commands.hpp"
#include "messages/patients.hpp"
#include "messages/records.hpp"

namespace messages {

// -- the outage ----------------------------------------------------------------------------------------------------

/// What is missing before a check-in of the outage is over.
UKETSUKE_ENUMERATION(waiting_for, details, line, answer, nothing)

/// One check-in that could not be verified at once.
struct waiting_row {
  id checkin, question, patient;
  std::string desk;
  std::uint64_t begun_ms = 0;
  waiting_for still{};
  question_outcome outcome{};
  validity judged{};
  std::string error;
  personal<std::string> name;
  personal<std::vector<difference>> changed; ///< what the answer says differently from what was written down

  UKETSUKE_FIELDS(waiting_row, checkin, question, patient, desk, begun_ms, still, outcome, judged, error, name, changed)
};
struct waiting_list {
  static constexpr std::string_view topic = "line.waiting_list";
  static constexpr std::uint64_t version = 1;
  bool line_up = true;
  std::vector<waiting_row> rows; ///< by time
  UKETSUKE_FIELDS(waiting_list, line_up, rows)
};
/// Who is still open, at closing time and before; with those whom the outage held up and who are settled since.
struct list_waiting {
  static constexpr std::string_view topic = "line.list_waiting";
  static constexpr std::uint64_t version = 1;
  using reply = waiting_list;
  bool open_only = false;
  UKETSUKE_FIELDS(list_waiting, open_only)
};

struct printed_form {
  static constexpr std::string_view topic = "line.printed_form";
  static constexpr std::uint64_t version = 1;
  personal<std::string> html; ///< a whole page, ready to print; holds no scripts and no addresses of others
  UKETSUKE_FIELDS(printed_form, html)
};
/// 被保険者資格申立書 of a check-in, filled in with what is known.
struct print_declaration {
  static constexpr std::string_view topic = "line.print_declaration";
  static constexpr std::uint64_t version = 1;
  using reply = printed_form;
  id checkin;
  UKETSUKE_FIELDS(print_declaration, checkin)
};

// -- Face files and patients ---------------------------------------------------------------------------------------

struct claim_face_file {
  static constexpr std::string_view topic = "line.claim_face_file";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  id question;
  std::string desk;
  UKETSUKE_FIELDS(claim_face_file, question, desk)
};

/// A check-in at a certified reader.
struct face_checkin_row {
  id question, checkin, patient;
  std::string desk; ///< empty: nobody has claimed it
  std::string file;
  std::uint64_t taken_ms = 0;
  question_outcome outcome{};
  validity judged{};
  personal<std::string> name;

  UKETSUKE_FIELDS(face_checkin_row, question, checkin, patient, desk, file, taken_ms, outcome, judged, name)
};
struct face_file_list {
  static constexpr std::string_view topic = "line.face_file_list";
  static constexpr std::uint64_t version = 1;
  std::vector<face_checkin_row> rows; ///< newest first
  UKETSUKE_FIELDS(face_file_list, rows)
};
struct list_face_files {
  static constexpr std::string_view topic = "line.list_face_files";
  static constexpr std::uint64_t version = 1;
  using reply = face_file_list;
  bool unclaimed_only = false;
  UKETSUKE_FIELDS(list_face_files, unclaimed_only)
};

/// One patient whom an answer may mean, beside the answer.
struct match_candidate {
  patient_record record;
  std::vector<difference> differences;

  UKETSUKE_FIELDS(match_candidate, record, differences)
};
struct match_report {
  static constexpr std::string_view topic = "patient.match_report";
  static constexpr std::uint64_t version = 1;
  match_basis by{}; ///< `none`: stopped
  match_stop why{};
  id record; ///< whose it is, when it is known
  personal<std::vector<match_candidate>> candidates;
  personal<patient_record> answered; ///< what the answer itself says
  UKETSUKE_FIELDS(match_report, by, why, record, candidates, answered)
};
struct find_match {
  static constexpr std::string_view topic = "patient.find_match";
  static constexpr std::uint64_t version = 1;
  using reply = match_report;
  id question;
  UKETSUKE_FIELDS(find_match, question)
};

/// Staff saw both and decide. An empty record makes a new patient from the answer, after a search for duplicates;
/// `although_alike` says that the alike ones were seen.
struct decide_match {
  static constexpr std::string_view topic = "patient.decide_match";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  id question;
  id record;
  std::vector<differing> accepted; ///< what of the answer is taken over, field by field
  std::string reference_number;    ///< of a new patient: 照会番号 given by the clinic
  bool although_alike = false;
  UKETSUKE_FIELDS(decide_match, question, record, accepted, reference_number, although_alike)
};

// -- hand-over -----------------------------------------------------------------------------------------------------

UKETSUKE_ENUMERATION(handover_state, waiting, written, taken)

struct handover_status {
  id handover, question;
  std::string receipt_computer, file;
  handover_state now{};
  std::uint64_t changed_ms = 0;

  UKETSUKE_FIELDS(handover_status, handover, question, receipt_computer, file, now, changed_ms)
};
struct handover_list {
  static constexpr std::string_view topic = "line.handover_list";
  static constexpr std::uint64_t version = 1;
  std::vector<handover_status> rows;
  UKETSUKE_FIELDS(handover_list, rows)
};
/// What receipt computers have not taken yet.
struct list_handovers {
  static constexpr std::string_view topic = "line.list_handovers";
  static constexpr std::uint64_t version = 1;
  using reply = handover_list;
  UKETSUKE_NO_FIELDS(list_handovers)
};

// -- reference numbers ---------------------------------------------------------------------------------------------

/// One 照会番号 to be registered, singly or among many.
struct number_wanted {
  id registration; ///< its identifier on the line, made by whoever asks
  id patient;      ///< empty: not a patient known here
  personal<std::string> number;
  personal<insured_number> person;

  UKETSUKE_FIELDS(number_wanted, registration, patient, number, person)
};
struct numbers_taken {
  static constexpr std::string_view topic = "line.numbers_taken";
  static constexpr std::uint64_t version = 1;
  std::uint64_t begun = 0, known = 0;
  std::vector<std::string> refused; ///< "row 3: number": what cannot be sent
  UKETSUKE_FIELDS(numbers_taken, begun, known, refused)
};
/// In the background: no check-in waits for it. A number that a patient has already is corrected by the new one.
struct register_numbers {
  static constexpr std::string_view topic = "line.register_numbers";
  static constexpr std::uint64_t version = 1;
  using reply = numbers_taken;
  std::vector<number_wanted> rows;
  UKETSUKE_FIELDS(register_numbers, rows)
};

struct registration_status {
  id registration, patient;
  personal<std::string> number;
  question_outcome outcome{};
  std::string error;
  std::uint64_t changed_ms = 0;

  UKETSUKE_FIELDS(registration_status, registration, patient, number, outcome, error, changed_ms)
};
struct registration_list {
  static constexpr std::string_view topic = "line.registration_list";
  static constexpr std::uint64_t version = 1;
  std::vector<registration_status> rows;
  UKETSUKE_FIELDS(registration_list, rows)
};
/// Registered, waiting and refused, newest first.
struct list_registrations {
  static constexpr std::string_view topic = "line.list_registrations";
  static constexpr std::uint64_t version = 1;
  using reply = registration_list;
  UKETSUKE_NO_FIELDS(list_registrations)
};

// -- what is viewed within a consent -------------------------------------------------------------------------------

/// 閲覧. What may be seen now, and nothing else: `found` holds the kind that was asked for.
struct records_obtained {
  static constexpr std::string_view topic = "records.obtained";
  static constexpr std::uint64_t version = 1;
  id question, patient;
  information_kind kind{};
  std::uint64_t consent = 0; ///< index of the event that this view rests on
  std::string open_until;    ///< yyyyMMddHHmmss (JST): not to be shown from then on; empty: until it is withdrawn
  std::string from_month, to_month;
  std::uint64_t fetched_ms = 0;
  personal<medical_records> found;
  UKETSUKE_FIELDS(records_obtained, question, patient, kind, consent, open_until, from_month, to_month, fetched_ms,
                  found)
};
/// Asked on behalf of the envelope's account, which `records.viewed` or `records.refused` names. Refused without an
/// account (`not_signed_in`) and without a consent of this kind that is in force (`consent_missing`); judged once more
/// when the answer has come. Never asked again by itself: after an error, under another `question`.
struct obtain_records {
  static constexpr std::string_view topic = "records.obtain";
  static constexpr std::uint64_t version = 1;
  using reply = records_obtained;
  id question; ///< its identifier on the line, made by whoever asks
  id patient;  ///< the handle under which the consent was given: of the card, of the typed question, of the Face file
  information_kind kind{};
  std::uint64_t consent = 0; ///< what the asker saw it rest on: refused when another is in force; 0: whichever is
  std::string desk;
  std::string from_month, to_month; ///< yyyyMM; empty: the last twelve months. Check-ups come whole
  UKETSUKE_FIELDS(obtain_records, question, patient, kind, consent, desk, from_month, to_month)
};

/// 閲覧同意取り消し of home visits. Viewing is closed by the request itself, whatever becomes of it at the centre. That
/// the person was confirmed is the asker's business.
struct withdraw_consent {
  static constexpr std::string_view topic = "consent.withdraw";
  static constexpr std::uint64_t version = 1;
  using reply = question_report;
  id question;
  id patient;
  std::string desk;
  personal<insured_number> person; ///< with the birth date
  UKETSUKE_FIELDS(withdraw_consent, question, patient, desk, person)
};

// -- in the outbox only --------------------------------------------------------------------------------------------

/// 照会番号一括登録 under way: its rows are the registrations whose `batch` it is.
struct send_registrations {
  static constexpr std::string_view topic = "line.send_registrations";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  id batch;
  std::string reception_number; ///< empty until the centre has taken the request in; then its result is collected
  UKETSUKE_FIELDS(send_registrations, batch, reception_number)
};

/// A file for a receipt computer, as its outbox row keeps it until it was written.
struct hand_over {
  static constexpr std::string_view topic = "line.hand_over";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  id question;
  id patient;
  std::string receipt_computer;
  std::string file;
  personal<bytes> octets;
  UKETSUKE_FIELDS(hand_over, question, patient, receipt_computer, file, octets)
};

} // namespace messages
