// What happened without a patient at the desk: who is expected, who was asked about and how a request fared, what
// changed, what staff made of it. Past participles.
#pragma once

#include "messages/visits.hpp"

namespace messages {

// -- who is expected -----------------------------------------------------------------------------------------------

/// Somebody is expected for the first time, or their own details changed.
struct visitor_recorded {
  static constexpr std::string_view topic = "visit.visitor_recorded";
  static constexpr std::uint64_t version = 1;
  id patient;
  personal<visitor> who;
  UKETSUKE_FIELDS(visitor_recorded, patient, who)
};

/// 予約, 定期訪問. The envelope's desk is where they are expected.
struct visit_expected {
  static constexpr std::string_view topic = "visit.expected";
  static constexpr std::uint64_t version = 1;
  id visit, patient;
  care how{};
  std::string day, until, repeats; ///< as in visit_wanted
  UKETSUKE_FIELDS(visit_expected, visit, patient, how, day, until, repeats)
};
struct visit_cancelled {
  static constexpr std::string_view topic = "visit.cancelled";
  static constexpr std::uint64_t version = 1;
  id visit;
  UKETSUKE_FIELDS(visit_cancelled, visit)
};
/// Their days are over: nobody is expected any more.
struct visits_passed {
  static constexpr std::string_view topic = "visit.passed";
  static constexpr std::uint64_t version = 1;
  std::vector<id> visits;
  UKETSUKE_FIELDS(visits_passed, visits)
};

// -- one request and its result ------------------------------------------------------------------------------------

/// Who goes into a batch: as many of these as its rows need, then `batch.planned`, in one append.
struct batch_rows_planned {
  static constexpr std::string_view topic = "batch.rows_planned";
  static constexpr std::uint64_t version = 1;
  id batch;
  std::uint64_t first = 0; ///< number of the first of these rows, from 0
  std::vector<planned_row> rows;
  UKETSUKE_FIELDS(batch_rows_planned, batch, first, rows)
};
struct batch_planned {
  static constexpr std::string_view topic = "batch.planned";
  static constexpr std::uint64_t version = 2;
  id batch; ///< its identifier on the line, too
  batch_kind kind{};
  std::string night, confirmed_on, from, to; ///< as in batch_status
  std::uint64_t rows = 0;
  bool by_hand = false, singly = false; ///< as in batch_status
  UKETSUKE_FIELDS(batch_planned, batch, kind, night, confirmed_on, from, to, rows, by_hand, singly)
};
/// 資格確認一括要求ファイル was built.
struct batch_written {
  static constexpr std::string_view topic = "batch.written";
  static constexpr std::uint64_t version = 1;
  id batch;
  std::uint64_t rows = 0;
  UKETSUKE_FIELDS(batch_written, batch, rows)
};
/// One person could not go into the request.
struct batch_row_refused {
  static constexpr std::string_view topic = "batch.row_refused";
  static constexpr std::uint64_t version = 1;
  id batch, patient;
  std::string error; ///< name of errors.def
  std::vector<std::string> args;
  UKETSUKE_FIELDS(batch_row_refused, batch, patient, error, args)
};
/// The file waits to be uploaded by hand.
struct batch_saved {
  static constexpr std::string_view topic = "batch.saved";
  static constexpr std::uint64_t version = 1;
  id batch;
  std::string file; ///< its name, without its folder
  std::uint64_t rows = 0;
  UKETSUKE_FIELDS(batch_saved, batch, file, rows)
};
/// From here on it may have been sent: after a crash its fate is not known.
struct batch_uploading {
  static constexpr std::string_view topic = "batch.uploading";
  static constexpr std::uint64_t version = 1;
  id batch;
  UKETSUKE_FIELDS(batch_uploading, batch)
};
/// Nothing of it arrived: it may go again.
struct batch_not_sent {
  static constexpr std::string_view topic = "batch.not_sent";
  static constexpr std::uint64_t version = 1;
  id batch;
  std::string error; ///< name of errors.def; empty: staff said so
  UKETSUKE_FIELDS(batch_not_sent, batch, error)
};
/// It may or may not have arrived: it is not sent again. Staff see at the national system which, and say so.
struct batch_doubted {
  static constexpr std::string_view topic = "batch.doubted";
  static constexpr std::uint64_t version = 1;
  id batch;
  std::string error; ///< name of errors.def
  UKETSUKE_FIELDS(batch_doubted, batch, error)
};
/// Taken in for processing; nothing is known of the persons in it.
struct batch_accepted {
  static constexpr std::string_view topic = "batch.accepted";
  static constexpr std::uint64_t version = 1;
  id batch;
  std::string reception_number;
  bool told_by_staff = false;
  UKETSUKE_FIELDS(batch_accepted, batch, reception_number, told_by_staff)
};
/// The result is there; it is read person by person.
struct batch_answered {
  static constexpr std::string_view topic = "batch.answered";
  static constexpr std::uint64_t version = 1;
  id batch;
  std::uint64_t units = 0;
  UKETSUKE_FIELDS(batch_answered, batch, units)
};
/// What the result says of one person, and what of it is new.
struct batch_row_answered {
  static constexpr std::string_view topic = "batch.row_answered";
  static constexpr std::uint64_t version = 1;
  id batch, patient;
  care how{};              ///< which consents the answer speaks of
  std::string appointment; ///< yyyyMMdd, of an online consultation
  eligibility_answer answer;
  consent_end ended{};        ///< why consents with flag 2 have ended
  std::string ticket_month;   ///< yyyyMM of the newest 医療券; empty: none told
  bool limit_changed = false; ///< 限度額: changed, says a result that tells no details
  std::vector<noticed_change> changes;
  UKETSUKE_FIELDS(batch_row_answered, batch, patient, how, appointment, answer, ended, ticket_month, limit_changed,
                  changes)
};
/// Everything of the result is taken in, and its changes are on the morning list.
struct batch_listed {
  static constexpr std::string_view topic = "batch.listed";
  static constexpr std::uint64_t version = 1;
  id batch;
  std::uint64_t answered = 0, missing = 0, changes = 0; ///< missing: persons of whom the result says nothing
  UKETSUKE_FIELDS(batch_listed, batch, answered, missing, changes)
};
struct batch_failed {
  static constexpr std::string_view topic = "batch.failed";
  static constexpr std::uint64_t version = 1;
  id batch;
  std::string error; ///< name of errors.def
  std::vector<std::string> args;
  UKETSUKE_FIELDS(batch_failed, batch, error, args)
};
/// A planned time came, and what was to be asked is asked: it does not come again that night.
struct batch_run_begun {
  static constexpr std::string_view topic = "batch.run_begun";
  static constexpr std::uint64_t version = 1;
  std::string schedule; ///< its name in the configuration; empty: staff or an outside scheduler began it
  std::string night;    ///< yyyyMMdd
  std::uint64_t batches = 0, rows = 0;
  UKETSUKE_FIELDS(batch_run_begun, schedule, night, batches, rows)
};

/// Staff accepted a change, or will look at it later. Who: the envelope's account.
struct change_decided {
  static constexpr std::string_view topic = "batch.change_decided";
  static constexpr std::uint64_t version = 1;
  id change, patient;
  change_decision how{};
  UKETSUKE_FIELDS(change_decided, change, patient, how)
};

} // namespace messages
