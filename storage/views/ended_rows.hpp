// How a view lets go of what ended long ago: a queue of keys in the order of their ends, in the view's own rows.
#pragma once

#include "messages/bytes.hpp"
#include "storage/big_endian.hpp"
#include "storage/views/typed_rows.hpp"

#include <string_view>

namespace storage {

/// The queue's own row, under `range_key`: what is in it stands under first … next - 1.
struct ended_range {
  std::uint64_t first = 0, next = 0;
  UKETSUKE_FIELDS(ended_range, first, next)
};
struct ended_row {
  messages::bytes key; ///< of the row that ended
  std::uint64_t ended_ms = 0;
  UKETSUKE_FIELDS(ended_row, key, ended_ms)
};

inline constexpr std::string_view ended_prefix = "e"; ///< of the queue's keys: no other row may begin with it

/// Queues the row under @p key and erases, by @p erase(key), a few that ended more than @p kept_ms before @p now_ms.
template <class Erase>
void note_ended(const std::string& key, std::uint64_t now_ms, std::uint64_t kept_ms, rows& into, Erase&& erase) {
  constexpr int erased_per_event_max = 4;
  const auto place = [](std::uint64_t n) { return std::string{ended_prefix} + index_key(n); };
  auto range = row_or_new<ended_range>(into, ended_prefix);
  into.put(place(range.next++), encode_row(ended_row{{key.begin(), key.end()}, now_ms}));
  for (int n = 0; n < erased_per_event_max && range.first + 1 < range.next; ++n) {
    const auto oldest = row_or_new<ended_row>(into, place(range.first));
    if (oldest.ended_ms + kept_ms > now_ms) break;
    erase(std::string{oldest.key.begin(), oldest.key.end()});
    into.erase(place(range.first++));
  }
  into.put(ended_prefix, encode_row(range));
}

} // namespace storage
