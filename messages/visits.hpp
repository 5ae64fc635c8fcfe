// Who is expected, who is asked about before they come, and what has changed about them since the last answer.
#pragma once

#include "messages/eligibility.hpp"

namespace messages {

/// What one request asks for many persons, or for a period (oqs-interface.md §2.6, §2.7): persons of 来院, 訪問診療等 and
/// オンライン診療等; who consented on マイナ在宅受付Web; whose 医療券 a month brought.
UKETSUKE_ENUMERATION(batch_kind, eligibility, home_visit_persons, online_persons, home_visit_consented,
                     online_consented, medical_assistance)

/// Why somebody is asked about: 予約の前日, 定期訪問の前日, 月末請求の前, 医療扶助 (20日以降), 同意の確認, or staff said so.
UKETSUKE_ENUMERATION(asking_reason, appointment, standing_visit, before_claims, medical_assistance, web_consent,
                     by_hand)

/// How far a batch has come: the states of actors/batch_scheduler/transitions.hpp. `saved`: its file waits to be
/// uploaded by hand. `doubtful`: whether the upload arrived is not known; it is never sent again. `asking`: its persons
/// are asked about one by one.
UKETSUKE_ENUMERATION(batch_state, planned, written, saved, uploading, doubtful, accepted, collecting, answered, listed,
                     failed, asking)

/// What can change between two answers about a person.
UKETSUKE_ENUMERATION(change_kind, insurer, validity, burden_ratio, limit_class, certificate_ending, medical_ticket,
                     consent_given, consent_ended, consent_withdrawn)

/// 同意期限切れの理由 (OQSCD031).
UKETSUKE_ENUMERATION(consent_end, none, period_over, cancelled_by_institution, cancelled_by_patient, purpose_changed)

/// What staff made of a change: 反映する, あとで確認する.
UKETSUKE_ENUMERATION(change_decision, open, accepted, deferred)

/// How somebody who is expected stands: the colour of their row.
UKETSUKE_ENUMERATION(visitor_standing, not_asked, under_way, unchanged, to_decide, deferred, accepted, not_answered)

/// Somebody who is expected, as the clinic's own system names them.
struct visitor {
  std::string number; ///< 診察券番号: by it a visitor is the same again
  std::string name, kana;
  insured_number person;
  bool medical_assistance = false; ///< 医療扶助: asked about after the 20th

  UKETSUKE_FIELDS(visitor, number, name, kana, person, medical_assistance)
};

/// 予約, or 定期訪問 when `repeats` says on which days. A day is yyyyMMdd.
struct visit_wanted {
  care how{};
  std::string day;     ///< of the appointment; of a standing visit the first
  std::string until;   ///< of a standing visit the last; empty: until further notice
  std::string repeats; ///< days as schedules write them: "mon,thu", "day 1,15"; empty: once
  std::string desk;    ///< where they are expected; may be empty
  bool cancelled = false;
  personal<visitor> who;

  UKETSUKE_FIELDS(visit_wanted, how, day, until, repeats, desk, cancelled, who)
};

/// Rows of one `batch.rows_planned`: they have to fit into one event.
inline constexpr std::size_t planned_rows_max = 4'000;

/// One person in a request.
struct planned_row {
  id patient;
  asking_reason why{};

  UKETSUKE_FIELDS(planned_row, patient, why)
};

/// One thing that changed, side by side, both as received.
struct noticed_change {
  id change;
  change_kind what{};
  consent_end ended{}; ///< of a consent
  personal<std::string> kept, came;

  UKETSUKE_FIELDS(noticed_change, change, what, ended, kept, came)
};

/// How a batch stands.
struct batch_status {
  static constexpr std::string_view topic = "batch.status_of_batch";
  static constexpr std::uint64_t version = 2;
  id batch;
  batch_kind kind{};
  batch_state now{};
  std::string night;        ///< yyyyMMdd of the evening it belongs to
  std::string confirmed_on; ///< yyyyMMdd: the day on which validity is judged
  std::string from, to;     ///< of a period, yyyyMMdd; or its month in `from`
  bool by_hand = false;
  std::string file; ///< that waits to be uploaded by hand
  std::string reception_number;
  std::string error; ///< name of errors.def: why it failed, or is doubtful
  std::uint64_t rows = 0, answered = 0, refused = 0, missing = 0, changes = 0;
  std::uint64_t planned_ms = 0, changed_ms = 0;
  bool singly = false; ///< its persons are asked about one by one, without a file

  UKETSUKE_FIELDS(batch_status, batch, kind, now, night, confirmed_on, from, to, by_hand, file, reception_number, error,
                  rows, answered, refused, missing, changes, planned_ms, changed_ms, singly)
};

} // namespace messages
