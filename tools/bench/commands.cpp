// The hub, the asker and the echo of `bench commands`.
#include "tools/bench/commands.hpp"

#include "actors/runtime/node.hpp"
#include "drivers/bus/dealer.hpp"
#include "drivers/clock/port.hpp"
#include "messages/registry.hpp"
#include "storage/key_folder.hpp"
#include "tools/bench/figures.hpp"
#include "tools/bench/floors.hpp"
#include "tools/bench/idle.hpp"

#include <poll.h>

#include <chrono>
#include <iomanip>
#include <ostream>
#include <sstream>

namespace tools {

namespace fs = std::filesystem;
using namespace messages;
using steady = std::chrono::steady_clock;

namespace {

constexpr const char *hub_name = "hub", *asker_name = "bench", *asked_actor = "desks";

/// A hub without desks; says its port, its key and the asker's.
result<void> serve_hub(const fs::path& folder, bool curve, const child::telling& ready,
                       int ended) {
  actors::runtime::node_options o;
  o.name = o.hub = hub_name;
  o.actors = {asked_actor};
  o.data = folder / "journal";
  o.keys = storage::default_key_folder(o.data);
  o.run = folder / "run";
  o.tcp = true;
  o.curve = curve;
  o.port_base = 0;
  fs::create_directories(folder);
  if (auto made = storage::make_key_folder(o.keys); !made) return failure(made.error());
  std::string keys = " - -";
  if (curve) {
    const auto nodes = o.keys / "nodes";
    const auto pair = bus::read_hub_key(nodes, true);
    if (!pair) return failure(pair.error());
    const auto own = bus::fresh_curve_pair();
    if (auto let = bus::let_in(nodes, {asker_name, bus::node_role::monitor, own.public_key}); !let) return let;
    keys = " " + pair->public_key + " " + own.secret_key;
  }
  auto node = actors::runtime::node::start(o, {}, drivers::clock::system_clock(), drivers::clock::system_chance(),
                                           [](const error&) {});
  if (!node) return failure(node.error());
  ready(std::to_string((*node)->ports().commands) + keys);
  for (pollfd on{ended, POLLIN, 0}; ::poll(&on, 1, -1) <= 0;) {
  }
  (*node)->stop();
  return {};
}

/// One node that asks, one command at a time.
class asker {
public:
  result<void> join(const std::string& said) {
    std::istringstream in{said};
    std::string port, hub_key, own_key;
    in >> port >> hub_key >> own_key;
    bus::dealer_options d;
    d.endpoint = "tcp://127.0.0.1:" + port;
    if (hub_key != "-") d.keys = bus::curve_identity{{bus::public_half(own_key).value_or(""), own_key}, hub_key};
    d.hub = hub_name;
    d.node = asker_name;
    d.actors = {asker_name};
    d.incarnation = make_id(clock_->utc_ms(), 1, 1);
    d.clock = [clock = clock_] { return clock->steady_ms(); };
    auto opened = bus::dealer::open(std::make_shared<bus::context>(), std::move(d));
    if (!opened) return failure(opened.error());
    dealer_ = std::move(*opened);
    for (int looks = 0; looks < 200 && !dealer_->hub_present(); ++looks)
      look(50);
    return dealer_->hub_present() ? result<void>{} : failure(error_code::no_hub, std::string{hub_name});
  }

