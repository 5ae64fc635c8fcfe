// What the journal tells in the words of the bus: the two rooms do not know each other.
#pragma once

#include "drivers/bus/batch.hpp"
#include "drivers/bus/replay.hpp"
#include "storage/journal.hpp"

#include <utility>
#include <vector>

namespace actors::runtime {

/// What was committed, for the publishers.
inline std::vector<bus::item> items_of(const storage::committed& commit) {
  std::vector<bus::item> items;
  items.reserve(commit.events.size());
  for (std::size_t n = 0; n < commit.events.size(); ++n) {
    const auto& e = commit.events[n];
    items.push_back({e.index, e.previous_of_topic, e.topic, e.envelope, commit.redacted[n]});
  }
  return items;
}

/// Of a page whose personal values are hidden the envelopes stand where redacted ones do.
inline bus::page page_of(storage::page found) {
  bus::page p{{}, found.next, found.head, found.epoch};
  p.items.reserve(found.events.size());
  for (std::size_t n = 0; n < found.events.size(); ++n) {
    auto& e = found.events[n];
    auto& made = p.items.emplace_back(e.index, e.previous_of_topic, std::move(e.topic), std::move(e.envelope));
    if (!found.redacted.empty() && found.redacted[n]) made.redacted = std::exchange(made.envelope, {});
  }
  return p;
}

} // namespace actors::runtime
