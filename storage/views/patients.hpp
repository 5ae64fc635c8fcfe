// The view `patients`: whom the clinic knows, and how they are found: by handle, by 照会番号, by kana and birth date.
#pragma once

#include "messages/registry.hpp"
#include "storage/view.hpp"
#include "storage/views/typed_rows.hpp"

namespace storage {

// Keys. A row stands under record_key(); the others lead to it: their values are its key.
inline constexpr std::string_view patient_prefix = "p";
std::string record_key(const messages::id& patient);
/// Followed by the patient, since several may share one. A fingerprint: no number and no name stands in a key.
std::string reference_prefix(std::string_view reference_number);
std::string kana_prefix(std::string_view kana, std::string_view birth_date);
/// Which patient a handle (the mark of a card) was matched to.
std::string handle_key(const messages::id& handle);

/// What nobody has decided yet: messages::undecided_answer.
std::string undecided_key(const messages::id& question);
inline constexpr std::uint64_t undecided_kept_ms = 14u * 24 * 3600 * 1000;

struct patient_row {
  messages::id patient;
  messages::personal<messages::patient_record> record;
  UKETSUKE_FIELDS(patient_row, patient, record)
};

/// Folds one event in. Pure. Rows of patients stay until the patient is forgotten.
void fold_patients(const folded_event& event, rows& into);

class patients final : public view {
public:
  std::string_view name() const override { return "patients"; }
  void apply(const folded_event& event, rows& into) const override { fold_patients(event, into); }
};

} // namespace storage
