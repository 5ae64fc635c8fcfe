// The ROUTER and the thread around the exchange.
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

constexpr int frames_per_turn_max = 256; ///< then the clock is looked at again

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
      : router(std::move(home), role::router, settings(o)), clock(std::move(o.clock)), rules(std::move(o.rules)) {}

  static socket_settings settings(const switchboard_options& o) {
    const auto queue_max = static_cast<int>(o.rules.limits.queue_max);
    return {.send_queue_max = queue_max, .receive_queue_max = queue_max, .frame_bytes_max = 1 << 20};
  }

  void run() {
    router_outlet out{router};
    std::array<watch, 2> on{watch{.on = &router}, watch{.fd = stop_kick.fd()}};
    while (!stopping.load(std::memory_order_acquire)) {
      std::uint32_t wait_ms = 0;
      {
        const std::scoped_lock held{mutex};
        const bool more = drain(out);
        wait_ms = more ? 0 : table->sweep(clock(), out);
      }
      wait(on, static_cast<int>(std::min<std::uint32_t>(wait_ms, 1000)));
    }
  }

  /// Is there more to read?
  bool drain(router_outlet& out) {
    const auto began_ms = clock();
    frame connection;
    for (int n = 0; n < frames_per_turn_max; ++n) {
      if (!router.receive(connection)) return false;
      if (!connection.more() || !router.receive(out.arrived)) continue;
      const bool alone = !out.arrived.more();
      const arrival a{.connection = connection.view(),
                      .user_id = out.arrived.property("User-Id"),
                      .inside = out.arrived.property("Socket-Type").empty(),
                      .alone = alone,
                      .content = out.arrived.view()};
      router.skip_rest(out.arrived);
      table->take(a, began_ms, clock(), out);
    }
    return true;
  }

  socket router;
  std::function<std::uint64_t()> clock;
  switchboard_rules rules;
  std::unique_ptr<exchange> table; ///< under the mutex
  std::vector<std::string> bound;
  kick stop_kick;
  std::atomic<bool> stopping{false};
  std::mutex mutex; ///< taken once per turn by the thread, else only by counts()
  std::thread thread;
};

messages::result<std::unique_ptr<switchboard>> switchboard::open(std::shared_ptr<context> home,
                                                                 switchboard_options options) {
  const auto endpoints = options.endpoints;
  auto in = std::make_unique<inside>(std::move(home), std::move(options));
  in->rules.hub_inside_only |= std::ranges::any_of(endpoints, is_inproc);
  in->table = std::make_unique<exchange>(in->rules);
  for (const auto& endpoint : endpoints) {
    auto bound = in->router.bind(endpoint);
    if (!bound) return messages::failure(bound.error());
    in->bound.push_back(std::move(*bound));
  }
  in->thread = std::thread([raw = in.get()] { raw->run(); });
  return std::unique_ptr<switchboard>(new switchboard(std::move(in)));
}

switchboard::switchboard(std::unique_ptr<inside> in) : in_(std::move(in)) {}

switchboard::~switchboard() {
  in_->stopping.store(true, std::memory_order_release);
  in_->stop_kick.give();
  in_->thread.join();
}

const std::vector<std::string>& switchboard::endpoints() const { return in_->bound; }

switchboard_counts switchboard::counts() const {
  const std::scoped_lock held{in_->mutex};
  return in_->table->counts();
}

} // namespace bus
