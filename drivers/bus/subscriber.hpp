// A reader of the bus: subscribes, catches up by replay, then follows the live feed; what `uketsuke watch` uses.
#pragma once

#include "drivers/bus/context.hpp"
#include "drivers/bus/curve.hpp"
#include "drivers/bus/sequencer.hpp"
#include "messages/envelope.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace bus {

struct subscriber_options {
  std::string live_endpoint, replay_endpoint; ///< of the publisher and of replay; both redacted or both personal
  std::optional<curve_identity> keys = {};    ///< where the hub is on another host
  sequencer_options order;                    ///< from which index, which topics, until the head or on and on
  /// The journal became another one (restored backup, promoted standby): discard; events from index 1 follow.
  std::function<void(std::uint64_t epoch)> on_changed_epoch;
  int queue_max = 1000;                 ///< messages waiting in each socket
  std::function<std::uint64_t()> clock; ///< monotonic milliseconds
};

/// One thread. A hub that is away is waited for; see silent_ms().
class subscriber {
public:
  static messages::result<std::unique_ptr<subscriber>> open(std::shared_ptr<context> home, subscriber_options options);
  ~subscriber();
  subscriber(const subscriber&) = delete;
  subscriber& operator=(const subscriber&) = delete;

  /// The next event in order; nothing after @p timeout_ms (-1: waits on), or when ended().
  std::optional<messages::event_envelope> next(int timeout_ms);
  bool ended() const; ///< everything until_head promised was returned
  bool live() const;  ///< nothing is known to be missing
  std::uint64_t head() const;
  std::uint64_t epoch() const;
  /// Milliseconds since anything was heard (a living hub is heard every second), or since open().
  std::uint64_t silent_ms() const;
  bool heard() const;                                    ///< anything at all
  bool key_refused() const; ///< the last the hub said to this key at one of its doors was no
  const std::optional<messages::error>& refused() const; ///< the last replay.error, until replay answers again
  const sequencer_counts& counts() const;

private:
  struct inside;
  explicit subscriber(std::unique_ptr<inside> in);
  std::unique_ptr<inside> in_;
};

} // namespace bus
