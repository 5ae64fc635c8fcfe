// 閲覧: whether a consent lets something be viewed at a moment, and drugs told twice shown once (design.md §5,
// oqs-interface.md §2.10, §4). Pure; whoever fetches records asks here first.
#pragma once

#include "messages/eligibility.hpp"
#include "messages/records.hpp"
#include "messages/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eligibility_gateway {

/// What a consent was given for.
struct consent_scope {
  messages::care how{};
  std::string appointment; ///< yyyyMMdd; online only: the day that the patient chose
  bool withdrawn = false;  ///< home visit: viewing ends with the request, even while its outcome is unknown
};

struct viewing_windows {
  std::uint32_t online_days_after =
      0; ///< viewing of an online consultation ends with the appointment's day, plus these
};

/// Nothing when @p kind may be viewed at @p now_ms (UTC). `consent_missing` names it and says why not:
/// outpatient needs flag 1 and a time that is not over; home visits end with flag 2 or withdrawal; online consultations
/// with the appointment's day. Flags 0, 2 and 3, and a flag 1 without its time at the desk, open nothing.
messages::result<void> may_view(std::string_view kind, const messages::consent_flag& flag, const consent_scope& scope,
                                const viewing_windows& windows, std::uint64_t now_ms);

/// A consent of one kind as it is kept.
struct viewing_consent {
  std::uint64_t index = 0; ///< of the event that it rests on
  messages::consent_flag flag;
  consent_scope scope;
  messages::personal<messages::insured_number> person; ///< whom to ask about
};

/// When viewing ends by itself: yyyyMMddHHmmss (JST); empty: with a withdrawal only.
std::string open_until(const viewing_consent& consent, const viewing_windows& windows);

/// @p all by day, newest first, each drug of one institution and day standing once unreplaced: the claim where there is
/// one, else the dispensing, else the prescription. Nothing is thrown away.
std::vector<messages::dispensed_drug> without_doubles(std::vector<messages::dispensed_drug> all);

} // namespace eligibility_gateway
