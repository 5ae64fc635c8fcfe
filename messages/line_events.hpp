// What happened around the line: outages, Face files, whose an answer is, hand-over to receipt computers, reference
// numbers, and what was viewed. Past participles; the questions themselves stand in events.hpp.
#pragma once

#include "messages/patients.hpp"

namespace messages {

// -- the line ------------------------------------------------------------------------------------------------------

/// 障害の発生: the national system is not asked any more until it answers a trial.
struct line_lost {
  static constexpr std::string_view topic = "line.lost";
  static constexpr std::uint64_t version = 1;
  std::string error; ///< name of errors.def: the last failure
  UKETSUKE_FIELDS(line_lost, error)
};

/// 復旧: what could not be asked is asked now, in order.
struct line_restored {
  static constexpr std::string_view topic = "line.restored";
  static constexpr std::uint64_t version = 1;
  std::uint64_t lasted_ms = 0;
  UKETSUKE_FIELDS(line_restored, lasted_ms)
};

// -- Face files ----------------------------------------------------------------------------------------------------

/// A certified reader's own check-in came as a file; its answer follows in the same append. The desk of the envelope is
/// the folder's, or empty where readers share a folder: then staff claim it.
struct face_file_taken {
  static constexpr std::string_view topic = "line.face_file_taken";
  static constexpr std::uint64_t version = 1;
  id question; ///< made from the file's name and bytes: the same file twice is one check-in; nobody asked
  id patient;
  std::string file; ///< its name: no personal data
  UKETSUKE_FIELDS(face_file_taken, question, patient, file)
};

/// Staff said whose check-in this is; the desk stands in the envelope.
struct face_file_claimed {
  static constexpr std::string_view topic = "line.face_file_claimed";
  static constexpr std::uint64_t version = 1;
  id question;
  id patient;
  UKETSUKE_FIELDS(face_file_claimed, question, patient)
};

// -- whose an answer is --------------------------------------------------------------------------------------------

struct answer_matched {
  static constexpr std::string_view topic = "patient.answer_matched";
  static constexpr std::uint64_t version = 1;
  id question;
  id patient; ///< of the answer
  id record;  ///< the patient of this clinic
  match_basis by{};
  personal<std::vector<difference>> differences;
  UKETSUKE_FIELDS(answer_matched, question, patient, record, by, differences)
};

/// Nobody was picked: staff see the candidates side by side.
struct match_stopped {
  static constexpr std::string_view topic = "patient.match_stopped";
  static constexpr std::uint64_t version = 1;
  id question;
  id patient;
  match_stop why{};
  std::vector<id> candidates;
  UKETSUKE_FIELDS(match_stopped, question, patient, why, candidates)
};

/// A patient is new to the clinic, or staff accepted what an answer says differently.
struct patient_recorded {
  static constexpr std::string_view topic = "patient.recorded";
  static constexpr std::uint64_t version = 1;
  id patient;
  id question; ///< the answer it was taken from; empty: typed by staff
  personal<patient_record> record;
  UKETSUKE_FIELDS(patient_recorded, patient, question, record)
};

// -- hand-over -----------------------------------------------------------------------------------------------------

/// An answer is to be written for a receipt computer; its row in the outbox stands until it was.
struct handover_begun {
  static constexpr std::string_view topic = "line.handover_begun";
  static constexpr std::uint64_t version = 1;
  id handover; ///< of this answer for this receipt computer
  id question;
  id patient;
  std::string receipt_computer;
  std::string file;
  UKETSUKE_FIELDS(handover_begun, handover, question, patient, receipt_computer, file)
};

struct handover_written {
  static constexpr std::string_view topic = "line.handover_written";
  static constexpr std::uint64_t version = 1;
  id handover;
  UKETSUKE_FIELDS(handover_written, handover)
};

/// The receipt computer took the file away.
struct handover_taken {
  static constexpr std::string_view topic = "line.handover_taken";
  static constexpr std::uint64_t version = 1;
  id handover;
  UKETSUKE_FIELDS(handover_taken, handover)
};

// -- reference numbers ---------------------------------------------------------------------------------------------

/// 照会番号 on its way to be registered; `eligibility.reference_number_registered` or a refusal ends it.
struct registration_begun {
  static constexpr std::string_view topic = "line.registration_begun";
  static constexpr std::uint64_t version = 1;
  id registration;
  id patient;
  personal<std::string> number;
  bool background = false; ///< nobody waits for it
  UKETSUKE_FIELDS(registration_begun, registration, patient, number, background)
};

/// 照会番号一括登録: these registrations go as one request.
struct registrations_sent {
  static constexpr std::string_view topic = "line.registrations_sent";
  static constexpr std::uint64_t version = 1;
  id batch; ///< the request's identifier on the line
  std::vector<id> registrations;
  UKETSUKE_FIELDS(registrations_sent, batch, registrations)
};
/// Taken in for processing; what became of each row is not known yet.
struct registrations_accepted {
  static constexpr std::string_view topic = "line.registrations_accepted";
  static constexpr std::uint64_t version = 1;
  id batch;
  std::string reception_number;
  UKETSUKE_FIELDS(registrations_accepted, batch, reception_number)
};
/// Each row has its own event in the same append.
struct registrations_collected {
  static constexpr std::string_view topic = "line.registrations_collected";
  static constexpr std::uint64_t version = 1;
  id batch;
  std::uint64_t registered = 0, refused = 0;
  std::uint64_t missing = 0; ///< of the refused: not in the result
  UKETSUKE_FIELDS(registrations_collected, batch, registered, refused, missing)
};

// -- what is viewed within a consent -------------------------------------------------------------------------------
// The envelope names the account and the desk of each.

/// About to be fetched from the national system, within the consent of this index.
struct records_asked {
  static constexpr std::string_view topic = "records.asked";
  static constexpr std::uint64_t version = 1;
  id question, patient;
  information_kind kind{};
  std::uint64_t consent = 0;
  UKETSUKE_FIELDS(records_asked, question, patient, kind, consent)
};
/// They came: the bytes as received.
struct records_fetched {
  static constexpr std::string_view topic = "records.fetched";
  static constexpr std::uint64_t version = 1;
  id question, patient;
  information_kind kind{};
  std::uint64_t consent = 0;
  std::string from_month, to_month; ///< yyyyMM
  personal<bytes> original;
  UKETSUKE_FIELDS(records_fetched, question, patient, kind, consent, from_month, to_month, original)
};
/// 閲覧: they were handed out to the envelope's account.
struct records_viewed {
  static constexpr std::string_view topic = "records.viewed";
  static constexpr std::uint64_t version = 1;
  id question, patient;
  information_kind kind{};
  std::uint64_t consent = 0;
  UKETSUKE_FIELDS(records_viewed, question, patient, kind, consent)
};
/// Not handed out: no consent is in force, or they did not come.
struct records_refused {
  static constexpr std::string_view topic = "records.refused";
  static constexpr std::uint64_t version = 1;
  id question, patient;
  information_kind kind{};
  std::uint64_t consent = 0; ///< 0: there is none
  std::string error;         ///< name of errors.def
  UKETSUKE_FIELDS(records_refused, question, patient, kind, consent, error)
};

/// 同意取消 of home visits was asked for: viewing is closed from here on.
struct consent_withdrawn {
  static constexpr std::string_view topic = "consent.withdrawn";
  static constexpr std::uint64_t version = 1;
  id question, patient;
  UKETSUKE_FIELDS(consent_withdrawn, question, patient)
};
/// What the centre made of it. A refusal is `eligibility.question_refused`.
struct withdrawal_ended {
  static constexpr std::string_view topic = "consent.withdrawal_ended";
  static constexpr std::uint64_t version = 1;
  id question, patient;
  std::string code; ///< ProcessingResultCode; empty: withdrawn
  personal<std::string> message;
  personal<bytes> original;
  UKETSUKE_FIELDS(withdrawal_ended, question, patient, code, message, original)
};

} // namespace messages
