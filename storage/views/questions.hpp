// The view `questions`: how every question to the national system stands, for the gateway and the reception screen.
#pragma once

#include "messages/eligibility.hpp"
#include "storage/view.hpp"
#include "storage/views/typed_rows.hpp"

namespace storage {

/// What has ended (answered, refused) is kept this long by the time of the newest event; what is open or unknown stays.
inline constexpr std::uint64_t ended_question_kept_ms = 48u * 3600 * 1000;

/// One question, under question_key(). Text of the first insurance of the answer only: the receipt computer has the
/// rest.
struct question_row {
  messages::id question, checkin;
  std::string desk;
  messages::id patient;
  messages::question_kind kind{};
  messages::question_outcome outcome{};
  std::uint64_t asked_ms = 0, changed_ms = 0;
  messages::validity judged{};
  bool has_reference_number = false;
  messages::personal<std::string> name;             ///< 氏名
  messages::personal<std::string> reference_number; ///< 照会番号
  std::string error;                                ///< name of errors.def, when there is no answer
  messages::personal<messages::insured_number> person;

  UKETSUKE_FIELDS(question_row, question, checkin, desk, patient, kind, outcome, asked_ms, changed_ms, judged,
                  has_reference_number, name, reference_number, error, person)
};

/// Questions stand under "q" and their id; what begins otherwise is the view's own book-keeping of what ended when.
inline constexpr std::string_view question_prefix = "q";
std::string question_key(const messages::id& question);

/// Folds one event in. Pure.
void fold_questions(const folded_event& event, rows& into);

class questions final : public view {
public:
  std::string_view name() const override { return "questions"; }
  void apply(const folded_event& event, rows& into) const override { fold_questions(event, into); }
};

} // namespace storage
