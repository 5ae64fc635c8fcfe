// A node's end of the command bus: the DEALER to the hub's switchboard around node_end, which has the rules.
#pragma once

#include "drivers/bus/context.hpp"
#include "drivers/bus/curve.hpp"
#include "drivers/bus/node_end.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bus {

class switchboard;

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
