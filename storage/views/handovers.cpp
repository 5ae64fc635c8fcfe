// How events change the view `handovers`.
#include "storage/views/handovers.hpp"

namespace storage {

using namespace messages;

void fold_handovers(const folded_event& event, rows& into) {
  if (const auto* m = event.as<handover_begun>()) {
    const handover_status row{m->handover, m->question, m->receipt_computer, m->file, {}, event.time_ms};
    into.put(key_of(m->handover), encode_row(row));
  } else if (const auto* written = event.as<handover_written>()) {
    auto row = row_or_new<handover_status>(into, key_of(written->handover));
    if (row.handover.empty()) return; // taken already
    row.now = handover_state::written;
    row.changed_ms = event.time_ms;
    into.put(key_of(written->handover), encode_row(row));
  } else if (const auto* taken = event.as<handover_taken>()) {
    into.erase(key_of(taken->handover));
  }
}

} // namespace storage
