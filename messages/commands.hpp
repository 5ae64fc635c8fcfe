// Everything that can be asked of an actor. Verbs. Each command names the type of its reply.
#pragma once

#include "messages/replies.hpp"

namespace messages {

// -- to the switchboard --------------------------------------------------------------------------------------------

/// Who is on this connection; repeated as a sign of life. Answered by the switchboard itself.
struct node_hello {
  static constexpr std::string_view topic = "node.hello";
  static constexpr std::uint64_t version = 1;
  using reply = node_welcome;
  std::string node;
  std::vector<std::string> actors;
  std::string program_version;
  id incarnation; ///< of the sending process
  UKETSUKE_FIELDS(node_hello, node, actors, program_version, incarnation)
};

// -- to the reader of a desk ---------------------------------------------------------------------------------------

/// The permission is durable: send the held PIN once, then sign the challenge.
struct verify_pin {
  static constexpr std::string_view topic = "reader.verify_pin";
  static constexpr std::uint64_t version = 2;
  using reply = pin_report;
  id reader_session;
  id attempt;
  bytes challenge;
  std::int64_t tries_told = -1; ///< since v2: what the patient saw; at another number nothing is sent. -1: unknown
  UKETSUKE_FIELDS(verify_pin, reader_session, attempt, challenge, tries_told)
};

/// The PIN pad is no longer shown: wipe what was typed.
struct forget_pin {
  static constexpr std::string_view topic = "reader.forget_pin";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  id reader_session;
  UKETSUKE_FIELDS(forget_pin, reader_session)
};

/// Asked by a consent_session that was restarted: is the card of this check-in still there?
struct ask_present {
  static constexpr std::string_view topic = "reader.ask_present";
  static constexpr std::uint64_t version = 1;
  using reply = card_present;
  UKETSUKE_NO_FIELDS(ask_present)
};

/// Of the card that lies there: what is asked with when staff have seen who its owner is.
struct read_certificate {
  static constexpr std::string_view topic = "reader.read_certificate";
  static constexpr std::uint64_t version = 1;
  using reply = card_certificate;
  id reader_session;
  UKETSUKE_FIELDS(read_certificate, reader_session)
};

// -- to consent_session: facts from the reader ---------------------------------------------------------------------

/// Repeated until acknowledged, and after every restart of the hub: the reader session makes it the same fact.
struct report_card_placed {
  static constexpr std::string_view topic = "checkin.report_card_placed";
  static constexpr std::uint64_t version = 3;
  using reply = checkin_begun;
  id reader_session;
  card_kind kind{};
  std::int64_t tries_left = 0;
  id mark; ///< first 16 bytes of SHA-256 over the certificate; empty where there is none
  certificate_standing certificate{}; ///< since v2, by the desk's clock
  std::string error;                  ///< since v3: name of errors.def, why nothing could be read; else empty
  UKETSUKE_FIELDS(report_card_placed, reader_session, kind, tries_left, mark, certificate, error)
};

/// An empty session says: no card lies on this desk's reader, whatever was there before the desk was restarted.
struct report_card_removed {
  static constexpr std::string_view topic = "checkin.report_card_removed";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  id reader_session;
  bool reader_lost = false; ///< the reader went, and the card with it
  UKETSUKE_FIELDS(report_card_removed, reader_session, reader_lost)
};

// -- to consent_session: the patient's page ------------------------------------------------------------------------

struct choose_method {
  static constexpr std::string_view topic = "checkin.choose_method";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  id checkin;
  identity_method method{};
  UKETSUKE_FIELDS(choose_method, checkin, method)
};

/// The reader of this desk holds the digits; here only that they were entered by a person's key press.
struct enter_pin {
  static constexpr std::string_view topic = "checkin.enter_pin";
  static constexpr std::uint64_t version = 2;
  using reply = done;
  id checkin;
  /// Since v2: the sequence of the prompt `last_try` that this press answers; 0: digits entered, nothing confirmed.
  std::uint64_t confirms = 0;
  UKETSUKE_FIELDS(enter_pin, checkin, confirms)
};

struct answer_consents {
  static constexpr std::string_view topic = "checkin.answer_consents";
  static constexpr std::uint64_t version = 2;
  using reply = done;
  id checkin;
  choice surgery{}, treatment{}, drugs{}, checkup{};
  std::string language;     ///< BCP 47: what the patient read beside the official text; at most 35 bytes
  std::string text_version; ///< of the words that were shown; at most 40 bytes
  UKETSUKE_FIELDS(answer_consents, checkin, surgery, treatment, drugs, checkup, language, text_version)
};

struct provide_information {
  static constexpr std::string_view topic = "checkin.provide_information";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  id checkin;
  choice limit{}, specified_disease{};
  UKETSUKE_FIELDS(provide_information, checkin, limit, specified_disease)
};

/// 終了する.
struct stop_checkin {
  static constexpr std::string_view topic = "checkin.stop";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  id checkin;
  UKETSUKE_FIELDS(stop_checkin, checkin)
};

/// The patient is still there and wants more time: the step's patience begins anew.
struct extend_time {
  static constexpr std::string_view topic = "checkin.extend_time";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  id checkin;
  UKETSUKE_FIELDS(extend_time, checkin)
};

// -- to consent_session: reception ---------------------------------------------------------------------------------

struct register_reference_number {
  static constexpr std::string_view topic = "checkin.register_reference_number";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  id checkin;
  personal<std::string> number; ///< 照会番号, 1–50 printable characters
  UKETSUKE_FIELDS(register_reference_number, checkin, number)
};

struct skip_reference_number {
  static constexpr std::string_view topic = "checkin.skip_reference_number";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  id checkin;
  UKETSUKE_FIELDS(skip_reference_number, checkin)
};

/// The patient was helped at the window: the desk may say "take your card".
struct finish_at_window {
  static constexpr std::string_view topic = "checkin.finish_at_window";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  id checkin;
  UKETSUKE_FIELDS(finish_at_window, checkin)
};

/// 目視確認: one press switches this desk for one patient. After a fallback only the card of the check-in that fell back
/// is taken, unless staff say that it is somebody else.
struct begin_visual_check {
  static constexpr std::string_view topic = "checkin.begin_visual_check";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  std::string desk;
  bool any_card = false;
  UKETSUKE_FIELDS(begin_visual_check, desk, any_card)
};

/// Staff compared the card's photo with the patient: the same person. The envelope's account is who vouches.
struct vouch {
  static constexpr std::string_view topic = "checkin.vouch";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  std::string desk;
  UKETSUKE_FIELDS(vouch, desk)
};

/// Back to 無人運転 before a card was placed.
struct end_visual_check {
  static constexpr std::string_view topic = "checkin.end_visual_check";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  std::string desk;
  UKETSUKE_FIELDS(end_visual_check, desk)
};

/// A patient who is stuck goes on at another desk; what staff vouched for goes along.
struct move_patient {
  static constexpr std::string_view topic = "checkin.move";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  id checkin;
  std::string desk; ///< where it goes on
  UKETSUKE_FIELDS(move_patient, checkin, desk)
};

/// Details of 資格確認書等 for a check-in that could not be asked; without a number at hand, what the patient declares.
struct keep_walk_in {
  static constexpr std::string_view topic = "checkin.keep_walk_in";
  static constexpr std::uint64_t version = 2;
  using reply = done;
  id checkin;
  personal<insured_number> person;
  choice limit{};
  personal<declared_insurance> declared{};
  UKETSUKE_FIELDS(keep_walk_in, checkin, person, limit, declared)
};

// -- to eligibility_gateway ----------------------------------------------------------------------------------------

struct obtain_challenge {
  static constexpr std::string_view topic = "eligibility.obtain_challenge";
  static constexpr std::uint64_t version = 1;
  using reply = challenge_obtained;
  UKETSUKE_NO_FIELDS(obtain_challenge)
};

/// Ask with the card's proof. The same question again is the same question: it is never asked under another identifier.
struct ask_eligibility {
  static constexpr std::string_view topic = "eligibility.ask";
  static constexpr std::uint64_t version = 2;
  using reply = question_report;
  id question;
  id checkin;
  id patient;
  std::string desk;
  std::string challenge_id;
  personal<bytes> certificate;
  personal<bytes> signature; ///< empty when the method is `visual`
  consent_choices choices;
  identity_method method = identity_method::pin; ///< since v2
  UKETSUKE_FIELDS(ask_eligibility, question, checkin, patient, desk, challenge_id, certificate, signature, choices,
                  method)
};

/// Ask from typed details. Outpatient opens no viewing; home visit and online are told the consents given earlier.
struct ask_typed {
  static constexpr std::string_view topic = "eligibility.ask_typed";
  static constexpr std::uint64_t version = 3;
  using reply = question_report;
  id question;
  id checkin;
  id patient;
  std::string desk;
  personal<insured_number> person;
  choice limit{};
  care kind{};
  bool background = false; ///< no patient is waiting: never in the way of one who is
  std::string appointment{}; ///< since v3: yyyyMMdd (診療予約日), of an online consultation; empty: the day of asking
  UKETSUKE_FIELDS(ask_typed, question, checkin, patient, desk, person, limit, kind, background, appointment)
};

struct register_number {
  static constexpr std::string_view topic = "eligibility.register_number";
  static constexpr std::uint64_t version = 3;
  using reply = question_report;
  id registration;
  id answered_question; ///< whose answer names the person
  id checkin;
  id patient;
  std::string desk;
  personal<std::string> number;
  personal<insured_number> person{}; ///< in the outbox the answer may be long forgotten; empty: the answer's
  bool background = false;
  id batch{}; ///< since v3, in the outbox: it goes with 照会番号一括登録
  UKETSUKE_FIELDS(register_number, registration, answered_question, checkin, patient, desk, number, person, background,
                  batch)
};

/// The report on a question that was asked before; asks nobody outside.
struct recall_answer {
  static constexpr std::string_view topic = "eligibility.recall";
  static constexpr std::uint64_t version = 1;
  using reply = question_report;
  id question;
  UKETSUKE_FIELDS(recall_answer, question)
};

// -- from eligibility_gateway --------------------------------------------------------------------------------------

/// What was unknown is known: repeated until acknowledged.
struct settle_checkin {
  static constexpr std::string_view topic = "checkin.settle";
  static constexpr std::uint64_t version = 2;
  using reply = done;
  id checkin;
  id question;
  question_kind kind{};
  question_report report;
  UKETSUKE_FIELDS(settle_checkin, checkin, question, kind, report)
};

// -- to the screens ------------------------------------------------------------------------------------------------

/// What the patient's page of this desk shows now. Repeated harmlessly; the highest `sequence` wins.
struct show_prompt {
  static constexpr std::string_view topic = "screen.show_prompt";
  static constexpr std::uint64_t version = 4;
  using reply = done;
  id checkin;
  std::uint64_t sequence = 0;
  prompt shown{};
  std::int64_t tries_left = -1;
  std::uint64_t waits_ms = 0; ///< the patience of this step, from now; 0: it waits for nobody
  std::string desk{};         ///< since v3: where to go, with `go_to_desk`
  prompt_note note{};         ///< since v4: beside it, because of what happened before
  UKETSUKE_FIELDS(show_prompt, checkin, sequence, shown, tries_left, waits_ms, desk, note)
};

/// One desk on reception's board.
struct show_at_reception {
  static constexpr std::string_view topic = "screen.show_at_reception";
  static constexpr std::uint64_t version = 3;
  using reply = done;
  std::string desk;
  id checkin;
  std::uint64_t sequence = 0;
  checkin_state state{};
  question_outcome outcome{};
  validity judged{};
  personal<std::string> name;
  personal<std::string> reference_number;
  std::string error;
  // since v2
  id question;                ///< whose answer can be laid beside what is kept (patient.find_match)
  std::uint64_t begun_ms = 0; ///< when the card was placed
  std::uint64_t since_ms = 0; ///< when the present step began
  identity_method method{};
  std::string vouched_by;  ///< account of who compared the photo
  bool pin_blocked = false; ///< the PIN is locked: what a visual check is for
  bool forgotten = false;  ///< the card still lies there
  UKETSUKE_FIELDS(show_at_reception, desk, checkin, sequence, state, outcome, judged, name, reference_number, error,
                  question, begun_ms, since_ms, method, vouched_by, pin_blocked, forgotten)
};

/// One desk as reception sees it now.
struct show_desk {
  static constexpr std::string_view topic = "screen.show_desk";
  static constexpr std::uint64_t version = 2;
  using reply = done;
  desk_status desk;
  bool staff_called = false;
  std::vector<std::string> opening, closing; ///< since v2: steps of 業務開始・終了 (actors/desks/checklist.hpp)
  UKETSUKE_FIELDS(show_desk, desk, staff_called, opening, closing)
};

/// The visual check of one desk, on reception's board. The highest `sequence` wins.
struct show_visual_check {
  static constexpr std::string_view topic = "screen.show_visual_check";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  std::string desk;
  std::uint64_t sequence = 0;
  visual_stage stage{};
  bool same_card = false; ///< only the card of the check-in that fell back is taken
  std::string vouched_by; ///< account
  UKETSUKE_FIELDS(show_visual_check, desk, sequence, stage, same_card, vouched_by)
};

/// To consent_session and to desks: a screen that was started, or whose hub was, knows nothing. The desk's own prompt
/// is shown to it again; to the hub's screen everything is.
struct show_again {
  static constexpr std::string_view topic = "screen.show_again";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  UKETSUKE_NO_FIELDS(show_again)
};

// -- to desks ------------------------------------------------------------------------------------------------------

struct report_reader {
  static constexpr std::string_view topic = "desks.report_reader";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  health state{};
  std::string model;
  std::string error;
  UKETSUKE_FIELDS(report_reader, state, model, error)
};

struct open_desk {
  static constexpr std::string_view topic = "desks.open";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  std::string desk;
  UKETSUKE_FIELDS(open_desk, desk)
};

struct close_desk {
  static constexpr std::string_view topic = "desks.close";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  std::string desk;
  UKETSUKE_FIELDS(close_desk, desk)
};

/// Of a certified reader: its mode was switched at its own terminal, or back. A desk with a reader of our own is
/// switched by checkin.begin_visual_check.
struct switch_mode {
  static constexpr std::string_view topic = "desks.switch_mode";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  std::string desk;
  desk_mode mode{};
  UKETSUKE_FIELDS(switch_mode, desk, mode)
};

/// From consent_session, which has written it: the mode of a desk with a reader of our own.
struct note_mode {
  static constexpr std::string_view topic = "desks.note_mode";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  std::string desk;
  desk_mode mode{};
  UKETSUKE_FIELDS(note_mode, desk, mode)
};

/// What stands at this desk.
struct describe_desk {
  static constexpr std::string_view topic = "desks.describe";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  std::string desk;
  desk_kind kind{};
  bool has_display = true;
  UKETSUKE_FIELDS(describe_desk, desk, kind, has_display)
};

/// The terminal's screen asks for an update, or its restart is complete.
struct note_update {
  static constexpr std::string_view topic = "desks.note_update";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  std::string desk;
  bool pending = false;
  UKETSUKE_FIELDS(note_update, desk, pending)
};

/// 職員を呼ぶ, from the patient's page of this desk.
struct call_staff {
  static constexpr std::string_view topic = "desks.call_staff";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  UKETSUKE_NO_FIELDS(call_staff)
};

/// Somebody went there.
struct attend_desk {
  static constexpr std::string_view topic = "desks.attend";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  std::string desk;
  UKETSUKE_FIELDS(attend_desk, desk)
};

struct list_desks {
  static constexpr std::string_view topic = "desks.list";
  static constexpr std::uint64_t version = 1;
  using reply = desk_list;
  UKETSUKE_NO_FIELDS(list_desks)
};

// -- to monitor ----------------------------------------------------------------------------------------------------

struct ask_status {
  static constexpr std::string_view topic = "monitor.ask_status";
  static constexpr std::uint64_t version = 1;
  using reply = monitor_status;
  UKETSUKE_NO_FIELDS(ask_status)
};

} // namespace messages
