// Every call of libzmq but the two of the context.
#include "drivers/bus/socket.hpp"

#include "drivers/bus/endpoint.hpp"

#include <zmq.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

// libzmq's package is not instrumented, so ThreadSanitizer cannot see that a message handed over in the process
// (inproc) is handed over at all. Told so here, by the address of its bytes, it still watches everything else.
#if defined(__SANITIZE_THREAD__)
extern "C" void __tsan_acquire(void*);
extern "C" void __tsan_release(void*);
#else
static void __tsan_acquire(void*) {}
static void __tsan_release(void*) {}
#endif

namespace bus {

static_assert(sizeof(zmq_msg_t) == sizeof(std::array<std::byte, 64>));

namespace {

zmq_msg_t* raw(std::array<std::byte, 64>& bytes) { return reinterpret_cast<zmq_msg_t*>(bytes.data()); }

constexpr int zmq_type(role what) {
  switch (what) {
  case role::router: return ZMQ_ROUTER;
  case role::dealer: return ZMQ_DEALER;
  case role::xpub: return ZMQ_XPUB;
  case role::sub: return ZMQ_SUB;
  case role::rep: return ZMQ_REP;
  case role::pair: return ZMQ_PAIR;
  }
  return ZMQ_DEALER;
}

void set(void* socket, int option, int value) { zmq_setsockopt(socket, option, &value, sizeof value); }

// Of the transport below, not of the nodes (those say hello): how fast a dead connection is noticed and tried again.
constexpr int transport_heartbeat_ms = 1000, transport_silence_ms_max = 3000, handshake_ms_max = 2000;
// Behind a router nobody says that a host is cut off, and the kernel asks less and less often, at last every half
// minute.
constexpr int connect_ms_max = 2000;
// After a power cut every desk and watcher comes back at once; of libzmq's own 100, others would try a second later.
constexpr int backlog = 512;
constexpr int reconnect_ms_min = 50, reconnect_ms_max = 1000;

void configure(void* s, role what, const socket_settings& settings) {
  set(s, ZMQ_LINGER, 0);
  set(s, ZMQ_SNDHWM, settings.send_queue_max);
  set(s, ZMQ_RCVHWM, settings.receive_queue_max);
  zmq_setsockopt(s, ZMQ_MAXMSGSIZE, &settings.frame_bytes_max, sizeof settings.frame_bytes_max);
  set(s, ZMQ_HEARTBEAT_IVL, transport_heartbeat_ms);
  set(s, ZMQ_HEARTBEAT_TIMEOUT, transport_silence_ms_max);
  set(s, ZMQ_HEARTBEAT_TTL, transport_silence_ms_max);
  set(s, ZMQ_HANDSHAKE_IVL, handshake_ms_max);
  set(s, ZMQ_CONNECT_TIMEOUT, connect_ms_max);
  set(s, ZMQ_RECONNECT_IVL, reconnect_ms_min);
  set(s, ZMQ_RECONNECT_IVL_MAX, reconnect_ms_max);
  set(s, ZMQ_BACKLOG, backlog);
  set(s, ZMQ_IPV6, 0);
  if (what == role::router) {
    // A lost peer and a full queue become answers instead of silence …
    set(s, ZMQ_ROUTER_MANDATORY, 1);
    // … and a dealer that reconnects before its old connection is known to be dead keeps its name. The name holds the
    // node's incarnation (80 random bits), so that nobody takes over a connection by guessing.
    set(s, ZMQ_ROUTER_HANDOVER, 1);
  }
  if (settings.only_when_connected) set(s, ZMQ_IMMEDIATE, 1);
  if (what == role::xpub) {
    set(s, ZMQ_XPUB_VERBOSE, 1); // every new reader gets a heartbeat at once; see publisher.cpp
    set(s, ZMQ_XPUB_NODROP, 1);  // a full reader is told of, once; send_past_the_full() drops its message all the same
  }
  if (!settings.routing_id.empty())
    zmq_setsockopt(s, ZMQ_ROUTING_ID, settings.routing_id.data(), settings.routing_id.size());
}

} // namespace

// -- frame ---------------------------------------------------------------------------------------------------------

frame::frame() { zmq_msg_init(raw(raw_)); }

frame::frame(std::string_view content) {
  if (zmq_msg_init_size(raw(raw_), content.size()) != 0)
    zmq_msg_init(raw(raw_)); // out of memory: an empty frame
  else if (!content.empty())
    std::memcpy(zmq_msg_data(raw(raw_)), content.data(), content.size());
}

frame::~frame() { zmq_msg_close(raw(raw_)); }

frame::frame(frame&& other) noexcept {
  zmq_msg_init(raw(raw_));
  zmq_msg_move(raw(raw_), raw(other.raw_));
}

frame& frame::operator=(frame&& other) noexcept {
  if (this != &other) zmq_msg_move(raw(raw_), raw(other.raw_));
  return *this;
}

std::string_view frame::view() const {
  return {static_cast<const char*>(zmq_msg_data(raw(raw_))), zmq_msg_size(raw(raw_))};
}

bool frame::more() const { return zmq_msg_more(raw(raw_)) != 0; }

frame frame::share() const {
  frame other;
  zmq_msg_copy(raw(other.raw_), raw(raw_));
  return other;
}

std::string_view frame::property(const char* name) const {
  const auto* found = zmq_msg_gets(raw(raw_), name);
  return found ? std::string_view{found} : std::string_view{};
}

int frame::descriptor() const {
  const auto text = property("__fd"); // what ZMQ_SRCFD reads, which asserts where there is none
  return text.empty() ? -1 : std::atoi(text.data());
}

// -- socket --------------------------------------------------------------------------------------------------------

socket::socket(std::shared_ptr<context> home, role what, const socket_settings& settings)
    : home_(std::move(home)), handle_(zmq_socket(home_->handle(), zmq_type(what))) {
  if (handle_) configure(handle_, what, settings);
}

socket::~socket() {
  if (handle_) zmq_close(handle_);
}

socket::socket(socket&& other) noexcept
    : home_(std::move(other.home_)), handle_(std::exchange(other.handle_, nullptr)) {}

socket& socket::operator=(socket&& other) noexcept {
  if (this != &other) {
    if (handle_) zmq_close(handle_);
    home_ = std::move(other.home_);
    handle_ = std::exchange(other.handle_, nullptr);
  }
  return *this;
}

messages::result<std::string> socket::bind(const std::string& endpoint, bool keyed) {
  if (auto fit = check_bind(endpoint, keyed); !fit) return messages::failure(fit.error());
  if (!handle_ || zmq_bind(handle_, endpoint.c_str()) != 0) {
    const auto why = zmq_strerror(errno);
    return messages::failure(messages::error_code::port_taken, port_or_path(endpoint), why);
  }
  std::array<char, 512> actual{};
  auto size = actual.size();
  zmq_getsockopt(handle_, ZMQ_LAST_ENDPOINT, actual.data(), &size);
  return std::string{actual.data()};
}

messages::result<void> socket::connect(const std::string& endpoint, const curve_identity* keys) {
  if (auto fit = check_connect(endpoint, keys != nullptr); !fit) return fit;
  if (handle_ && keys) {
    zmq_setsockopt(handle_, ZMQ_CURVE_SERVERKEY, keys->hub_key.c_str(), keys->hub_key.size() + 1);
    zmq_setsockopt(handle_, ZMQ_CURVE_PUBLICKEY, keys->own.public_key.c_str(), keys->own.public_key.size() + 1);
    zmq_setsockopt(handle_, ZMQ_CURVE_SECRETKEY, keys->own.secret_key.c_str(), keys->own.secret_key.size() + 1);
  }
  if (!handle_ || zmq_connect(handle_, endpoint.c_str()) != 0)
    return messages::failure(messages::error_code::unknown_address, endpoint, zmq_strerror(errno));
  return {};
}

void socket::secure(const curve_pair& own, std::string_view domain) {
  if (!handle_) return;
  set(handle_, ZMQ_CURVE_SERVER, 1);
  zmq_setsockopt(handle_, ZMQ_CURVE_SECRETKEY, own.secret_key.c_str(), own.secret_key.size() + 1);
  zmq_setsockopt(handle_, ZMQ_ZAP_DOMAIN, domain.data(), domain.size());
}

std::optional<socket> socket::watch_connections() {
  static std::atomic<unsigned> count{0};
  const auto name = "inproc://connections-" + std::to_string(++count);
  constexpr int wanted = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED |
                         ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                         ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
  if (!handle_ || zmq_socket_monitor(handle_, name.c_str(), wanted) != 0) return std::nullopt;
  // Without a bound: at one, libzmq's I/O thread would wait for the reader (monitor_event sends without DONTWAIT).
  std::optional<socket> reader{std::in_place, home_, role::pair, socket_settings{.receive_queue_max = 0}};
  if (!reader->connect(name)) return std::nullopt;
  return reader;
}

std::optional<socket_event> read_event(socket& from) {
  frame f;
  if (!from.receive(f)) return std::nullopt;
  std::uint16_t number = 0;
  std::int32_t value = 0;
  if (f.view().size() == sizeof number + sizeof value) {
    std::memcpy(&number, f.view().data(), sizeof number);
    std::memcpy(&value, f.view().data() + sizeof number, sizeof value);
  }
  from.skip_rest(f);
  using kind = socket_event::kind;
  switch (number) {
  case ZMQ_EVENT_ACCEPTED: return socket_event{kind::accepted, value};
  case ZMQ_EVENT_DISCONNECTED: return socket_event{kind::ended, value};
  case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return socket_event{kind::ready, value};
  case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: return socket_event{kind::refused, value};
  case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
  case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: return socket_event{kind::no_handshake, value};
  default: return socket_event{kind::other, value};
  }
}

void socket::subscribe(std::string_view prefix) {
  if (handle_) zmq_setsockopt(handle_, ZMQ_SUBSCRIBE, prefix.data(), prefix.size());
}

sent socket::send(frame&& f, bool more) {
  int tried = 0;
  __tsan_release(zmq_msg_data(raw(f.raw_)));
  do
    tried = handle_ ? zmq_msg_send(raw(f.raw_), handle_, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) : -1;
  while (tried < 0 && errno == EINTR);
  if (tried >= 0) return sent::done;
  return errno == EAGAIN ? sent::full : sent::gone;
}

sent socket::send_past_the_full(std::string_view content) {
  set(handle_, ZMQ_XPUB_NODROP, 0);
  const auto went = send(content, true);
  set(handle_, ZMQ_XPUB_NODROP, 1);
  return went;
}

bool socket::receive(frame& into) {
  int got = 0;
  do
    got = handle_ ? zmq_msg_recv(raw(into.raw_), handle_, ZMQ_DONTWAIT) : -1;
  while (got < 0 && errno == EINTR);
  if (got >= 0) __tsan_acquire(zmq_msg_data(raw(into.raw_)));
  return got >= 0;
}

void socket::skip_rest(const frame& last) {
  bool more = last.more();
  for (frame rest; more && receive(rest);)
    more = rest.more();
}

bool socket::writable() const {
  int events = 0;
  auto size = sizeof events;
  return handle_ && zmq_getsockopt(handle_, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLOUT) != 0;
}

int socket::fd() const {
  int fd = -1;
  auto size = sizeof fd;
  if (handle_) zmq_getsockopt(handle_, ZMQ_FD, &fd, &size);
  return fd;
}

bool wait(std::span<watch> on, int timeout_ms) {
  std::array<zmq_pollitem_t, 12> items{};
  const auto count = std::min(on.size(), items.size());
  for (std::size_t n = 0; n < count; ++n) {
    items[n] = {on[n].on ? on[n].on->handle_ : nullptr, on[n].fd, ZMQ_POLLIN, 0};
    if (on[n].also_writable) items[n].events |= ZMQ_POLLOUT;
  }
  const bool any = zmq_poll(items.data(), static_cast<int>(count), timeout_ms) > 0;
  for (std::size_t n = 0; n < count; ++n) {
    on[n].readable = any && (items[n].revents & (ZMQ_POLLIN | ZMQ_POLLERR)) != 0; // a closed pipe is at its end
    on[n].writable = any && (items[n].revents & ZMQ_POLLOUT) != 0;
  }
  return any;
}

} // namespace bus
