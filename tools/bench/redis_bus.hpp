// A peer of the bus: Redis Streams, every write synced before it is acknowledged. Where redis-server is not installed
// there is none.
#pragma once

#include "tools/bench/bus_flow.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>

namespace tools {

/// redis-server on a free port of this host, its data in @p folder, `appendonly yes` and `appendfsync always`; ended
/// with it.
class redis_server {
public:
  static bool is_installed();
  static messages::result<std::unique_ptr<redis_server>> start(const std::filesystem::path& folder);
  virtual ~redis_server() = default;
  virtual int port() const = 0;
};

/// XADD by one connection, XREAD BLOCK by @p readers others.
messages::result<std::unique_ptr<measured_bus>> connect_redis(const redis_server& to, std::size_t readers,
                                                              std::size_t event_bytes);

} // namespace tools
