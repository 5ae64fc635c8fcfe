// The view `open_checkins`: every check-in that is not over, as messages/checkin.hpp folds it. A start reads these
// rows: it costs by the open work, not by the history.
#pragma once

#include "messages/checkin.hpp"
#include "storage/view.hpp"
#include "storage/views/typed_rows.hpp"

namespace storage {

/// Folds one event in. Pure.
void fold_open_checkins(const folded_event& event, rows& into);

class open_checkins final : public view {
public:
  std::string_view name() const override { return "open_checkins"; }
  void apply(const folded_event& event, rows& into) const override { fold_open_checkins(event, into); }
};

} // namespace storage
