// Looking at, comparing and shutting down descriptors that belong to libzmq.
#include "drivers/bus/connections.hpp"

#include <sys/socket.h>

namespace bus {

namespace {

/// A node says hello twice a second: as often, and no oftener, it is looked at again whose the descriptor is.
constexpr std::uint64_t noted_again_ms = 400;

bool same_end(const sockaddr_in& a, const sockaddr_in& b) {
  return a.sin_family == b.sin_family && a.sin_port == b.sin_port && a.sin_addr.s_addr == b.sin_addr.s_addr;
}

} // namespace

bool connections::look_up(int fd, ends& into) {
  socklen_t here = sizeof into.here, there = sizeof into.there;
  return ::getsockname(fd, reinterpret_cast<sockaddr*>(&into.here), &here) == 0 &&
         ::getpeername(fd, reinterpret_cast<sockaddr*>(&into.there), &there) == 0 &&
         into.here.sin_family == AF_INET && into.there.sin_family == AF_INET;
}

bool connections::same(const ends& a, const ends& b) { return same_end(a.here, b.here) && same_end(a.there, b.there); }

void connections::note(int fd, std::string_view key, std::uint64_t now_ms) {
  if (fd < 0 || key.empty()) return;
  auto& n = known_[fd];
  if (n.key == key && now_ms - n.noted_ms < noted_again_ms) return;
  if (!look_up(fd, n.addresses)) {
    known_.erase(fd);
    return;
  }
  n.key = key;
  n.noted_ms = now_ms;
}

std::size_t connections::cut(const std::function<bool(std::string_view)>& is_over) {
  std::size_t n = 0;
  for (auto at = known_.begin(); at != known_.end();) {
    if (!is_over(at->second.key)) {
      ++at;
      continue;
    }
    ends now;
    if (look_up(at->first, now) && same(now, at->second.addresses)) {
      ::shutdown(at->first, SHUT_RDWR);
      ++n;
    }
    at = known_.erase(at);
  }
  return n;
}

bool connections::turn_away(int fd, std::uint16_t port) {
  ends now;
  if (!look_up(fd, now) || now.here.sin_port != htons(port)) return false;
  return ::shutdown(fd, SHUT_RDWR) == 0;
}

} // namespace bus
