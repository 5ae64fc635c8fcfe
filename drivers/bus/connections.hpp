// Which TCP connections of the bus belong to which key, so that a revoked key's can be cut. Inside drivers/bus only.
#pragma once

#include <netinet/in.h>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace bus {

/// libzmq has no call that ends one peer's connection, but says which file descriptor a message came in by
/// (ZMQ_SRCFD); shutting that down does. The descriptor may have been closed since, or be another connection's by now:
/// its two addresses are compared before it is touched. Not thread-safe.
class connections {
public:
  /// A message of @p key came in by @p fd.
  void note(int fd, std::string_view key, std::uint64_t now_ms);
  /// Ends those whose key @p is_over; how many there were.
  std::size_t cut(const std::function<bool(std::string_view key)>& is_over);
  std::size_t size() const { return known_.size(); }

  /// Ends a connection that was accepted at one of our ports; false when @p fd is something else by now.
  static bool turn_away(int fd, std::uint16_t port);

private:
  struct ends {
    sockaddr_in here{}, there{};
  };
  struct noted {
    std::string key;
    ends addresses;
    std::uint64_t noted_ms = 0;
  };
  static bool look_up(int fd, ends& into);
  static bool same(const ends& a, const ends& b);

  std::map<int, noted> known_; ///< at most as many as the process may have descriptors
};

} // namespace bus
