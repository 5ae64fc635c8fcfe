// The view `handovers`: every file for a receipt computer that it has not taken yet.
#pragma once

#include "messages/registry.hpp"
#include "storage/view.hpp"
#include "storage/views/typed_rows.hpp"

namespace storage {

/// Folds one event in. Pure. Rows are messages::handover_status under key_of(handover); taken ones go.
void fold_handovers(const folded_event& event, rows& into);

class handovers final : public view {
public:
  std::string_view name() const override { return "handovers"; }
  void apply(const folded_event& event, rows& into) const override { fold_handovers(event, into); }
};

} // namespace storage
