// The fold of a check-in's events into its row.
#include "storage/views/open_checkins.hpp"

namespace storage {

void fold_open_checkins(const folded_event& event, rows& into) {
  if (event.checkin.empty()) return;
  const auto key = key_of(event.checkin);
  auto stored = into.get(key);
  if (!stored && !messages::begins_checkin(event)) return; // over, or never begun: a late settlement
  auto row = stored ? decode_row<messages::open_checkin>(*stored).value_or(messages::open_checkin{})
                    : messages::open_checkin{};
  if (messages::apply(event, row))
    into.put(key, encode_row(row));
  else
    into.erase(key);
}

} // namespace storage
