// What the journal hands to the bus: events as they stand in it, encoded and in clear.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bus {

/// One entry of the journal.
struct item {
  std::uint64_t index = 0;
  std::uint64_t previous_of_topic = 0; ///< index of the entry of this very topic before it; 0: none
  std::string topic;
  std::string envelope; ///< messages::encode(event_envelope), personal values in clear
  std::string redacted = {}; ///< the same with them hidden, by whoever sealed them; empty: redaction.hpp makes it
};

/// The entries of one commit, indexes without holes.
struct batch {
  std::uint64_t epoch = 0;
  std::uint64_t first_index = 0;
  std::vector<item> items;
};

/// What was found for one replay request.
struct page {
  std::vector<item> items; ///< in index order; at most as many as asked for
  std::uint64_t next = 0;  ///< last scanned + 1: where to ask on
  std::uint64_t head = 0, epoch = 0;
};

} // namespace bus
