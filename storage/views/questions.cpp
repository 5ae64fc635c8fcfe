// How events change the view `questions`.
#include "storage/views/questions.hpp"

#include "messages/registry.hpp"
#include "storage/big_endian.hpp"

namespace storage {

using messages::question_outcome;

namespace {

/// Ended questions in the order in which they ended: "e" and a number. The row "e" alone says which numbers are in use.
struct ended_range {
  std::uint64_t first = 0, next = 0;
  UKETSUKE_FIELDS(ended_range, first, next)
};
struct ended_question {
  messages::id question;
  std::uint64_t ended_ms = 0;
  UKETSUKE_FIELDS(ended_question, question, ended_ms)
};

constexpr std::string_view range_key = "e";
constexpr int erased_per_event_max = 4;

std::string ended_key(std::uint64_t n) { return std::string{range_key} + index_key(n); }

bool has_ended(question_outcome outcome) {
  return outcome == question_outcome::answered || outcome == question_outcome::refused;
}

/// Queues a question that has ended, and lets go of a few that ended long ago.
void note_end(const messages::id& question, std::uint64_t now_ms, rows& into) {
  auto range = row_or_new<ended_range>(into, range_key);
  into.put(ended_key(range.next++), encode_row(ended_question{question, now_ms}));
  for (int n = 0; n < erased_per_event_max && range.first + 1 < range.next; ++n) {
    const auto oldest = row_or_new<ended_question>(into, ended_key(range.first));
    if (oldest.ended_ms + ended_question_kept_ms > now_ms) break;
    into.erase(question_key(oldest.question));
    into.erase(ended_key(range.first++));
  }
  into.put(range_key, encode_row(range));
}

/// The question's row, with what every event tells about it.
question_row begin_change(const folded_event& event, const messages::id& question, const messages::id& patient,
                          rows& from) {
  auto row = row_or_new<question_row>(from, question_key(question));
  row.question = question;
  if (!patient.empty()) row.patient = patient;
  if (row.checkin.empty()) row.checkin = event.checkin;
  if (row.desk.empty()) row.desk = event.desk;
  row.changed_ms = event.time_ms;
  return row;
}

void end_change(const question_row& row, question_outcome before, rows& into) {
  into.put(question_key(row.question), encode_row(row));
  if (has_ended(row.outcome) && !has_ended(before)) note_end(row.question, row.changed_ms, into);
}

void take_answer(question_row& row, const messages::eligibility_answer& answer) {
  row.outcome = question_outcome::answered;
  row.error.clear();
  row.judged = answer.judged;
  const auto& insurances = answer.insurances.reveal();
  if (insurances.empty()) return;
  const auto& first = insurances.front();
  row.has_reference_number = !first.reference_number.empty();
  row.name = messages::personal{first.name};
  row.reference_number = messages::personal{first.reference_number};
  row.person = messages::personal{
      messages::insured_number{first.insurer, first.symbol, first.number, first.branch, first.birth_date}};
}

} // namespace

std::string question_key(const messages::id& question) { return std::string{question_prefix} + key_of(question); }

void fold_questions(const folded_event& event, rows& into) {
  const auto change = [&](const auto& body, auto&& how) {
    auto row = begin_change(event, body.question, body.patient, into);
    const auto before = row.outcome;
    how(row);
    end_change(row, before, into);
  };
  if (const auto* asked = event.as<messages::question_asked>()) {
    change(*asked, [&](question_row& row) {
      if (row.asked_ms == 0) row.asked_ms = event.time_ms;
      row.kind = asked->kind;
      if (!has_ended(row.outcome)) row.outcome = question_outcome::open;
    });
  } else if (const auto* answered = event.as<messages::eligibility_answered>()) {
    change(*answered, [&](question_row& row) { take_answer(row, answered->answer); });
  } else if (const auto* unknown = event.as<messages::outcome_unknown>()) {
    change(*unknown, [&](question_row& row) {
      if (!has_ended(row.outcome)) row.outcome = question_outcome::unknown;
      row.error = unknown->error;
    });
  } else if (const auto* refused = event.as<messages::question_refused>()) {
    change(*refused, [&](question_row& row) {
      row.outcome = question_outcome::refused;
      row.error = refused->error;
    });
  } else if (const auto* registered = event.as<messages::reference_number_registered>()) {
    change(*registered, [&](question_row& row) {
      row.outcome = question_outcome::answered;
      row.error.clear();
      row.has_reference_number = true;
      row.reference_number = registered->number;
    });
  } else if (const auto* ended = event.as<messages::withdrawal_ended>()) {
    change(*ended, [&](question_row& row) {
      row.outcome = ended->code.empty() ? question_outcome::answered : question_outcome::refused;
      row.error = ended->code.empty() ? "" : "line_refused";
    });
  }
}

} // namespace storage
