// The view `consents`: what each patient chose last, and what the national system allows to be viewed, until when.
#pragma once

#include "messages/eligibility.hpp"
#include "storage/view.hpp"
#include "storage/views/typed_rows.hpp"

namespace storage {

/// One patient, under key_of(patient). Viewing opens by the flags (flag 1 and available_until in the future), never by
/// the choices alone (design.md §5).
struct consent_row {
  messages::id patient;
  messages::id question; ///< under which the newest choices are asked
  messages::id checkin;
  messages::consent_choices choices;
  std::uint64_t recorded_ms = 0, answered_ms = 0;
  messages::consent_flag surgery, treatment, drugs, checkup, limit, specified_disease;

  UKETSUKE_FIELDS(consent_row, patient, question, checkin, choices, recorded_ms, answered_ms, surgery, treatment, drugs,
                  checkup, limit, specified_disease)
};

/// Folds one event in. Pure. Reading the card again replaces the consent kind by kind: a refusal takes the flag away at
/// once, a kind that was not chosen stays. The answer to the newest choices speaks for all kinds chosen; another answer
/// only where it states something.
void fold_consents(const messages::event_envelope& event, rows& into);

class consents final : public view {
public:
  std::string_view name() const override { return "consents"; }
  void apply(const messages::event_envelope& event, rows& into) const override { fold_consents(event, into); }
};

} // namespace storage
