// What nothing built on them can beat: a bare sync of a bare file, and bare ZeroMQ there and back.
#pragma once

#include "messages/result.hpp"
#include "tools/bench/child.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <vector>

namespace tools {

/// A bare append of 256 octets and fdatasync, on the disk of that file.
class sync_floor {
public:
  explicit sync_floor(const std::filesystem::path& file);
  ~sync_floor();
  sync_floor(const sync_floor&) = delete;
  sync_floor& operator=(const sync_floor&) = delete;
  double one_us(); ///< 0: it failed

private:
  int fd_;
};

/// A process that sends back what a DEALER says to its ROUTER, over TCP of this host. Start it before the bench has
/// threads.
messages::result<child> start_echo(bool curve);

/// The other end of it.
class echo_floor {
public:
  static messages::result<std::unique_ptr<echo_floor>> open(const child& echo);
  virtual ~echo_floor() = default;
  /// There and back with @p octets, @p trips times, one after another: each trip's microseconds.
  virtual messages::result<std::vector<double>> trips_us(std::size_t octets, int trips) = 0;
};

} // namespace tools
