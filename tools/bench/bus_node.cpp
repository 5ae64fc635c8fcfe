// The node's side of `bench bus`: one thread that asks and reads.
#include "tools/bench/bus_node.hpp"

#include "drivers/bus/dealer.hpp"
#include "drivers/bus/frames.hpp"
#include "drivers/bus/socket.hpp"
#include "drivers/bus/subscriber.hpp"
#include "drivers/clock/port.hpp"
#include "messages/registry.hpp"
#include "tools/bench/bus_hub.hpp"

#include <poll.h>

#include <chrono>
#include <sstream>

namespace tools {

using namespace messages;

namespace {

constexpr std::uint32_t deadline_ms = 20'000;
constexpr int patients = 500; ///< that take turns

struct hub_address {
  std::string commands, events, replay;
  std::optional<bus::curve_identity> keys;

  explicit hub_address(const child& hub) {
    std::istringstream in{hub.said()};
    std::string hub_key, own_key;
    in >> commands >> events >> replay >> hub_key >> own_key;
    if (hub_key != "-")
      keys = bus::curve_identity{{bus::public_half(own_key).value_or(""), own_key}, hub_key};
  }
};

/// The number of an event whose envelope is to have @p event_bytes: as long as it takes.
std::string number_for(std::size_t event_bytes) {
  constexpr std::uint64_t some = 1'700'000'000'000;
  event_envelope e;
  e.index = 100'000;
  e.time_ms = some;
  e.topic = reference_number_registered::topic;
  e.node = bus_node_names::hub;
  e.desk = "desk-1";
  e.checkin = e.cause = {};
  e.body = encode_body(reference_number_registered{make_id(some, 1, 1), make_id(some, 2, 2), personal{std::string{}}});
  const auto without = encode(e).size();
  return std::string(event_bytes > without ? event_bytes - without : 1, '7');
}

class bench_node final : public measured_bus {
public:
  explicit bench_node(std::size_t event_bytes) : number_(number_for(event_bytes)) {}

  result<void> open(const hub_address& at, std::size_t readers) {
    bus::dealer_options d;
    d.endpoint = at.commands;
    d.keys = at.keys;
    d.hub = bus_node_names::hub;
    d.node = bus_node_names::client;
    d.actors = {bus_node_names::client};
    run_ms_ = clock_->utc_ms();
    d.incarnation = make_id(run_ms_, 3, 3);
    d.clock = [clock = clock_] { return clock->steady_ms(); };
    auto dealer = bus::dealer::open(context_, std::move(d));
    if (!dealer) return failure(dealer.error());
    dealer_ = std::move(*dealer);
    for (std::size_t i = 0; i < readers; ++i) {
      bus::socket_settings s;
      s.frame_bytes_max = 8 << 20;
      readers_.push_back({bus::socket{context_, bus::role::sub, s}, 0, 0});
      auto& line = readers_.back().line;
      line.subscribe(bus::tail_topic);
      line.subscribe(bus::heartbeat_topic);
      if (auto joined = line.connect(at.events, at.keys ? &*at.keys : nullptr); !joined) return joined;
    }
    return wait_until_joined();
  }

  result<void> publish() override {
    command_envelope c;
    register_number asked;
    asked.registration = make_id(run_ms_, ++published_, 4);
    asked.patient = make_id(1'700'000'000'000, published_ % patients, 5);
    asked.desk = "desk-1";
    asked.number = personal{number_};
    c.v = register_number::version;
    c.id = make_id(clock_->utc_ms(), published_, 6);
    c.topic = register_number::topic;
    c.from = address{bus_node_names::client, bus_node_names::client}.text();
    c.to = address{bus_node_names::actor, bus_node_names::hub}.text();
    c.deadline_ms = deadline_ms;
    c.body = encode_body(asked);
    if (!dealer_->send(c)) return failure(error_code::busy, std::string{bus_node_names::hub});
    return {};
  }

