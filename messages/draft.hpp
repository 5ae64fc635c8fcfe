// What an actor hands to the journal in one piece: events, the effects that bind, and what has been settled by them.
// Everything of one append becomes durable together or not at all (design.md §4).
#pragma once

#include "messages/envelope.hpp"

#include <memory>

namespace messages {

/// The struct of the topic that a body was encoded from: who needs it need not decode the body again. Says nothing that
/// the body does not say, so all are equal.
struct made_of {
  std::shared_ptr<const void> typed; ///< null: nobody kept it
  friend bool operator==(const made_of&, const made_of&) { return true; }
};

/// An event before it has an index, a time and a node.
struct event_draft {
  std::uint64_t v = 1;
  std::string topic;
  std::string desk;
  messages::id checkin;
  std::string account;
  messages::id cause;
  std::string body; ///< packed map
  made_of from{};   ///< kept by make_draft() where something is personal; who changes the body has to empty it

  friend bool operator==(const event_draft&, const event_draft&) = default;
};

/// A binding effect that must survive a crash: written with its event, deleted by the event of its outcome.
struct outbox_row {
  messages::id effect; ///< its identity: the question, the attempt, the registration
  std::string owner;   ///< the actor that carries it out and settles it
  std::string topic;   ///< the command it will become
  std::string body;    ///< packed map of that command
  messages::id checkin;
  std::string desk;

  UKETSUKE_FIELDS(outbox_row, effect, owner, topic, body, checkin, desk)
};

/// A reply that is remembered for 24 hours, so that a command seen twice is executed once.
struct remembered_reply {
  messages::id command;
  std::string frame; ///< the encoded reply; empty when it held a credential (`already_done`)
};

/// One append. `outbox` rows belong to the first event of the append; their keys are (its index, n).
struct draft {
  std::vector<event_draft> events;
  std::vector<outbox_row> outbox;
  std::vector<messages::id> settled; ///< effects whose rows are deleted
  std::vector<remembered_reply> replies;

  bool empty() const { return events.empty() && outbox.empty() && settled.empty() && replies.empty(); }
};

} // namespace messages
