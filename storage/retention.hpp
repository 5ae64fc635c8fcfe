// What is kept how long, by kind: the kinds of sealed values and the months their keys are for. Keys are destroyed, not
// entries: the journal has no holes, and what cannot be unsealed any more reads as forgotten.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace storage {

/// A patient has a key per kind and month, so that a kind can be let go month by month.
enum class record_kind : std::uint8_t {
  record, ///< what the national system answered, insurance details, reference numbers
  proof,  ///< the card's certificate and signature: needed until the question is settled
};
inline constexpr std::array<std::string_view, 2> record_kind_names{"record", "proof"};

/// Days that each kind is kept after the month in which it was written; 0: for ever.
struct retention {
  /// 療担規則 (保険医療機関及び保険医療養担当規則) 第9条: documents on treatment three years, the medical record five,
  /// counted from the end of the treatment; 医師法 第24条: five. The longer one.
  std::uint32_t record_days = 5 * 366;
  /// No law asks for it: the proof serves one question, and an unknown outcome is settled under it. The shorter the
  /// better (個人情報保護法 第22条: what is no longer needed is erased without delay).
  std::uint32_t proof_days = 35;

  std::uint32_t days_of(record_kind kind) const { return kind == record_kind::proof ? proof_days : record_days; }
};

/// The kind of what an event of @p topic holds.
inline record_kind kind_of(std::string_view topic) {
  return topic == "checkin.identity_proven" ? record_kind::proof : record_kind::record;
}

/// Months since the year 0 in Japan, where the days of these laws are counted.
std::uint16_t month_of(std::uint64_t utc_ms);
/// yyyyMM of such a month; yyyyMMdd (JST) of a time.
std::string month_text(std::uint16_t month);
std::string day_text(std::uint64_t utc_ms);

/// The first month of @p kind that is still kept at @p utc_ms; 0 when it is kept for ever.
std::uint16_t kept_from(const retention& rules, record_kind kind, std::uint64_t utc_ms);

} // namespace storage
