// The thread that answers ZAP, counts who comes and goes, and sees the folder change.
#include "drivers/bus/doorkeeper.hpp"

#include "drivers/bus/connections.hpp"
#include "drivers/bus/endpoint.hpp"
#include "drivers/bus/kick.hpp"
#include "drivers/bus/socket.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

namespace bus {

using messages::error_code;
using messages::failure;

namespace {

constexpr std::uint32_t folder_changes =
    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;
constexpr int look_anyway_ms = 500; ///< where inotify is not to be had, and for what it misses
constexpr std::size_t monitors_max = 8;

/// The folder's changes as a descriptor that becomes readable; -1 where the kernel gives none.
class folder_watch {
public:
  explicit folder_watch(const std::filesystem::path& folder) : fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    if (fd_ >= 0) ::inotify_add_watch(fd_, folder.c_str(), folder_changes);
  }
  ~folder_watch() {
    if (fd_ >= 0) ::close(fd_);
  }
  folder_watch(const folder_watch&) = delete;
  folder_watch& operator=(const folder_watch&) = delete;
  int fd() const { return fd_; }
  void drain() const {
    std::array<char, 4096> told{};
    while (fd_ >= 0 && ::read(fd_, told.data(), told.size()) > 0) {
    }
  }

private:
  int fd_;
};

/// A ZAP request (RFC 27 of ZeroMQ): version, request id, domain, address, identity, mechanism, credentials.
struct zap_request {
  std::vector<std::string> parts;

  bool read(socket& from) {
    parts.clear();
    frame f;
    if (!from.receive(f)) return false;
    for (;;) {
      if (parts.size() < 16) parts.emplace_back(f.view());
      if (!f.more() || !from.receive(f)) return true;
    }
  }
  bool is_curve() const { return parts.size() == 7 && parts[0] == "1.0" && parts[5] == "CURVE"; }
  std::string request_id() const { return parts.size() > 1 ? parts[1] : ""; }
  std::optional<door> at() const {
    const auto found = std::ranges::find(door_names, parts[2]);
    if (found == door_names.end()) return std::nullopt;
    return static_cast<door>(found - door_names.begin());
  }
  std::string key() const { return curve_text(parts[6]); }
};

} // namespace

struct doorkeeper::inside {
  inside(std::shared_ptr<context> h, doorkeeper_options o)
      : home(std::move(h)), options(std::move(o)), zap(home, role::rep, {}), folder(options.folder) {}

  messages::result<void> begin() {
    auto pair = read_hub_key(options.folder);
    if (!pair) return failure(pair.error());
    hub = std::move(*pair);
    auto nodes = read_known_nodes(options.folder, &passed_over);
    if (!nodes) return failure(nodes.error());
    known = std::make_shared<const known_nodes>(std::move(*nodes));
    if (auto bound = zap.bind("inproc://zeromq.zap.01"); !bound) return failure(bound.error());
    tell_unusable();
    thread = std::thread([this] { run(); });
    return {};
  }

  // -- the thread --------------------------------------------------------------------------------------------------

  void run() {
    auto next_look_ms = options.clock();
    while (!stopping.load(std::memory_order_acquire)) {
      std::vector<watch> on{watch{.on = &zap}, watch{.fd = stop_kick.fd()}};
      if (folder.fd() >= 0) on.push_back({.fd = folder.fd()});
      {
        const std::scoped_lock held{mutex};
        for (auto& m : monitors)
          on.push_back({.on = &m});
      }
      wait(on, look_anyway_ms);
      stop_kick.take(on[1].readable);
      const bool told = folder.fd() >= 0 && on[2].readable;
      if (told) folder.drain();
      if (const auto now_ms = options.clock(); told || now_ms >= next_look_ms) {
        look_at_folder();
        next_look_ms = now_ms + look_anyway_ms;
      }
      while (answer_one()) {
      }
      count_comings_and_goings();
    }
  }

  bool answer_one() {
    zap_request request;
    if (!request.read(zap)) return false;
    const auto user_id = judge(request);
    const bool in = !user_id.empty();
    const std::array<std::string, 6> reply{"1.0",   request.request_id(), in ? "200" : "400", in ? "OK" : "refused",
                                           user_id, ""};
    for (std::size_t n = 0; n < reply.size(); ++n)
      zap.send(reply[n], n + 1 < reply.size());
    return true;
  }

  /// The User-Id of who may come in; empty: nobody.
  std::string judge(const zap_request& request) {
    const std::scoped_lock held{mutex};
    if (!request.is_curve() || !request.at()) {
      ++counted.no_handshakes;
      return {};
    }
    const auto key = request.key();
    const auto node = known->find(key);
    if (node == known->end()) {
      ++counted.unknown_keys;
      return {};
    }
    if (!may_enter(node->second.role, *request.at())) {
      ++counted.wrong_doors;
      return {};
    }
    ++counted.admitted;
    return key;
  }

