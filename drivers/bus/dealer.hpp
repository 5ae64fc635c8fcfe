// A node's end of the command bus: one DEALER to the hub's switchboard, its signs of life, and the node's open
// commands.
#pragma once

#include "drivers/bus/context.hpp"
#include "drivers/bus/curve.hpp"
#include "messages/commands.hpp"
#include "messages/envelope.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bus {

class switchboard;

struct dealer_limits {
  std::size_t queue_max = 1024;        ///< envelopes kept while the hub is away or does not read
  std::size_t open_max = 4096;         ///< own commands without an answer yet
  std::uint32_t hello_every_ms = 500;  ///< the sign of life
  std::uint32_t silent_ms = 1750;      ///< a hub not heard for so long is lost: patients read it within two seconds
  std::uint32_t answer_grace_ms = 250; ///< after a deadline the switchboard's answer, which knows more, comes first
};

struct dealer_options {
  std::string endpoint; ///< of the switchboard
  std::optional<curve_identity> keys = {}; ///< where the hub is on another host
  std::string hub = "hub";
  std::string node;
  std::vector<std::string> actors;
  std::string program_version;
  messages::id incarnation; ///< of this process; not empty
  dealer_limits limits;
  std::function<std::uint64_t()> clock; ///< monotonic milliseconds
  /// On the hub: its switchboard without an own thread, which look() turns along, so that what the hub's
  /// actors say to each other needs no wake-up on the way.
  std::shared_ptr<switchboard> beside;
};

/// Called from within look(), on its thread; they may call send(). Empty ones are skipped.
struct dealer_events {
  std::function<void(messages::command_envelope)> on_command;
  /// The one answer to a command that send() accepted: the receiver's, the switchboard's, or made here
  /// (unknown_address: the hub was away; deadline_passed: not sent in time; outcome_unknown: sent, never answered).
  std::function<void(messages::command_envelope)> on_reply;
  /// The hub answered for the first time, or again after it was lost; @p changed: by another incarnation than before.
  std::function<void(const messages::node_welcome&, bool changed)> on_hub;
  std::function<void()> on_hub_lost;
  /// The hub refuses this node (not_spoken_for, busy, newer_version); it goes on asking.
  std::function<void(const messages::error&)> on_refused;
  /// The hub does not let this node's key in (any more); it goes on trying.
  std::function<void()> on_key_refused = {};
};

struct dealer_counts {
  std::uint64_t commands_sent = 0, replies_sent = 0, commands_received = 0, replies_received = 0;
  std::uint64_t answered_here = 0; ///< error replies made here
  std::uint64_t late_replies = 0;  ///< to commands that had their answer
  std::uint64_t malformed = 0, dropped_replies = 0;
  std::size_t open = 0, queued = 0;
};

/// For one thread at a time: calls on different threads need a lock, or an actor's mailbox, between them.
class dealer {
public:
  /// Connects; a hub that is not there yet is no error. Errors: wrong_value, path_too_long, not_loopback.
  static messages::result<std::unique_ptr<dealer>> open(std::shared_ptr<context> home, dealer_options options);
  ~dealer();
  dealer(const dealer&) = delete;
  dealer& operator=(const dealer&) = delete;

  /// Sends a command or a reply, or keeps it while the hub is away. False: a bound is reached and nothing was done; the
  /// caller answers busy. Never waits. The deadline counts from this call.
  bool send(const messages::command_envelope& envelope);

  /// Handles what has come and whatever is due; never waits. When, by its clock, it has to be called again, unless one
  /// of watched() becomes readable before.
  std::uint64_t look(const dealer_events& events);
  /// For a lookout: to be watched after each look(), which has read everything there was.
  const std::vector<int>& watched() const;

  bool hub_present() const;
  dealer_counts counts() const;

private:
  struct inside;
  explicit dealer(std::unique_ptr<inside> in);
  std::unique_ptr<inside> in_;
};

} // namespace bus
