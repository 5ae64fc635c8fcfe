// A reader's two sockets around its sequencer.
#include "drivers/bus/subscriber.hpp"

#include "drivers/bus/socket.hpp"

#include <algorithm>
#include <array>

namespace bus {

namespace {

/// The largest message of the contract: a tail of one event of the largest size, and its array head.
constexpr std::int64_t frame_bytes_max = 1 << 20;

/// @p send_queue_max of the live socket: its subscriptions, which ZeroMQ drops where there is no room for them. Of the
/// asking one: a single request, since more would only be answered one after the other when a hub comes back.
socket_settings settings(const subscriber_options& o, int send_queue_max) {
  return {.send_queue_max = send_queue_max, .receive_queue_max = o.queue_max, .frame_bytes_max = frame_bytes_max};
}

/// One message of three frames; of any other number the views that are there.
struct received {
  std::array<frame, 3> parts;
  std::array<std::string_view, 3> views;
  std::size_t count = 0;

  bool read(socket& from) {
    count = 0;
    bool more = true;
    while (more && count < parts.size()) {
      if (!from.receive(parts[count])) return false;
      views[count] = parts[count].view();
      more = parts[count++].more();
    }
    if (more) {
      from.skip_rest(parts[count - 1]);
      count = 0; // of no form of the contract
    }
    return true;
  }
  frame_views view() const { return {views.data(), count}; }
};

} // namespace

struct subscriber::inside {
  inside(std::shared_ptr<context> home, subscriber_options o)
      : options(std::move(o)), live(home, role::sub, settings(options, 1000)),
        asking(std::move(home), role::dealer, settings(options, 1)), order(options.order), heard_ms(options.clock()) {}

  void ask() {
    if (const auto request = order.ask(options.clock())) unsent = encode(*request);
    if (unsent && asking.send(*unsent) == sent::done) unsent.reset();
  }

  /// One message, so that nothing piles up here: what is not read yet stands in ZeroMQ's bounded queues.
  bool read_one() {
    constexpr unsigned look_at_both_every = 64;
    if (++reads % look_at_both_every == 0) live_ready = asking_ready = true;
    received m;
    if (asking_ready && (asking_ready = m.read(asking)))
      order.take_replay(m.view(), options.clock());
    else if (live_ready && (live_ready = m.read(live)))
      order.take_live(m.view());
    else
      return false;
    heard = true;
    heard_ms = options.clock();
    return true;
  }

  void wait_until(std::uint64_t until_ms) {
    const auto now_ms = options.clock();
    auto wait_ms = std::min<std::uint64_t>(until_ms - std::min(until_ms, now_ms), 60'000);
    if (const auto again = order.ask_again_in_ms(now_ms)) wait_ms = std::min<std::uint64_t>(wait_ms, *again);
    std::array<watch, 4> on{watch{.on = &live}, watch{.on = &asking, .also_writable = unsent.has_value()}};
    for (std::size_t n = 0; n < doors.size(); ++n)
      on[2 + n].on = &doors[n].comings;
    wait(std::span{on}.first(2 + doors.size()), static_cast<int>(wait_ms));
    live_ready = on[0].readable;
    asking_ready = on[1].readable;
    for (auto& d : doors)
      while (const auto e = read_event(d.comings)) {
        d.refused = (d.refused && e->what != socket_event::kind::ready) || e->what == socket_event::kind::refused;
      }
  }

  messages::result<void> connect() {
    const auto* keys = options.keys ? &*options.keys : nullptr;
    if (keys)
      for (auto* s : {&live, &asking})
        if (auto comings = s->watch_connections()) doors.push_back({std::move(*comings), false});
    if (auto done = live.connect(options.live_endpoint, keys); !done) return done;
    return asking.connect(options.replay_endpoint, keys);
  }

  std::optional<messages::event_envelope> next(int timeout_ms) {
    const auto until_ms = timeout_ms < 0 ? UINT64_MAX : options.clock() + static_cast<std::uint64_t>(timeout_ms);
    for (bool waited = false;;) {
      if (const auto changed = order.take_changed_epoch(); changed && options.on_changed_epoch)
        options.on_changed_epoch(*changed);
      if (auto event = order.pop()) return event;
      if (order.ended()) return std::nullopt;
      ask();
      if (read_one()) continue;
      if (waited && options.clock() >= until_ms) return std::nullopt;
      wait_until(until_ms);
      waited = true;
    }
  }

  subscriber_options options;
  struct door_told {
    socket comings;
    bool refused = false;
  };
  socket live, asking;
  std::vector<door_told> doors; ///< with keys: whether the hub lets them in
  sequencer order;
  std::optional<std::string> unsent; ///< a request while nobody is connected
  std::uint64_t heard_ms;
  unsigned reads = 0;
  bool heard = false, live_ready = true, asking_ready = true;
};

messages::result<std::unique_ptr<subscriber>> subscriber::open(std::shared_ptr<context> home,
                                                               subscriber_options options) {
  auto in = std::make_unique<inside>(std::move(home), std::move(options));
  const auto& o = in->options;
  if (o.order.topics.empty()) in->live.subscribe(tail_topic);
  for (const auto& prefix : o.order.topics)
    in->live.subscribe(prefix);
  in->live.subscribe(heartbeat_topic);
  if (auto done = in->connect(); !done) return messages::failure(done.error());
  return std::unique_ptr<subscriber>(new subscriber(std::move(in)));
}

subscriber::subscriber(std::unique_ptr<inside> in) : in_(std::move(in)) {}
subscriber::~subscriber() = default;

std::optional<messages::event_envelope> subscriber::next(int timeout_ms) { return in_->next(timeout_ms); }
bool subscriber::ended() const { return in_->order.ended(); }
bool subscriber::live() const { return in_->order.live(); }
std::uint64_t subscriber::head() const { return in_->order.head(); }
std::uint64_t subscriber::epoch() const { return in_->order.epoch(); }
std::uint64_t subscriber::silent_ms() const { return in_->options.clock() - in_->heard_ms; }
bool subscriber::heard() const { return in_->heard; }
bool subscriber::key_refused() const {
  return std::ranges::any_of(in_->doors, [](const auto& d) { return d.refused; });
}
const std::optional<messages::error>& subscriber::refused() const { return in_->order.refused(); }
const sequencer_counts& subscriber::counts() const { return in_->order.counts(); }

} // namespace bus