  void look_at_folder() {
    passed_over.clear();
    auto read = read_known_nodes(options.folder, &passed_over);
    if (!read) passed_over.push_back(read.error()); // the folder is gone: nobody is known
    const auto now = std::make_shared<const known_nodes>(read ? std::move(*read) : known_nodes{});
    {
      const std::scoped_lock held{mutex};
      known = now;
      counted.cut += open.cut([&](std::string_view key) { return !now->contains(key); });
    }
    tell_unusable();
  }

  /// Each complaint once, not every half second.
  void tell_unusable() {
    std::set<std::string> now;
    for (const auto& why : passed_over)
      if (const auto text = to_sentence(why); now.insert(text).second && !complained.contains(text))
        if (options.on_unusable) options.on_unusable(why);
    complained = std::move(now);
  }

  void count_comings_and_goings() {
    const std::scoped_lock held{mutex};
    for (auto& m : monitors)
      while (const auto e = read_event(m))
        count(*e);
  }

  void count(const socket_event& e) {
    using kind = socket_event::kind;
    if (e.what == kind::accepted) {
      ++counted.connections;
      if (counted.connections <= options.connections_max) return;
      counted.turned_away += std::ranges::any_of(ports, [&](auto p) { return connections::turn_away(e.value, p); });
    } else if (e.what == kind::ended) {
      counted.connections -= counted.connections > 0;
    } else if (e.what == kind::no_handshake) {
      ++counted.no_handshakes;
    }
  }

  std::shared_ptr<context> home;
  doorkeeper_options options;
  curve_pair hub;
  socket zap;
  folder_watch folder;
  kick stop_kick;
  std::atomic<bool> stopping{false};
  std::vector<messages::error> passed_over; ///< the thread's
  std::set<std::string> complained;         ///< the thread's
  mutable std::mutex mutex;                 ///< over what follows
  std::shared_ptr<const known_nodes> known;
  connections open;
  std::vector<socket> monitors;
  std::vector<std::uint16_t> ports;
  doorkeeper_counts counted;
  std::thread thread;
};

messages::result<std::unique_ptr<doorkeeper>> doorkeeper::open(std::shared_ptr<context> home,
                                                               doorkeeper_options options) {
  auto in = std::make_unique<inside>(std::move(home), std::move(options));
  if (auto begun = in->begin(); !begun) return failure(begun.error());
  return std::unique_ptr<doorkeeper>(new doorkeeper(std::move(in)));
}

doorkeeper::doorkeeper(std::unique_ptr<inside> in) : in_(std::move(in)) {}

doorkeeper::~doorkeeper() {
  in_->stopping.store(true, std::memory_order_release);
  in_->stop_kick.give();
  if (in_->thread.joinable()) in_->thread.join();
}

const std::string& doorkeeper::hub_key() const { return in_->hub.public_key; }

std::optional<known_node> doorkeeper::node_of(std::string_view user_id) const {
  const std::scoped_lock held{in_->mutex};
  const auto found = in_->known->find(user_id);
  if (found == in_->known->end()) return std::nullopt;
  return found->second;
}

doorkeeper_counts doorkeeper::counts() const {
  const std::scoped_lock held{in_->mutex};
  auto now = in_->counted;
  now.nodes = in_->known->size();
  return now;
}

void doorkeeper::guard(socket& at, door which) {
  at.secure(in_->hub, door_names[static_cast<std::size_t>(which)]);
  auto monitor = at.watch_connections();
  const std::scoped_lock held{in_->mutex};
  if (monitor && in_->monitors.size() < monitors_max) {
    in_->monitors.reserve(monitors_max); // the thread waits on their addresses
    in_->monitors.push_back(std::move(*monitor));
    in_->stop_kick.give(); // it waits on this one, too, from now on
  }
}

void doorkeeper::guards_port(std::uint16_t port) {
  const std::scoped_lock held{in_->mutex};
  in_->ports.push_back(port);
}

void doorkeeper::saw(const frame& message) {
  const auto key = message.property("User-Id");
  if (key.empty()) return;
  const std::scoped_lock held{in_->mutex};
  in_->open.note(message.descriptor(), key, in_->options.clock());
  if (!in_->known->contains(key)) // revoked between its handshake and now
    in_->counted.cut += in_->open.cut([&](std::string_view k) { return k == key; });
}

messages::result<std::vector<std::string>> bind_all(socket& at, const std::vector<std::string>& endpoints,
                                                    doorkeeper* keys, door which) {
  std::vector<std::string> bound(endpoints.size());
  bool guarded = false;
  // Those inside the host first: CURVE holds for what is bound after it was set (zmq_setsockopt's manual), and needs
  // none there.
  for (const bool outside : {false, true})
    for (std::size_t n = 0; n < endpoints.size(); ++n) {
      if (is_tcp(endpoints[n]) != outside) continue;
      const bool keyed = outside && keys;
      if (keyed && !guarded) keys->guard(at, which);
      guarded |= keyed;
      auto as = at.bind(endpoints[n], keyed);
      if (!as) return failure(as.error());
      if (keyed) keys->guards_port(static_cast<std::uint16_t>(std::stoi(port_or_path(*as))));
      bound[n] = std::move(*as);
    }
  return bound;
}

} // namespace bus
