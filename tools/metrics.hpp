// What a hub counts, for Prometheus: a page on loopback, fed by a watcher of the bus and by the node itself.
#pragma once

#include "actors/runtime/node.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>

namespace drivers::clock {
class clock;
}

namespace tools {

/// One more watcher of the bus beside the others: it costs the journal nothing, and misses nothing (gaps are replayed).
/// Counts begin with the node, as a Prometheus counter does. No value of a person is in it.
class metrics_page {
public:
  /// On 127.0.0.1:@p port (0: a free one). @p node outlives it. Errors: port_taken, and those of a subscriber.
  static messages::result<std::unique_ptr<metrics_page>> open(std::uint16_t port, const std::filesystem::path& run,
                                                              const actors::runtime::node& node,
                                                              std::shared_ptr<drivers::clock::clock> clock);
  virtual ~metrics_page() = default;
  virtual int port() const = 0;
};

} // namespace tools
