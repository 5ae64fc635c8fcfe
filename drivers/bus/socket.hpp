// This room's only door to libzmq: a frame, a socket, and the wait for several of them. Inside drivers/bus only.
//
// A socket belongs to one thread at a time; it may be made in one and handed to another together with the start of that
// thread. Nothing here blocks except wait(). LINGER is 0 everywhere: whatever matters is answered or replayed.
#pragma once

#include "drivers/bus/context.hpp"
#include "drivers/bus/curve.hpp"
#include "drivers/bus/sent.hpp"
#include "messages/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bus {

/// One frame of a message. Handing a received frame on copies nothing.
class frame {
public:
  frame();
  explicit frame(std::string_view content);
  ~frame();
  frame(frame&& other) noexcept;
  frame& operator=(frame&& other) noexcept;

  std::string_view view() const;
  /// Do more frames of the same message follow?
  bool more() const;
  /// A second reference to the same bytes (not a copy of them, unless they are few).
  frame share() const;
  /// What the connection says about itself: "User-Id" (of ZAP), "Socket-Type"; empty where unknown, as over inproc.
  std::string_view property(const char* name) const;
  /// Of the TCP connection it came in by, which may be closed by now; -1: none.
  int descriptor() const;

private:
  friend class socket;
  alignas(8) mutable std::array<std::byte, 64> raw_;
};

enum class role : std::uint8_t { router, dealer, xpub, sub, rep, pair };

struct socket_settings {
  int send_queue_max = 1000;              ///< messages per peer
  int receive_queue_max = 1000;           ///< messages per peer
  std::int64_t frame_bytes_max = 1 << 20; ///< a larger one costs its sender the connection (not over inproc)
  /// A dealer's: nothing is queued for a connection that does not stand, so that no stale message is delivered later.
  /// Only for sockets that receive messages of one frame: libzmq 4.3.4 aborts the process when such a connection breaks
  /// between two frames that are being read (fq.cpp, "!_more").
  bool only_when_connected = false;
  std::string routing_id = {}; ///< of a dealer: keeps its name over reconnects
};

class socket {
public:
  socket(std::shared_ptr<context> home, role what, const socket_settings& settings);
  ~socket();
  socket(socket&& other) noexcept;
  socket& operator=(socket&& other) noexcept;

  /// Binds and says the actual endpoint (port 0 becomes a port). See endpoint.hpp for what is refused; @p keyed: after
  /// secure().
  messages::result<std::string> bind(const std::string& endpoint, bool keyed = false);
  /// With @p keys over CURVE.
  messages::result<void> connect(const std::string& endpoint, const curve_identity* keys = nullptr);
  /// What is bound from here on asks for a key, of which ZAP's @p domain judges.
  void secure(const curve_pair& own, std::string_view domain);
  /// A socket to read_event() from: who comes, who goes. For one watcher.
  std::optional<socket> watch_connections();
  void subscribe(std::string_view prefix);

  sent send(frame&& f, bool more = false);
  sent send(std::string_view content, bool more = false) { return send(frame{content}, more); }
  /// An xpub's first frame that was `full`: it goes to all readers but those without room, and so do those after it.
  sent send_past_the_full(std::string_view content);
  /// False when nothing is there.
  bool receive(frame& into);
  bool writable() const;
  /// ZMQ_FD: readable after something happened, until this socket was used again. Nothing but poll() may touch it.
  int fd() const;
  /// Reads away what is left of a message whose last frame read was @p last.
  void skip_rest(const frame& last);

private:
  friend struct watch;
  friend bool wait(std::span<struct watch> on, int timeout_ms);
  std::shared_ptr<context> home_;
  void* handle_;
};

/// What a socket of watch_connections() tells.
struct socket_event {
  enum class kind : std::uint8_t {
    accepted,     ///< value: the descriptor
    ended,        ///< value: the descriptor, closed
    ready,        ///< the handshake succeeded
    refused,      ///< the other side does not let this key in
    no_handshake, ///< the connection ended, or said something else, before the handshake was over
    other
  };
  kind what{};
  int value = 0;
};
/// Nothing when nothing happened.
std::optional<socket_event> read_event(socket& from);

/// One thing to wait for: a socket, or a file descriptor that becomes readable.
struct watch {
  socket* on = nullptr;
  int fd = -1;
  bool also_writable = false;
  bool readable = false, writable = false; ///< the answer
};

/// Waits until one of at most twelve is ready; -1: without end. False: none was.
bool wait(std::span<watch> on, int timeout_ms);

} // namespace bus
