// How events change the view `handovers`.
#include "storage/views/handovers.hpp"

namespace storage {

using namespace messages;

void fold_handovers(const event_envelope& event, rows& into) {
  if (const auto m = body_as<handover_begun>(event)) {
    const handover_status row{m->handover, m->question, m->receipt_computer, m->file, {}, event.time_ms};
    into.put(key_of(m->handover), encode_row(row));
  } else if (const auto written = body_as<handover_written>(event)) {
    auto row = row_or_new<handover_status>(into, key_of(written->handover));
    if (row.handover.empty()) return; // taken already
    row.now = handover_state::written;
    row.changed_ms = event.time_ms;
    into.put(key_of(written->handover), encode_row(row));
  } else if (const auto taken = body_as<handover_taken>(event)) {
    into.erase(key_of(taken->handover));
  }
}

} // namespace storage
