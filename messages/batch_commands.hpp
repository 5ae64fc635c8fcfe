// What staff, tools and outside schedulers ask of batch_scheduler: who is expected, who is asked about and when, how it
// stands, and what changed. Verbs; each names the type of its reply.
#pragma once

#include "messages/replies.hpp"
#include "messages/visits.hpp"

namespace messages {

// -- who is expected -----------------------------------------------------------------------------------------------

struct visits_taken {
  static constexpr std::string_view topic = "visit.taken";
  static constexpr std::uint64_t version = 1;
  std::uint64_t fresh = 0, known = 0, cancelled = 0; ///< known: as before, or with other details
  std::vector<std::string> refused;                  ///< "row 3: day": what is wrong in it
  UKETSUKE_FIELDS(visits_taken, fresh, known, cancelled, refused)
};
/// Appointments and standing visits; the same again changes nothing, one that is `cancelled` ends.
struct take_visits {
  static constexpr std::string_view topic = "visit.take";
  static constexpr std::uint64_t version = 1;
  using reply = visits_taken;
  std::vector<visit_wanted> rows; ///< at most 500
  UKETSUKE_FIELDS(take_visits, rows)
};

/// Somebody expected on one day.
struct visit_row {
  id visit, patient;
  care how{};
  std::string day, desk;
  bool standing = false; ///< 定期訪問
  personal<std::string> number, name;
  visitor_standing stands{};
  std::uint64_t open_changes = 0;

  UKETSUKE_FIELDS(visit_row, visit, patient, how, day, desk, standing, number, name, stands, open_changes)
};
struct visit_list {
  static constexpr std::string_view topic = "visit.list_of_visits";
  static constexpr std::uint64_t version = 1;
  std::string day;
  std::vector<visit_row> rows;
  std::uint64_t total = 0; ///< of that day; there are more than fit when it is larger
  UKETSUKE_FIELDS(visit_list, day, rows, total)
};
struct list_visits {
  static constexpr std::string_view topic = "visit.list";
  static constexpr std::uint64_t version = 1;
  using reply = visit_list;
  std::string day;         ///< yyyyMMdd; empty: today
  std::uint64_t first = 0; ///< row to begin with
  UKETSUKE_FIELDS(list_visits, day, first)
};

// -- asking --------------------------------------------------------------------------------------------------------

/// One person who would be asked about.
struct plan_row {
  id patient;
  asking_reason why{};
  batch_kind kind{};
  std::string day; ///< of the visit it is for, yyyyMMdd; empty: for none
  personal<std::string> number, name;

  UKETSUKE_FIELDS(plan_row, patient, why, kind, day, number, name)
};
/// One planned time that is still to come.
struct planned_time {
  std::string schedule; ///< its name in the configuration
  std::string when;     ///< yyyyMMddHHmm (JST)
  std::string text;     ///< as configured

  UKETSUKE_FIELDS(planned_time, schedule, when, text)
};
struct batch_plan {
  static constexpr std::string_view topic = "batch.plan_of_batches";
  static constexpr std::uint64_t version = 1;
  std::string night;
  std::vector<planned_time> times;
  std::vector<plan_row> rows;
  std::uint64_t total = 0, asked_already = 0; ///< rows in all; of those due, asked this night already
  UKETSUKE_FIELDS(batch_plan, night, times, rows, total, asked_already)
};
/// Who would be asked about now, when and why; nothing is done.
struct plan_batches {
  static constexpr std::string_view topic = "batch.plan";
  static constexpr std::uint64_t version = 1;
  using reply = batch_plan;
  std::vector<asking_reason> why; ///< none: every reason that is due this evening
  std::uint64_t first = 0;
  UKETSUKE_FIELDS(plan_batches, why, first)
};
struct batches_begun {
  static constexpr std::string_view topic = "batch.begun";
  static constexpr std::uint64_t version = 1;
  std::vector<id> batches;
  std::uint64_t rows = 0, asked_already = 0;
  UKETSUKE_FIELDS(batches_begun, batches, rows, asked_already)
};
/// Asks about them now, whoever was not asked about this night. `by_hand` saves the files for upload in the browser;
/// `singly` asks about one person after another, with the 診療区分 of their visit, and makes no file.
struct send_batches {
  static constexpr std::string_view topic = "batch.send";
  static constexpr std::uint64_t version = 2;
  using reply = batches_begun;
  std::vector<asking_reason> why; ///< none: every reason that is due this evening
  bool by_hand = false, singly = false; ///< one of them at most
  UKETSUKE_FIELDS(send_batches, why, by_hand, singly)
};

struct batch_list {
  static constexpr std::string_view topic = "batch.list_of_batches";
  static constexpr std::uint64_t version = 2;
  std::vector<batch_status> rows;  ///< newest first
  std::vector<planned_time> times; ///< to come
  UKETSUKE_FIELDS(batch_list, rows, times)
};
/// The batches of the last days and how they stand.
struct list_batches {
  static constexpr std::string_view topic = "batch.list";
  static constexpr std::uint64_t version = 1;
  using reply = batch_list;
  UKETSUKE_NO_FIELDS(list_batches)
};
/// Asks for the result now, or takes the one that was downloaded by hand into the folder for it.
struct collect_batch {
  static constexpr std::string_view topic = "batch.collect";
  static constexpr std::uint64_t version = 1;
  using reply = batch_status;
  id batch;
  std::string file; ///< name of the downloaded file, without its folder; empty: ask the national system
  UKETSUKE_FIELDS(collect_batch, batch, file)
};
/// What staff saw at the national system of a batch in doubt: its reception number, or (empty) that it is not there.
struct settle_batch {
  static constexpr std::string_view topic = "batch.settle";
  static constexpr std::uint64_t version = 1;
  using reply = batch_status;
  id batch;
  std::string reception_number;
  UKETSUKE_FIELDS(settle_batch, batch, reception_number)
};

// -- the morning list ----------------------------------------------------------------------------------------------

struct change_row {
  id change, patient, batch;
  change_kind what{};
  consent_end ended{};
  change_decision how{};
  std::string desk, day; ///< of the next visit; may be empty
  care visit{};
  std::uint64_t noticed_ms = 0, decided_ms = 0;
  std::string decided_by;
  personal<std::string> number, name, kept, came;

