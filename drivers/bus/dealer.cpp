// The DEALER, its switchboard beside it, and the turn that does it all.
#include "drivers/bus/dealer.hpp"

#include "drivers/bus/endpoint.hpp"
#include "drivers/bus/incarnation.hpp"
#include "drivers/bus/socket.hpp"
#include "drivers/bus/switchboard.hpp"

#include <algorithm>
#include <optional>

namespace bus {

using messages::command_envelope;
using messages::error_code;

namespace {

constexpr int frames_per_turn_max = 256;
constexpr int rounds_max = 16; ///< of reading, then its owner may look at something else

} // namespace

struct dealer::inside {
  inside(std::shared_ptr<context> h, dealer_options o)
      : home(std::move(h)), options(std::move(o)),
        end({options.hub, options.node, options.actors, options.program_version, options.incarnation, options.limits},
            [this](std::string_view frame) { return line->send(frame) == sent::done; }) {}

  messages::result<void> connect() {
    const auto queue_max = static_cast<int>(options.limits.queue_max);
    line.emplace(home, role::dealer,
                 socket_settings{.send_queue_max = queue_max,
                                 .receive_queue_max = 4 * queue_max,
                                 .frame_bytes_max = 1 << 20,
                                 .only_when_connected = true,
                                 .routing_id = connection_name(options.node, options.incarnation)});
    watched.assign(1, line->fd());
    if (options.beside) watched.push_back(options.beside->line().fd());
    if (options.keys) comings = line->watch_connections();
    return line->connect(options.endpoint, options.keys ? &*options.keys : nullptr);
  }

  void look_at_line(std::uint64_t now_ms, const dealer_events& events);
  int drain(const dealer_events& events);
  std::uint64_t read_all(const dealer_events& events);

  std::shared_ptr<context> home;
  dealer_options options;
  node_end end;
  std::optional<socket> line, comings; ///< the second tells of a refused key
  std::vector<int> watched;
  std::uint64_t renewed_ms = 0; ///< the connection was made, or the hub lost
};

void dealer::inside::look_at_line(std::uint64_t now_ms, const dealer_events& events) {
  while (comings) {
    const auto e = read_event(*comings);
    if (!e) break;
    if (e->what == socket_event::kind::refused && events.on_key_refused) events.on_key_refused();
  }
  // inproc, alone of all transports, does not reconnect by itself when a new switchboard binds.
  if (!end.hub_present() && is_inproc(options.endpoint) && now_ms - renewed_ms >= options.limits.silent_ms) {
    renewed_ms = now_ms;
    end.say_hello_soon();
    [[maybe_unused]] const auto again = connect(); // it was accepted before
  }
}

int dealer::inside::drain(const dealer_events& events) {
  frame f;
  int n = 0;
  for (; n < frames_per_turn_max && line->receive(f); ++n) {
    const bool alone = !f.more();
    end.take(f.view(), alone, options.clock(), events);
    if (!alone) line->skip_rest(f);
  }
  return n;
}

/// Until nothing is left to read: with the switchboard beside, what its actors say to each other goes to and fro here.
/// A round that found nothing sent nothing either, so that ZMQ_FD tells of whatever comes after it. Says when the
/// switchboard has to be looked at again; 0: there is more.
std::uint64_t dealer::inside::read_all(const dealer_events& events) {
  for (int round = 0; round < rounds_max; ++round) {
    const auto turned = options.beside ? options.beside->turn() : switchboard::turned{};
    if (drain(events) > 0 || turned.frames > 0) continue;
    return options.beside ? options.clock() + turned.wait_ms : UINT64_MAX;
  }
  return 0;
}

messages::result<std::unique_ptr<dealer>> dealer::open(std::shared_ptr<context> home, dealer_options options) {
  if (!messages::is_name(options.node)) return messages::failure(error_code::wrong_value, "node");
  if (options.incarnation.empty()) return messages::failure(error_code::missing_value, "incarnation");
  auto in = std::make_unique<inside>(std::move(home), std::move(options));
  if (auto connected = in->connect(); !connected) return messages::failure(connected.error());
  in->renewed_ms = in->options.clock();
  return std::unique_ptr<dealer>(new dealer(std::move(in)));
}

dealer::dealer(std::unique_ptr<inside> in) : in_(std::move(in)) {}
dealer::~dealer() = default;

bool dealer::send(const command_envelope& envelope) { return in_->end.send(envelope, in_->options.clock()); }

std::uint64_t dealer::look(const dealer_events& events) {
  auto& in = *in_;
  auto quiet_until_ms = in.read_all(events); // first: after a long pause the signs of life are there, only unread
  const auto now_ms = in.options.clock();
  const bool connected = in.end.hello_waits() && in.line->writable();
  if (connected || in.end.is_due(now_ms)) {
    in.look_at_line(now_ms, events);
    const bool was_there = in.end.hub_present();
    in.end.turn(now_ms, connected, events);
    if (was_there && !in.end.hub_present()) in.renewed_ms = now_ms;
    quiet_until_ms = in.read_all(events);
  }
  return std::min(quiet_until_ms, in.end.due_at_ms());
}

const std::vector<int>& dealer::watched() const { return in_->watched; }

bool dealer::hub_present() const { return in_->end.hub_present(); }

dealer_counts dealer::counts() const { return in_->end.counts(); }

} // namespace bus
