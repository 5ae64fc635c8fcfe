// The view `outage_ledger`: every check-in that could not be verified at once, what was written down for it, and how it
// ended: the closing list of a day, and what the outage changed.
#pragma once

#include "messages/registry.hpp"
#include "storage/view.hpp"
#include "storage/views/typed_rows.hpp"

namespace storage {

/// What is settled is shown this long; what is open stays.
inline constexpr std::uint64_t settled_ledger_kept_ms = 48u * 3600 * 1000;

/// One check-in, or one question that belongs to none.
struct ledger_row {
  messages::id checkin, question, patient;
  std::string desk;
  std::uint64_t begun_ms = 0, changed_ms = 0;
  messages::question_outcome outcome{}; ///< not_asked, unknown; answered and refused when it is settled
  messages::validity judged{};
  std::string error;
  messages::personal<messages::insured_number> person;       ///< as written down
  messages::personal<messages::declared_insurance> declared; ///< as the patient declared it
  messages::personal<messages::insurance> answered;          ///< the first of the answer, when it is settled

  UKETSUKE_FIELDS(ledger_row, checkin, question, patient, desk, begun_ms, changed_ms, outcome, judged, error, person,
                  declared, answered)
  bool settled() const {
    return outcome == messages::question_outcome::answered || outcome == messages::question_outcome::refused;
  }
};

/// When the line was lost, under `line_key`; 0: it is not.
struct line_row {
  std::uint64_t lost_ms = 0;
  UKETSUKE_FIELDS(line_row, lost_ms)
};

inline constexpr std::string_view ledger_prefix = "c"; ///< and the check-in's id, or the question's where there is none
inline constexpr std::string_view line_key = "line";

/// Folds one event in. Pure.
void fold_outage_ledger(const folded_event& event, rows& into);

class outage_ledger final : public view {
public:
  std::string_view name() const override { return "outage_ledger"; }
  void apply(const folded_event& event, rows& into) const override { fold_outage_ledger(event, into); }
};

} // namespace storage