  UKETSUKE_FIELDS(change_row, change, patient, batch, what, ended, how, desk, day, visit, noticed_ms, decided_ms,
                  decided_by, number, name, kept, came)
};
struct change_list {
  static constexpr std::string_view topic = "batch.list_of_changes";
  static constexpr std::uint64_t version = 1;
  std::vector<change_row> rows; ///< by desk, then as noticed
  std::uint64_t total = 0, open = 0;
  std::uint64_t unanswered = 0; ///< persons of the last night of whom nothing came
  UKETSUKE_FIELDS(change_list, rows, total, open, unanswered)
};
struct list_changes {
  static constexpr std::string_view topic = "batch.list_changes";
  static constexpr std::uint64_t version = 1;
  using reply = change_list;
  bool open_only = false;
  std::string desk;        ///< empty: all
  std::uint64_t first = 0; ///< row to begin with
  UKETSUKE_FIELDS(list_changes, open_only, desk, first)
};
struct decide_change {
  static constexpr std::string_view topic = "batch.decide_change";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  id change;
  change_decision how{}; ///< accepted or deferred
  UKETSUKE_FIELDS(decide_change, change, how)
};

// -- consents that were given elsewhere ----------------------------------------------------------------------------

struct access_url {
  static constexpr std::string_view topic = "consent.access_url";
  static constexpr std::uint64_t version = 1;
  std::string url;
  UKETSUKE_FIELDS(access_url, url)
};
/// 医療機関等アクセスURL of マイナ在宅受付Web, for home visits or online consultations.
struct obtain_url {
  static constexpr std::string_view topic = "consent.obtain_url";
  static constexpr std::uint64_t version = 1;
  using reply = access_url;
  care how{};
  bool renew = false; ///< the old address stops working
  UKETSUKE_FIELDS(obtain_url, how, renew)
};

/// Somebody whose consent can be withdrawn.
struct consented_row {
  id patient;
  care how{};
  std::vector<information_kind> kinds; ///< that may be viewed now
  std::string consented;               ///< yyyyMMddHHmmss (JST): the newest
  personal<std::string> number, name;
  personal<insured_number> person;

  UKETSUKE_FIELDS(consented_row, patient, how, kinds, consented, number, name, person)
};
struct consented_list {
  static constexpr std::string_view topic = "consent.list_of_consented";
  static constexpr std::uint64_t version = 1;
  std::vector<consented_row> rows;
  bool more = false;
  UKETSUKE_FIELDS(consented_list, rows, more)
};
/// 同意取消照会: by insurer number, number, branch and birth date; what is empty is not compared. Nothing given: nobody.
struct find_consented {
  static constexpr std::string_view topic = "consent.find";
  static constexpr std::uint64_t version = 1;
  using reply = consented_list;
  personal<insured_number> person;
  UKETSUKE_FIELDS(find_consented, person)
};

} // namespace messages