  result<void> look(int wait_ms) override {
    if (!take() && wait_ms > 0) {
      std::vector<pollfd> on;
      for (const int fd : dealer_->watched())
        on.push_back({fd, POLLIN, 0});
      for (const auto& r : readers_)
        on.push_back({r.line.fd(), POLLIN, 0});
      ::poll(on.data(), on.size(), wait_ms);
      take();
    }
    if (why_) return failure(*why_);
    return {};
  }
  std::uint64_t acked() const override { return acked_; }
  std::uint64_t delivered() const override {
    auto least = readers_.front().count;
    for (const auto& r : readers_)
      least = std::min(least, r.count);
    return least;
  }

private:
  struct reader {
    bus::socket line;
    std::uint64_t count = 0; ///< events
    std::uint64_t next = 0;  ///< index; 0: not known yet
  };

  /// Nobody measures before the hub knows this node, and every reader has heard where the journal stands.
  result<void> wait_until_joined() {
    for (int looks = 0; looks < 200; ++looks) {
      if (auto looked = look(50); !looked) return looked;
      if (dealer_->hub_present() && std::ranges::all_of(readers_, [](const reader& r) { return r.next != 0; }))
        return {};
    }
    return failure(error_code::no_hub, std::string{bus_node_names::hub});
  }

  bool take() {
    const auto before = acked_;
    dealer_->look(events_);
    bool any = acked_ != before;
    for (auto& r : readers_)
      while (take_one(r))
        any = true;
    return any;
  }
  bool take_one(reader& r) {
    std::array<bus::frame, 3> parts;
    if (!r.line.receive(parts[0])) return false;
    for (std::size_t i = 1; i < parts.size(); ++i)
      if (!parts[i - 1].more() || !r.line.receive(parts[i])) return true;
    const std::array<std::string_view, 3> views{parts[0].view(), parts[1].view(), parts[2].view()};
    if (views[0] == bus::heartbeat_topic) {
      if (const auto beat = bus::read_heartbeat(views); beat && r.next == 0) r.next = beat->head + 1;
      return true;
    }
    const auto tail = bus::read_tail(views);
    if (!tail || (r.next != 0 && tail->first_index != r.next)) {
      why_ = error{error_code::story_failed, {"bench bus", "reader", "an event was lost: the window is too large"}};
      return true;
    }
    r.count += tail->envelopes.size();
    r.next = tail->first_index + tail->envelopes.size();
    return true;
  }

  const std::string number_;
  std::shared_ptr<drivers::clock::clock> clock_ = drivers::clock::system_clock();
  std::shared_ptr<bus::context> context_ = std::make_shared<bus::context>();
  std::unique_ptr<bus::dealer> dealer_;
  const bus::dealer_events events_{.on_command = {},
                                   .on_reply =
                                       [this](const command_envelope& r) {
                                         if (const auto body = reply_body(r); !body) why_ = body.error();
                                         ++acked_;
                                       },
                                   .on_hub = {},
                                   .on_hub_lost = {},
                                   .on_refused = [this](const error& why) { why_ = why; }};
  std::vector<reader> readers_;
  std::uint64_t run_ms_ = 0, published_ = 0, acked_ = 0;
  std::optional<error> why_;
};

} // namespace

result<std::unique_ptr<measured_bus>> join_bus_hub(const child& hub, std::size_t readers, std::size_t event_bytes) {
  auto made = std::make_unique<bench_node>(event_bytes);
  if (auto opened = made->open(hub_address{hub}, readers); !opened) return failure(opened.error());
  return made;
}

result<double> replay_rate(const child& hub, std::uint64_t events) {
  const hub_address at{hub};
  bus::subscriber_options o;
  o.live_endpoint = at.events;
  o.replay_endpoint = at.replay;
  o.keys = at.keys;
  o.order.from = 1;
  o.order.until_head = true; // else the wait for what never comes at the end would be measured, too
  o.clock = [clock = drivers::clock::system_clock()] { return clock->steady_ms(); };
  auto reader = bus::subscriber::open(std::make_shared<bus::context>(), std::move(o));
  if (!reader) return failure(reader.error());
  if (!(*reader)->next(10'000)) return failure(error_code::no_hub, std::string{bus_node_names::hub});
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t count = 0;
  while (count < events && (*reader)->next(1000))
    ++count;
  return static_cast<double>(count) / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

} // namespace tools
