// Everything that can have happened, as it stands in the journal and on the bus. Past participles. An event with
// personal data names its patient: the key it is sealed under.
#pragma once

#include "messages/patients.hpp"

namespace messages {

// -- the house -----------------------------------------------------------------------------------------------------

/// A hub node began to work on this journal.
struct node_started {
  static constexpr std::string_view topic = "node.started";
  static constexpr std::uint64_t version = 1;
  std::string name;
  std::vector<std::string> actors;
  std::string program_version;
  UKETSUKE_FIELDS(node_started, name, actors, program_version)
};

/// An actor died and was started again by the supervisor.
struct actor_restarted {
  static constexpr std::string_view topic = "node.actor_restarted";
  static constexpr std::uint64_t version = 1;
  std::string actor;
  std::string reason;
  std::uint64_t times = 0; ///< since the node started
  UKETSUKE_FIELDS(actor_restarted, actor, reason, times)
};

/// A desk's reader can be worked with, or no longer.
struct reader_attached {
  static constexpr std::string_view topic = "desk.reader_attached";
  static constexpr std::uint64_t version = 1;
  std::string model;
  UKETSUKE_FIELDS(reader_attached, model)
};
struct reader_detached {
  static constexpr std::string_view topic = "desk.reader_detached";
  static constexpr std::uint64_t version = 1;
  std::string error; ///< name of errors.def
  UKETSUKE_FIELDS(reader_detached, error)
};

/// 業務開始・終了.
struct desk_opened {
  static constexpr std::string_view topic = "desk.opened";
  static constexpr std::uint64_t version = 1;
  UKETSUKE_NO_FIELDS(desk_opened)
};
struct desk_closed {
  static constexpr std::string_view topic = "desk.closed";
  static constexpr std::uint64_t version = 1;
  UKETSUKE_NO_FIELDS(desk_closed)
};

/// 無人運転 / 目視確認モードに切替.
struct desk_mode_switched {
  static constexpr std::string_view topic = "desk.mode_switched";
  static constexpr std::uint64_t version = 2;
  desk_mode mode{};
  id card; ///< since v2: the mark of the only card that the visual check takes; empty: any
  UKETSUKE_FIELDS(desk_mode_switched, mode, card)
};

/// 目視確認: staff compared the card's photo with the patient; its card may be placed now.
struct photo_compared {
  static constexpr std::string_view topic = "desk.photo_compared";
  static constexpr std::uint64_t version = 1;
  std::string account; ///< who vouches
  UKETSUKE_FIELDS(photo_compared, account)
};

struct desk_described {
  static constexpr std::string_view topic = "desk.described";
  static constexpr std::uint64_t version = 1;
  desk_kind kind{};
  bool has_display = true;
  UKETSUKE_FIELDS(desk_described, kind, has_display)
};

/// 画面に更新が必要な旨が表示された, or the restart that it wanted is complete.
struct update_noted {
  static constexpr std::string_view topic = "desk.update_noted";
  static constexpr std::uint64_t version = 1;
  bool pending = false;
  UKETSUKE_FIELDS(update_noted, pending)
};

/// 職員を呼ぶ was pressed at this desk; then somebody went there.
struct staff_called {
  static constexpr std::string_view topic = "desk.staff_called";
  static constexpr std::uint64_t version = 1;
  UKETSUKE_NO_FIELDS(staff_called)
};
struct staff_attended {
  static constexpr std::string_view topic = "desk.staff_attended";
  static constexpr std::uint64_t version = 1;
  UKETSUKE_NO_FIELDS(staff_attended)
};

// -- one check-in, step by step ------------------------------------------------------------------------------------

/// マイナンバーカードを置く: a check-in begins.
struct card_placed {
  static constexpr std::string_view topic = "checkin.card_placed";
  static constexpr std::uint64_t version = 3;
  id reader_session; ///< from this placing of the card to its removal
  card_kind kind{};
  std::int64_t tries_left = 0; ///< of the user-authentication PIN; -1 not readable
  id patient;                  ///< handle: the mark of the card's certificate
  certificate_standing certificate{}; ///< since v2
  std::string error;                  ///< since v3: name of errors.def, why the card could not be read; else empty
  UKETSUKE_FIELDS(card_placed, reader_session, kind, tries_left, patient, certificate, error)
};

/// 本人確認方法を選択.
struct identity_method_chosen {
  static constexpr std::string_view topic = "checkin.identity_method_chosen";
  static constexpr std::uint64_t version = 1;
  identity_method method{};
  UKETSUKE_FIELDS(identity_method_chosen, method)
};

/// The durable permission without which no VERIFY is sent; one attempt, one VERIFY.
struct pin_attempt_allowed {
  static constexpr std::string_view topic = "checkin.pin_attempt_allowed";
  static constexpr std::uint64_t version = 1;
  id attempt;
  id reader_session;
  std::int64_t tries_left = 0;
  UKETSUKE_FIELDS(pin_attempt_allowed, attempt, reader_session, tries_left)
};

struct pin_attempt_ended {
  static constexpr std::string_view topic = "checkin.pin_attempt_ended";
  static constexpr std::uint64_t version = 1;
  id attempt;
  pin_outcome outcome{};
  std::int64_t tries_left = 0; ///< -1: could not be read again yet
  UKETSUKE_FIELDS(pin_attempt_ended, attempt, outcome, tries_left)
};

/// One comparison of a face with the card's photo is over. `different` counts as a failure of this card.
struct face_attempt_ended {
  static constexpr std::string_view topic = "checkin.face_attempt_ended";
  static constexpr std::uint64_t version = 1;
  id patient;
  face_outcome outcome{};
  std::string model; ///< as in face_report
  UKETSUKE_FIELDS(face_attempt_ended, patient, outcome, model)
};

/// Staff decided what the engine could not tell; the envelope's account is who vouched.
struct face_decided {
  static constexpr std::string_view topic = "checkin.face_decided";
  static constexpr std::uint64_t version = 1;
  id patient;
  bool same_person = false;
  UKETSUKE_FIELDS(face_decided, patient, same_person)
};

/// The card signed the centre's challenge after its owner's PIN, or for a face that was confirmed: the proof that goes
/// with the question. With `visual` there is no signature: the simulated profile alone answers that
/// (drivers/line/README.md).
struct identity_proven {
  static constexpr std::string_view topic = "checkin.identity_proven";
  static constexpr std::uint64_t version = 1;
  id patient;
  identity_method method{};
  std::string challenge_id;
  personal<bytes> certificate; ///< DER, user authentication
  personal<bytes> signature;
  UKETSUKE_FIELDS(identity_proven, patient, method, challenge_id, certificate, signature)
};

/// 目視確認: this check-in waits until staff have compared the photo with the patient.
struct photo_comparison_awaited {
  static constexpr std::string_view topic = "checkin.photo_comparison_awaited";
  static constexpr std::uint64_t version = 1;
  UKETSUKE_NO_FIELDS(photo_comparison_awaited)
};

/// Who the patient is was vouched for by staff who saw card and patient: no PIN, no signature.
struct identity_vouched {
  static constexpr std::string_view topic = "checkin.identity_vouched";
  static constexpr std::uint64_t version = 1;
  id patient;
  std::string account; ///< who vouched
  UKETSUKE_FIELDS(identity_vouched, patient, account)
};

/// The patient goes on at another desk.
struct patient_moved {
  static constexpr std::string_view topic = "checkin.moved";
  static constexpr std::uint64_t version = 1;
  std::string desk; ///< where
  UKETSUKE_FIELDS(patient_moved, desk)
};

/// 同意取得・提供情報選択: all choices of the patient, refusals too, recorded only when the questions were finished.
struct consents_recorded {
  static constexpr std::string_view topic = "checkin.consents_recorded";
  static constexpr std::uint64_t version = 2;
  id patient;
  id question; ///< the identifier under which the national system is asked, now and ever after
  consent_choices choices;
  std::string language;     ///< what the patient read beside the official Japanese text
  std::string text_version; ///< of the words that were shown
  UKETSUKE_FIELDS(consents_recorded, patient, question, choices, language, text_version)
};

/// What the check-in learned from the gateway: shown to reception; the patient reads only where to go.
struct answer_shown {
  static constexpr std::string_view topic = "checkin.answer_shown";
  static constexpr std::uint64_t version = 1;
  id question;
  question_outcome outcome{};
  validity judged{};
  bool has_reference_number = false;
  std::string error; ///< name of errors.def, when there is no answer
  UKETSUKE_FIELDS(answer_shown, question, outcome, judged, has_reference_number, error)
};

/// The centre was down before anything was signed: staff record the insurance details, it is asked later.
struct eligibility_not_asked {
  static constexpr std::string_view topic = "checkin.eligibility_not_asked";
  static constexpr std::uint64_t version = 1;
  id patient;
  std::string error;
  UKETSUKE_FIELDS(eligibility_not_asked, patient, error)
};

/// 照会番号の登録 was wanted by reception.
struct registration_requested {
  static constexpr std::string_view topic = "checkin.registration_requested";
  static constexpr std::uint64_t version = 1;
  id registration; ///< its identifier on the line
  id patient;
  personal<std::string> number;
  UKETSUKE_FIELDS(registration_requested, registration, patient, number)
};

/// How 照会番号の登録 ended for this check-in.
struct reference_settled {
  static constexpr std::string_view topic = "checkin.reference_settled";
  static constexpr std::uint64_t version = 1;
  reference_outcome outcome{};
  UKETSUKE_FIELDS(reference_settled, outcome)
};

/// The staff's way on: the details of 資格確認書等, kept until the line is back.
struct walk_in_kept {
  static constexpr std::string_view topic = "checkin.walk_in_kept";
  static constexpr std::uint64_t version = 2;
  id patient;
  id question; ///< empty: there is no number to ask with yet
  personal<insured_number> person;
  choice limit{};
  personal<declared_insurance> declared{};
  UKETSUKE_FIELDS(walk_in_kept, patient, question, person, limit, declared)
};

/// Only the card is waited for.
struct card_return_awaited {
  static constexpr std::string_view topic = "checkin.card_return_awaited";
  static constexpr std::uint64_t version = 1;
  ending how{}; ///< why the check-in is over
  UKETSUKE_FIELDS(card_return_awaited, how)
};

/// カードの取り忘れ.
struct card_forgotten {
  static constexpr std::string_view topic = "checkin.card_forgotten";
  static constexpr std::uint64_t version = 1;
  UKETSUKE_NO_FIELDS(card_forgotten)
};

/// The card left the reader while the rest of the check-in goes on without it.
struct card_lifted {
  static constexpr std::string_view topic = "checkin.card_lifted";
  static constexpr std::uint64_t version = 1;
  UKETSUKE_NO_FIELDS(card_lifted)
};

/// After a restart of the hub or of an actor the check-in goes on from here.
struct checkin_resumed {
  static constexpr std::string_view topic = "checkin.resumed";
  static constexpr std::uint64_t version = 2;
  checkin_state state{};
  UKETSUKE_FIELDS(checkin_resumed, state)
};

struct checkin_ended {
  static constexpr std::string_view topic = "checkin.ended";
  static constexpr std::uint64_t version = 1;
  ending how{};
  reference_outcome reference{};
  UKETSUKE_FIELDS(checkin_ended, how, reference)
};

/// An outcome that was unknown, or a walk-in that was not asked, is known now.
struct checkin_settled {
  static constexpr std::string_view topic = "checkin.settled";
  static constexpr std::uint64_t version = 1;
  id question;
  question_outcome outcome{};
  validity judged{};
  std::string error;
  UKETSUKE_FIELDS(checkin_settled, question, outcome, judged, error)
};

// -- questions to the national system ------------------------------------------------------------------------------

/// About to be asked under this identifier. The request itself stands in the outbox until its outcome.
struct question_asked {
  static constexpr std::string_view topic = "eligibility.question_asked";
  static constexpr std::uint64_t version = 2;
  id question;
  id patient;
  question_kind kind{};
  UKETSUKE_FIELDS(question_asked, question, patient, kind)
};

struct eligibility_answered {
  static constexpr std::string_view topic = "eligibility.answered";
  static constexpr std::uint64_t version = 2;
  id question;
  id patient;
  bool settled_late = false; ///< it was unknown before
  eligibility_answer answer;
  personal<bytes> original; ///< the bytes of the national system's file
  question_kind kind{};     ///< since v2: a typed outpatient question opens no viewing
  care how{};               ///< since v2: which consents its flags speak of
  std::string appointment{}; ///< since v2: yyyyMMdd, of an online consultation
  UKETSUKE_FIELDS(eligibility_answered, question, patient, settled_late, answer, original, kind, how, appointment)
};

/// Asked, and no answer in time: never shown as failed; settled later under the same identifier.
struct outcome_unknown {
  static constexpr std::string_view topic = "eligibility.outcome_unknown";
  static constexpr std::uint64_t version = 1;
  id question;
  id patient;
  std::string error;
  UKETSUKE_FIELDS(outcome_unknown, question, patient, error)
};

struct question_refused {
  static constexpr std::string_view topic = "eligibility.question_refused";
  static constexpr std::uint64_t version = 3;
  id question;
  id patient;
  std::string error;
  std::vector<std::string> args;            ///< version 1 said the centre's words in clear; empty since
  personal<std::vector<std::string>> words; ///< the centre's code and message: they may name the person
  personal<bytes> original{};               ///< since v3: of a Face file that was refused, unless it is too large
  UKETSUKE_FIELDS(question_refused, question, patient, error, args, words, original)
};

struct reference_number_registered {
  static constexpr std::string_view topic = "eligibility.reference_number_registered";
  static constexpr std::uint64_t version = 1;
  id question; ///< the registration's identifier
  id patient;
  personal<std::string> number;
  UKETSUKE_FIELDS(reference_number_registered, question, patient, number)
};

// -- the journal about itself --------------------------------------------------------------------------------------

/// The first append of a day signs how far the chain had come: whoever keeps this event can later show that what was
/// written before is unchanged.
struct head_signed {
  static constexpr std::string_view topic = "journal.head_signed";
  static constexpr std::uint64_t version = 1;
  std::string day; ///< yyyyMMdd (JST) that begins
  std::uint64_t index = 0;
  bytes tag;        ///< chain tag of that entry
  bytes public_key; ///< Ed25519
  bytes signature;  ///< over "uketsuke head", day, index and tag; see storage/FORMAT.md
  UKETSUKE_FIELDS(head_signed, day, index, tag, public_key, signature)
};

/// The patients' keys were wrapped anew, under another key-encryption key; the one before was destroyed.
struct keys_rotated {
  static constexpr std::string_view topic = "journal.keys_rotated";
  static constexpr std::uint64_t version = 1;
  std::uint64_t generation = 0;
  std::uint64_t kept = 0, destroyed = 0; ///< keys of patients
  UKETSUKE_FIELDS(keys_rotated, generation, kept, destroyed)
};

/// Every key of this patient was destroyed: personal values read as forgotten from now on, in every copy.
struct patient_forgotten {
  static constexpr std::string_view topic = "journal.patient_forgotten";
  static constexpr std::uint64_t version = 1;
  id patient;
  std::uint64_t keys = 0;
  UKETSUKE_FIELDS(patient_forgotten, patient, keys)
};

/// Housekeeping: what was kept as long as the configuration says was forgotten, whoever it belonged to.
struct records_expired {
  static constexpr std::string_view topic = "journal.records_expired";
  static constexpr std::uint64_t version = 1;
  std::string kind;   ///< of storage/retention.hpp
  std::string before; ///< yyyyMM (JST): sealed in an earlier month
  std::uint64_t keys = 0;
  UKETSUKE_FIELDS(records_expired, kind, before, keys)
};

/// Housekeeping is due and could not be done; it is tried again. Told once, until it is done.
struct expiry_put_off {
  static constexpr std::string_view topic = "journal.expiry_put_off";
  static constexpr std::uint64_t version = 1;
  std::string error; ///< name of errors.def
  std::vector<std::string> args;
  UKETSUKE_FIELDS(expiry_put_off, error, args)
};

/// A backup of this journal was written, and every file of it read back and compared.
struct backup_made {
  static constexpr std::string_view topic = "journal.backup_made";
  static constexpr std::uint64_t version = 1;
  std::string folder;
  std::uint64_t number = 0; ///< in that folder
  std::uint64_t index = 0;  ///< up to this entry
  std::uint64_t files = 0, file_bytes = 0;
  std::uint64_t fresh_bytes = 0; ///< of file_bytes, those that no backup before had
  UKETSUKE_FIELDS(backup_made, folder, number, index, files, file_bytes, fresh_bytes)
};

/// A backup is due and could not be made; it is tried again. Told once, until one is made.
struct backup_failed {
  static constexpr std::string_view topic = "journal.backup_failed";
  static constexpr std::uint64_t version = 1;
  std::string error; ///< name of errors.def
  std::vector<std::string> args;
  UKETSUKE_FIELDS(backup_failed, error, args)
};

} // namespace messages