  result<std::vector<double>> trips_us(int trips) {
    std::vector<double> all;
    for (int i = 0; i < trips; ++i) {
      command_envelope c;
      c.v = list_desks::version;
      c.id = make_id(clock_->utc_ms(), ++asked_, 2);
      c.topic = list_desks::topic;
      c.from = address{asker_name, asker_name}.text();
      c.to = address{asked_actor, hub_name}.text();
      c.deadline_ms = 5000;
      c.body = encode_body(list_desks{});
      octets_ = encode(c).size();
      answered_ = false;
      const auto from = steady::now();
      if (!dealer_->send(c)) return failure(error_code::busy, std::string{hub_name});
      while (!answered_)
        look(5000);
      all.push_back(std::chrono::duration<double, std::micro>(steady::now() - from).count());
      if (why_) return failure(*why_);
    }
    return all;
  }
  std::size_t octets() const { return octets_; }

private:
  void look(int wait_ms) {
    const auto before = answered_;
    dealer_->look(events_);
    if (answered_ != before) return;
    std::vector<pollfd> on;
    for (const int fd : dealer_->watched())
      on.push_back({fd, POLLIN, 0});
    const auto due_ms = dealer_->look(events_), now_ms = clock_->steady_ms();
    if (answered_ != before) return;
    const auto wait = std::min(due_ms - std::min(due_ms, now_ms), static_cast<std::uint64_t>(wait_ms));
    ::poll(on.data(), on.size(), static_cast<int>(wait));
    dealer_->look(events_);
  }

  std::shared_ptr<drivers::clock::clock> clock_ = drivers::clock::system_clock();
  std::unique_ptr<bus::dealer> dealer_;
  const bus::dealer_events events_{.on_command = {},
                                   .on_reply =
                                       [this](const command_envelope& r) {
                                         if (const auto body = reply_body(r); !body) why_ = body.error();
                                         answered_ = true;
                                       },
                                   .on_hub = {},
                                   .on_hub_lost = {},
                                   .on_refused = [this](const error& why) { why_ = why; }};
  std::uint64_t asked_ = 0;
  std::size_t octets_ = 0;
  bool answered_ = false;
  std::optional<error> why_;
};

struct way {
  const char* name;
  child hub, echo;
};

result<void> measure(const way& w, const commands_bench_options& o, std::ostream& out) {
  asker ours;
  if (auto joined = ours.join(w.hub.said()); !joined) return joined;
  auto echo = echo_floor::open(w.echo);
  if (!echo) return failure(echo.error());
  std::vector<double> p50, p99, floor, ratios;
  for (std::uint64_t round = 0; round <= o.rounds; ++round) { // the first warms up
    const auto asked = ours.trips_us(o.trips);
    if (!asked) return failure(asked.error());
    const auto bare = (*echo)->trips_us(ours.octets(), o.trips);
    if (!bare) return failure(bare.error());
    if (round == 0) continue;
    p50.push_back(median(*asked));
    p99.push_back(percentile(*asked, 0.99));
    floor.push_back(median(*bare));
    ratios.push_back(p50.back() / floor.back());
  }
  if (o.json)
    out << "{\"way\":\"" << w.name << "\",\"us_p50\":" << median(p50) << ",\"us_p99\":" << median(p99)
        << ",\"bare_us_p50\":" << median(floor) << ",\"ratio\":" << median(ratios) << "}\n";
  else
    out << std::fixed << std::setprecision(0) << std::left << std::setw(10) << w.name << std::right
        << " there and back p50 " << median(p50) << " us, p99 " << median(p99) << " us; bare ZeroMQ " << median(floor)
        << " us; ratio " << std::setprecision(2) << median(ratios) << "   (target <= 2)\n";
  out.flush();
  return {};
}

} // namespace

result<void> bench_commands(const commands_bench_options& o, std::ostream& out) {
  if (auto idle = check_idle("bench commands", o.even_if_busy, o.json, out); !idle) return idle;
  std::vector<way> ways; // all of them before there are threads
  for (const bool curve : {true, false}) {
    const auto folder = o.data / (curve ? "curve" : "plain");
    auto hub = child::start([&](const auto& ready, int ended) { return serve_hub(folder, curve, ready, ended); });
    if (!hub) return failure(hub.error());
    auto echo = start_echo(curve);
    if (!echo) return failure(echo.error());
    ways.push_back({curve ? "tcp, CURVE" : "tcp", std::move(*hub), std::move(*echo)});
  }
  for (const auto& w : ways)
    if (auto done = measure(w, o, out); !done) return done;
  return {};
}

} // namespace tools
