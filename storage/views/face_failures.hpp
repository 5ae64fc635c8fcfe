// The view `face_failures`: how often in a row a face was not the one on a card. A proof of identity, by whatever
// method, ends the row; so does a day without another failure.
#pragma once

#include "messages/id.hpp"
#include "storage/view.hpp"
#include "storage/views/typed_rows.hpp"

namespace storage {

/// One card, under `face_failures_prefix` and its mark.
struct face_failures_row {
  messages::id patient;
  std::uint64_t failures = 0;
  std::uint64_t last_ms = 0;

  UKETSUKE_FIELDS(face_failures_row, patient, failures, last_ms)
};

inline constexpr std::string_view face_failures_prefix = "f";
inline constexpr std::uint64_t face_failures_kept_ms = 24u * 3600 * 1000;

/// Folds one event in. Pure.
void fold_face_failures(const folded_event& event, rows& into);

class face_failures final : public view {
public:
  std::string_view name() const override { return "face_failures"; }
  void apply(const folded_event& event, rows& into) const override { fold_face_failures(event, into); }
};

} // namespace storage
