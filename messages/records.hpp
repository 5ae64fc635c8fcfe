// 薬剤・診療・手術・特定健診情報: what is viewed within a consent, as typed values (oqs-interface.md §2.10). Text as
// received; empty when absent.
#pragma once

#include "messages/field.hpp"
#include "messages/values.hpp"

#include <string>
#include <vector>

namespace messages {

/// 薬剤情報: one drug on one day.
struct dispensed_drug {
  drug_source source{};
  std::string institution, institution_name; ///< 医療機関コード and its name
  std::string day;                           ///< yyyyMMdd of dispensing
  std::string code, name, ingredient, quantity, unit, usage, instruction, times;
  bool replaced = false; ///< a newer source says the same: shown as revised, not counted twice

  UKETSUKE_FIELDS(dispensed_drug, source, institution, institution_name, day, code, name, ingredient, quantity, unit,
                  usage, instruction, times, replaced)
};

/// 診療情報, and 手術情報 (which of them: interface.json, `surgery_classes`).
struct given_treatment {
  std::string institution, institution_name;
  std::string day;             ///< yyyyMMdd
  std::string treatment_class; ///< 診療識別
  std::string code, name, quantity, unit, times;

  UKETSUKE_FIELDS(given_treatment, institution, institution_name, day, treatment_class, code, name, quantity, unit,
                  times)
};

/// 特定健診情報: one value of one check-up.
struct checkup_value {
  std::string day; ///< yyyyMMdd
  std::string code, name, type, value, unit;
  std::string meaning; ///< of a coded value

  UKETSUKE_FIELDS(checkup_value, day, code, name, type, value, unit, meaning)
};

/// What one view shows: only the list of its kind is filled.
struct medical_records {
  std::vector<dispensed_drug> drugs; ///< newest first
  std::vector<given_treatment> treatments;
  std::vector<checkup_value> checkups;

  UKETSUKE_FIELDS(medical_records, drugs, treatments, checkups)
};

} // namespace messages
