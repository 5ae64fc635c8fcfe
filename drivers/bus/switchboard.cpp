// The ROUTER around the exchange, and the thread where it has its own.
#include "drivers/bus/switchboard.hpp"

#include "drivers/bus/endpoint.hpp"
#include "drivers/bus/kick.hpp"
#include "drivers/bus/socket.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

namespace bus {

namespace {

constexpr std::size_t frames_per_turn_max = 256; ///< then the clock is looked at again

/// Frames out of the ROUTER. A frame handed on is shared, not copied.
class router_outlet final : public outlet {
public:
  explicit router_outlet(socket& router) : router_(router) {}
  frame arrived;

  sent pass(const std::string& connection) override {
    const auto went = router_.send(connection, true);
    return went == sent::done ? router_.send(arrived.share()) : went;
  }
  sent put(std::string_view connection, std::string_view content) override {
    const auto went = router_.send(connection, true);
    return went == sent::done ? router_.send(content) : went;
  }

private:
  socket& router_;
};

} // namespace

struct switchboard::inside {
  inside(std::shared_ptr<context> home, switchboard_options o)
      : keys(std::move(o.keys)), router(std::move(home), role::router, settings(o)), clock(std::move(o.clock)),
        rules(std::move(o.rules)) {}

  static socket_settings settings(const switchboard_options& o) {
    const auto queue_max = static_cast<int>(o.rules.limits.queue_max);
    return {.send_queue_max = queue_max, .receive_queue_max = queue_max, .frame_bytes_max = 1 << 20};
  }

  void run() {
    std::array<watch, 2> on{watch{.on = &router}, watch{.fd = stop_kick.fd()}};
    while (!stopping.load(std::memory_order_acquire))
      wait(on, static_cast<int>(std::min<std::uint32_t>(turn().wait_ms, 1000)));
  }

  turned turn() {
    const std::scoped_lock held{mutex};
    table->sweep(clock(), out); // first: libzmq takes in messages while it sends, and they are read below
    const auto frames = drain();
    return {frames, frames == frames_per_turn_max ? 0 : table->due_in_ms(clock())};
  }

  std::size_t drain() {
    const auto began_ms = clock();
    frame connection;
    std::size_t n = 0;
    for (; n < frames_per_turn_max && router.receive(connection); ++n) {
      if (!connection.more() || !router.receive(out.arrived)) continue;
      const bool alone = !out.arrived.more();
      if (keys) keys->saw(out.arrived);
      const arrival a{.connection = connection.view(),
                      .user_id = out.arrived.property("User-Id"),
                      .inside = out.arrived.property("Socket-Type").empty(),
                      .alone = alone,
                      .content = out.arrived.view()};
      router.skip_rest(out.arrived);
      table->take(a, began_ms, clock(), out);
    }
    return n;
  }

  std::shared_ptr<doorkeeper> keys; ///< outlives what it guards
  socket router;
  router_outlet out{router};
  std::function<std::uint64_t()> clock;
  switchboard_rules rules;
  std::unique_ptr<exchange> table; ///< under the mutex
  std::vector<std::string> bound;
  kick stop_kick;
  std::atomic<bool> stopping{false};
  std::mutex mutex;   ///< taken once per turn, else only by counts()
  std::thread thread; ///< where it has its own
};

messages::result<std::unique_ptr<switchboard>> switchboard::open(std::shared_ptr<context> home,
                                                                 switchboard_options options) {
  const auto endpoints = options.endpoints;
  const bool own_thread = options.own_thread;
  auto in = std::make_unique<inside>(std::move(home), std::move(options));
  in->rules.hub_inside_only |= std::ranges::any_of(endpoints, is_inproc);
  in->table = std::make_unique<exchange>(in->rules);
  auto bound = bind_all(in->router, endpoints, in->keys.get(), door::commands);
  if (!bound) return messages::failure(bound.error());
  in->bound = std::move(*bound);
  if (own_thread) in->thread = std::thread([raw = in.get()] { raw->run(); });
  return std::unique_ptr<switchboard>(new switchboard(std::move(in)));
}

switchboard::switchboard(std::unique_ptr<inside> in) : in_(std::move(in)) {}

switchboard::~switchboard() {
  in_->stopping.store(true, std::memory_order_release);
  in_->stop_kick.give();
  if (in_->thread.joinable()) in_->thread.join();
}

const std::vector<std::string>& switchboard::endpoints() const { return in_->bound; }

switchboard_counts switchboard::counts() const {
  const std::scoped_lock held{in_->mutex};
  return in_->table->counts();
}

switchboard::turned switchboard::turn() { return in_->turn(); }
socket& switchboard::line() { return in_->router; }

} // namespace bus
