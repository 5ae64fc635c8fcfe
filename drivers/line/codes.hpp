// The code tables of the interface (oqs-interface.md §3) as enumerations; a code no table knows is kept as it came.
//
// The Japanese text of each value stands in interface.json, by table and value (facts.hpp: text_of).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drivers::line {

/// Of an enumeration: the table's name and, in the order of the enumerators, their values on the wire.
template <class E> struct code_table;

/// One coded field: what stood in the file, and what it means when the table knows it. Empty: absent.
template <class E> struct code {
  std::string text; ///< as received

  code() = default;
  explicit code(std::string received) : text(std::move(received)) {}
  code(E value) // NOLINT: a known value is a code, on purpose
      : text(code_table<E>::values[static_cast<std::size_t>(value)]) {}

  bool stated() const { return !text.empty(); }
  std::optional<E> known() const {
    for (std::size_t n = 0; n < code_table<E>::values.size(); ++n)
      if (code_table<E>::values[n] == text) return static_cast<E>(n);
    return std::nullopt;
  }
  bool is(E value) const { return text == code_table<E>::values[static_cast<std::size_t>(value)]; }

  friend bool operator==(const code&, const code&) = default;
};

/// UKETSUKE_CODES(segment, "OQSCD003", UKETSUKE_LIST("1", "2", "9"), normal, in_progress, abnormal)
#define UKETSUKE_LIST(...) __VA_ARGS__
#define UKETSUKE_CODES(type, number, wire, ...)                                                                        \
  enum class type : std::uint8_t { __VA_ARGS__ };                                                                      \
  template <> struct code_table<type> {                                                                                \
    static constexpr std::string_view name = number;                                                                   \
    static constexpr auto values = std::to_array<std::string_view>({wire});                                            \
  };

UKETSUKE_CODES(limit_consent, "OQSCD001", UKETSUKE_LIST("0", "1"), refused, given)
UKETSUKE_CODES(reference_class, "OQSCD002", UKETSUKE_LIST("1", "2"), my_number_card, document)
UKETSUKE_CODES(segment, "OQSCD003", UKETSUKE_LIST("1", "2", "9"), normal, in_progress, abnormal)
UKETSUKE_CODES(person_status, "OQSCD004", UKETSUKE_LIST("1", "2"), normal, error)
UKETSUKE_CODES(character_code, "OQSCD005", UKETSUKE_LIST("0", "1"), utf8, shift_jis)
UKETSUKE_CODES(qualification, "OQSCD006", UKETSUKE_LIST("1", "2", "3", "4", "5", "6"), valid, invalid, newer_exists,
               no_match, several, valid_unregistered)
UKETSUKE_CODES(sex, "OQSCD007", UKETSUKE_LIST("1", "2", "3"), male, female, not_stated)
UKETSUKE_CODES(loss_reason, "OQSCD008", UKETSUKE_LIST("01", "02", "03", "99"), death, public_assistance,
               other_insurance, other)
UKETSUKE_CODES(relation, "OQSCD009", UKETSUKE_LIST("1", "2"), insured_person, family)
UKETSUKE_CODES(card_class, "OQSCD010", UKETSUKE_LIST("01", "02", "03", "04", "05", "06", "07", "A1"), general, retired,
               short_term, short_term_retired, special_medical_expense, special_retired, self_defence,
               medical_assistance)
UKETSUKE_CODES(limit_class, "OQSCD011", UKETSUKE_LIST("01", "02", "03"), limit, limit_and_meals, meals)
UKETSUKE_CODES(limit_category, "OQSCD012",
               UKETSUKE_LIST("A01", "A02", "A03", "A04", "A05", "A06", "B01", "B02", "B03", "B04", "B05", "B06", "B07",
                             "B08", "B09", "B10"),
               a, i, u, e, o, o_border, active_3, active_2, active_1, general_70, low_2, low_1, low_1_old_age,
               low_1_border, general_late_2, general_late_1)
UKETSUKE_CODES(disease, "OQSCD013", UKETSUKE_LIST("1", "2", "3"), dialysis, haemophilia, hiv)
UKETSUKE_CODES(limit_changed, "OQSCD014", UKETSUKE_LIST("0", "1"), unchanged, changed_or_unknown)
UKETSUKE_CODES(preschool, "OQSCD015", UKETSUKE_LIST("1"), preschool_child)
UKETSUKE_CODES(consent_state, "OQSCD016", UKETSUKE_LIST("0", "1", "2", "3"), none, given, expired, not_obtainable)
UKETSUKE_CODES(prescription_form, "OQSCD017", UKETSUKE_LIST("1", "2"), electronic, paper)
UKETSUKE_CODES(ticket_kind, "OQSCD018", UKETSUKE_LIST("01", "02"), medical, dispensing)
UKETSUKE_CODES(ticket_treatment, "OQSCD019", UKETSUKE_LIST("01", "02", "03", "04", "05"), inpatient, outpatient, dental,
               dispensed, visiting_nurse)
UKETSUKE_CODES(ticket_use, "OQSCD020", UKETSUKE_LIST("01", "02"), alone, combined)
UKETSUKE_CODES(present, "OQSCD021", UKETSUKE_LIST("01", "02"), yes, no) ///< and OQSCD023-025, the same values
UKETSUKE_CODES(consistency, "OQSCD022", UKETSUKE_LIST("1"), inconsistent)
UKETSUKE_CODES(designation, "OQSCD026", UKETSUKE_LIST("0", "1"), matching, other_institution)
UKETSUKE_CODES(treatment_kind, "OQSCD028", UKETSUKE_LIST("1", "2", "3", "4"), outpatient, home_visit, online, emergency)
UKETSUKE_CODES(expiry_reason, "OQSCD031", UKETSUKE_LIST("0", "1", "2", "3"), period_over, cancelled_by_institution,
               cancelled_by_patient, purpose_changed)
UKETSUKE_CODES(url_purpose, "OQSCD033", UKETSUKE_LIST("2", "3"), home_visit, online)
UKETSUKE_CODES(url_format, "OQSCD034", UKETSUKE_LIST("1", "2"), pdf, png)
UKETSUKE_CODES(url_change, "OQSCD035", UKETSUKE_LIST("0", "1"), keep, renew)
/// Of YZK and TKK requests, not an OQSCD table (oqs-interface.md §2.10). TKK has only 1 and 2.
UKETSUKE_CODES(file_category, "FileCategory", UKETSUKE_LIST("1", "2", "3", "4"), drugs_pdf, drugs_xml,
               drugs_and_treatment_pdf, drugs_and_treatment_xml)

} // namespace drivers::line
