// The tail of the journal to whoever listens: two XPUB sockets, one redacted (5571), one personal (5573), one thread.
#pragma once

#include "drivers/bus/batch.hpp"
#include "drivers/bus/context.hpp"
#include "drivers/bus/doorkeeper.hpp"
#include "messages/result.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bus {

struct publisher_limits {
  std::size_t queue_bytes_max = 64 << 20; ///< handed over and not yet sent; beyond it the live feed skips a batch
  int reader_queue_max = 1000; ///< messages waiting for one reader; beyond it ZeroMQ drops, the reader replays
  std::uint32_t heartbeat_every_ms = 1000;
  std::size_t prefixes_max = 4096; ///< told apart; with more, messages per topic are always made
};

struct publisher_options {
  /// Without keys: tcp only on loopback, and only redacted; a personal tcp endpoint is refused (not_allowed).
  std::vector<std::string> redacted_endpoints, personal_endpoints;
  std::shared_ptr<doorkeeper> keys; ///< of whoever comes over tcp
  /// Where the journal stands at the start, for the first heartbeat.
  std::uint64_t head = 0, epoch = 0;
  std::map<std::string, std::uint64_t> last_of_topic;
  publisher_limits limits;
  std::function<std::uint64_t()> clock; ///< monotonic milliseconds
};

struct publisher_counts {
  std::uint64_t published = 0; ///< events sent (or that nobody listened to)
  std::uint64_t dropped = 0;   ///< events that were not sent live: the queue was full
  std::uint64_t bytes = 0;     ///< handed to ZeroMQ, once however many read
  std::uint64_t heartbeats = 0;
  std::uint64_t messages = 0; ///< of events, three frames each; over CURVE each frame is encrypted for each reader
  std::uint64_t fell_behind = 0; ///< how often a reader left reader_queue_max messages unread, and lost those after
  std::size_t subscriptions = 0; ///< prefixes somebody reads, on both sockets
  std::size_t queued_bytes = 0;
};

/// Frames: frames.hpp. A heartbeat is also sent as soon as somebody new listens, so that nobody waits a second to learn
/// where the journal stands. Errors of open(): as the switchboard's, and not_allowed.
class publisher {
public:
  static messages::result<std::unique_ptr<publisher>> open(std::shared_ptr<context> home, publisher_options options);
  /// Sends what was handed over, then stops.
  ~publisher();
  publisher(const publisher&) = delete;
  publisher& operator=(const publisher&) = delete;

  /// For the journal's thread, after the commit, in index order: queues and returns, never waits for a reader.
  void publish(std::shared_ptr<const batch> b);

  const std::vector<std::string>& redacted_endpoints() const;
  const std::vector<std::string>& personal_endpoints() const;
  publisher_counts counts() const; ///< from any thread

private:
  struct inside;
  explicit publisher(std::unique_ptr<inside> in);
  std::unique_ptr<inside> in_;
};

} // namespace bus
