// The view `consents`: what each patient chose last, and what the national system allows to be viewed, until when.
#pragma once

#include "messages/eligibility.hpp"
#include "messages/personal.hpp"
#include "storage/view.hpp"
#include "storage/views/typed_rows.hpp"

namespace storage {

/// One kind of consent as the newest answer states it.
struct kept_consent {
  std::int64_t flag = 0;                  ///< OQSCD016
  std::string consented, available_until; ///< yyyyMMddHHmmss (JST), as received
  messages::care how{};                   ///< at a desk, of a home visit, of an online consultation
  std::string appointment;                ///< yyyyMMdd, of an online consultation
  std::uint64_t index = 0;                ///< of the event that says so: what a view rests on

  UKETSUKE_FIELDS(kept_consent, flag, consented, available_until, how, appointment, index)
};

/// One patient, under key_of(patient). Viewing opens by the flags (flag 1 and available_until in the future), never by
/// the choices alone (design.md §5).
struct consent_row {
  messages::id patient;
  messages::id question; ///< under which the newest choices are asked
  messages::id checkin;
  messages::consent_choices choices;
  std::uint64_t recorded_ms = 0, answered_ms = 0;
  kept_consent surgery, treatment, drugs, checkup, limit, specified_disease;
  std::string withdrawn; ///< home visits, yyyyMMddHHmmss (JST): older consents stay closed
  messages::personal<messages::insured_number> person; ///< whom to ask about, from the newest answer

  UKETSUKE_FIELDS(consent_row, patient, question, checkin, choices, recorded_ms, answered_ms, surgery, treatment, drugs,
                  checkup, limit, specified_disease, withdrawn, person)
};

/// Folds one event in. Pure. Reading the card again replaces the consent kind by kind: a refusal takes the flag away at
/// once, a kind that was not chosen stays. The answer to the newest choices speaks for all kinds chosen; another answer
/// only where it states something, and one to a typed outpatient question opens nothing. A withdrawal closes what was
/// given for home visits before it, whatever older answer comes afterwards.
void fold_consents(const folded_event& event, rows& into);

class consents final : public view {
public:
  std::string_view name() const override { return "consents"; }
  std::uint32_t version() const override { return 2; }
  void apply(const folded_event& event, rows& into) const override { fold_consents(event, into); }
};

} // namespace storage
