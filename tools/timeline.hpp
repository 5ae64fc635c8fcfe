// One check-in as a person reads it: each step, how long after the one before, and what it was because of. Pure.
#pragma once

#include "messages/envelope.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>

namespace tools {

/// Fed with the events of one check-in in index order; for one thread.
///
/// An event's cause is the id of what led to it. Where an earlier event named that id (a question, an attempt), or came
/// of the same cause, that event is named; else it was a command, whose id says when it was made.
class timeline {
public:
  /// The lines of one event: time, milliseconds since the step before, index, desk, topic; body; cause.
  std::string tell(const messages::event_envelope& event);
  /// What there was in all: steps and the time from the first to the last. Empty before the first.
  std::string end() const;

private:
  struct step {
    std::uint64_t index = 0;
    std::string topic;
  };
  std::string because_of(const messages::event_envelope& event) const;

  std::unordered_map<messages::id, step> named_by_;  ///< ids in bodies: which event named them first
  std::unordered_map<messages::id, step> caused_by_; ///< causes: what came of them first
  std::uint64_t first_ms_ = 0, last_ms_ = 0, steps_ = 0;
};

} // namespace tools
