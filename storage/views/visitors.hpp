// The view `visitors`: whom the clinic expects, on which days, and what the last answers said about them.
#pragma once

#include "messages/last_answer.hpp"
#include "messages/registry.hpp"
#include "storage/view.hpp"
#include "storage/views/typed_rows.hpp"

namespace storage {

inline constexpr std::string_view visitor_prefix = "p"; ///< and the patient's id: visitor_row
inline constexpr std::string_view visit_prefix = "v";   ///< and the visit's id: visit_kept
std::string visitor_key(const messages::id& patient);

/// Also of somebody who is not expected, but of whom an answer came: then `who` is empty but for the insurance.
struct visitor_row {
  messages::id patient;
  messages::personal<messages::visitor> who;
  messages::personal<messages::last_answer> last;
  UKETSUKE_FIELDS(visitor_row, patient, who, last)
};
struct visit_kept {
  messages::id visit, patient;
  messages::care how{};
  std::string day, until, repeats, desk;
  UKETSUKE_FIELDS(visit_kept, visit, patient, how, day, until, repeats, desk)
};

/// Folds one event in. Pure. Visits leave when they are cancelled or passed; visitors when they are forgotten.
void fold_visitors(const folded_event& event, rows& into);

class visitors final : public view {
public:
  std::string_view name() const override { return "visitors"; }
  void apply(const folded_event& event, rows& into) const override { fold_visitors(event, into); }
};

} // namespace storage
