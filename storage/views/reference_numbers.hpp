// The view `reference_numbers`: the newest 照会番号 of each patient, as registered or as it came with an answer.
#pragma once

#include "messages/personal.hpp"
#include "storage/view.hpp"
#include "storage/views/typed_rows.hpp"

namespace storage {

/// One patient, under key_of(patient).
struct reference_number_row {
  messages::id patient;
  messages::personal<std::string> number;
  std::uint64_t changed_ms = 0;

  UKETSUKE_FIELDS(reference_number_row, patient, number, changed_ms)
};

/// Folds one event in. Pure. An answer that names several insurances gives none: nothing is picked automatically.
void fold_reference_numbers(const folded_event& event, rows& into);

class reference_numbers final : public view {
public:
  std::string_view name() const override { return "reference_numbers"; }
  void apply(const folded_event& event, rows& into) const override { fold_reference_numbers(event, into); }
};

} // namespace storage
