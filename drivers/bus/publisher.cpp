// The thread that feeds both XPUB sockets and waits for no reader.
#include "drivers/bus/publisher.hpp"

#include "drivers/bus/endpoint.hpp"
#include "drivers/bus/frames.hpp"
#include "drivers/bus/kick.hpp"
#include "drivers/bus/redaction.hpp"
#include "drivers/bus/socket.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

namespace bus {

namespace {

constexpr std::int64_t subscription_bytes_max = 1024; ///< of what a reader may send

std::size_t bytes_of(const batch& b) {
  std::size_t n = sizeof b;
  for (const auto& i : b.items)
    n += sizeof i + i.topic.size() + i.envelope.size() + i.redacted.size();
  return n;
}

/// Where the live feed stands: what a heartbeat says.
struct standing {
  std::uint64_t head = 0, epoch = 0;
  std::map<std::string, std::uint64_t> last_of_topic;

  void reach(std::uint64_t of_epoch, std::uint64_t index, const std::string& topic) {
    if (of_epoch != epoch) {
      epoch = of_epoch;
      head = 0;
      last_of_topic.clear();
    }
    head = std::max(head, index);
    auto& last = last_of_topic[topic];
    last = std::max(last, index);
  }
};

/// One XPUB and who listens to it.
struct outlet_of_events {
  outlet_of_events(std::shared_ptr<context> home, const publisher_options& o)
      : out(std::move(home), role::xpub,
            {.send_queue_max = o.limits.reader_queue_max,
             .receive_queue_max = 1000,
             .frame_bytes_max = subscription_bytes_max,
             .routing_id = {}}),
        prefixes_max(o.limits.prefixes_max) {}

  /// ZeroMQ tells of a prefix's every new reader and of its last reader's leaving (or connection lost). True: somebody
  /// new reads heartbeats.
  bool listen(doorkeeper* keys) {
    bool fresh = false;
    frame f;
    while (out.receive(f)) {
      if (keys) keys->saw(f);
      const auto said = f.view();
      const bool more = f.more();
      if (!said.empty() && !more) {
        const auto prefix = said.substr(1);
        if (said.front() == 0)
          prefixes.erase(std::string{prefix});
        else if (prefixes.size() < prefixes_max)
          prefixes.emplace(prefix);
        else
          crowded = true;
        fresh |= said.front() == 1 && (prefix.empty() || prefix == heartbeat_topic);
      }
      out.skip_rest(f);
    }
    per_topic = crowded || std::ranges::any_of(prefixes, [](const auto& p) {
                  return !p.empty() && !p.starts_with(tail_topic) && !p.starts_with(heartbeat_topic);
                });
    whole = crowded || prefixes.contains("") || prefixes.contains(std::string{tail_topic});
    return fresh;
  }

  std::size_t send(const frames& f) {
    if (out.send(f[0], true) == sent::full) { // somebody has no room: told once, then the others get theirs
      ++fell_behind;
      out.send_past_the_full(f[0]);
    }
    out.send(f[1], true);
    out.send(f[2]);
    return f[0].size() + f[1].size() + f[2].size();
  }

  socket out;
  std::size_t prefixes_max;
  std::set<std::string> prefixes;
  std::uint64_t messages = 0; ///< of events
  std::uint64_t fell_behind = 0;
  bool per_topic = false, whole = false, crowded = false;
  std::vector<std::string> bound;
};

std::size_t send_batch(outlet_of_events& to, const batch& b, std::span<const std::string_view> envelopes) {
  std::size_t bytes = 0, at = 0;
  if (to.whole)
    for (const auto count : split_tail(envelopes)) {
      bytes += to.send(make_tail(b.first_index + at, b.epoch, envelopes.subspan(at, count)));
      ++to.messages;
      at += count;
    }
  if (to.per_topic)
    for (std::size_t n = 0; n < b.items.size(); ++n)
      bytes += to.send(make_event(b.items[n], b.epoch, envelopes[n]));
  to.messages += to.per_topic ? b.items.size() : 0;
  return bytes;
}

} // namespace

struct publisher::inside {
  inside(std::shared_ptr<context> home, const publisher_options& o)
      : keys(o.keys), redacted(home, o), personal(std::move(home), o), limits(o.limits), clock(o.clock),
        now{o.head, o.epoch, o.last_of_topic} {}

  void run() {
    auto next_beat_ms = clock();
    std::array<watch, 3> on{watch{.on = &redacted.out}, watch{.on = &personal.out}, watch{.fd = fed.fd()}};
    for (bool last = false; !last;) {
      last = stopping.load(std::memory_order_acquire); // whatever was handed over before is still sent
      bool fresh = redacted.listen(keys.get());
      fresh = personal.listen(keys.get()) || fresh;
      send_queued();
      const auto now_ms = clock();
      if (fresh || now_ms >= next_beat_ms) {
        beat();
        next_beat_ms = now_ms + limits.heartbeat_every_ms;
      }
      if (!last) wait(on, static_cast<int>(next_beat_ms - now_ms));
      fed.take(on[2].readable);
    }
  }

  void send_queued() {
    std::deque<std::shared_ptr<const batch>> taken;
    std::vector<std::pair<std::string, std::uint64_t>> passed_over;
    std::uint64_t passed_epoch = 0;
    {
      const std::scoped_lock held{mutex};
      taken.swap(queue);
      passed_over.assign(skipped.begin(), skipped.end());
      skipped.clear();
      passed_epoch = skipped_epoch;
    }
    for (const auto& b : taken) {
      const auto bytes = send_one(*b);
      const std::scoped_lock held{mutex};
      counted.bytes += bytes;
      counted.published += b->items.size();
      counted.messages = redacted.messages + personal.messages;
      counted.queued_bytes -= bytes_of(*b);
    }
    for (const auto& [topic, index] : passed_over)
      now.reach(passed_epoch, index, topic);
    const std::scoped_lock held{mutex};
    counted.fell_behind = redacted.fell_behind + personal.fell_behind;
    counted.subscriptions = redacted.prefixes.size() + personal.prefixes.size();
  }

  std::size_t send_one(const batch& b) {
    std::size_t bytes = 0;
    std::vector<std::string_view> views;
    views.reserve(b.items.size());
    if (personal.whole || personal.per_topic) {
      for (const auto& i : b.items)
        views.emplace_back(i.envelope);
      bytes += send_batch(personal, b, views);
    }
    if (redacted.whole || redacted.per_topic) { // redacted once, for all who read, and for nobody not at all
      std::vector<std::string> made;
      made.reserve(b.items.size()); // what is shown of it stays where it is
      views.clear();
      for (const auto& i : b.items)
        views.emplace_back(i.redacted.empty() ? made.emplace_back(redact(i)) : i.redacted);
      bytes += send_batch(redacted, b, views);
    }
    for (const auto& i : b.items)
      now.reach(b.epoch, i.index, i.topic);
    return bytes;
  }

  void beat() {
    const auto f = make_heartbeat(now.head, now.epoch, now.last_of_topic);
    const auto bytes = redacted.send(f) + personal.send(f);
    const std::scoped_lock held{mutex};
    counted.bytes += bytes;
    ++counted.heartbeats;
  }

  std::shared_ptr<doorkeeper> keys; ///< outlives what it guards
  outlet_of_events redacted, personal;
  publisher_limits limits;
  std::function<std::uint64_t()> clock;
  standing now; ///< the thread's
  kick fed;
  std::atomic<bool> stopping{false};
  mutable std::mutex mutex; ///< over the queue and the counts; never held while sending
  std::deque<std::shared_ptr<const batch>> queue;
  std::map<std::string, std::uint64_t> skipped; ///< last index by topic of what the queue had no room for
  std::uint64_t skipped_epoch = 0;
  publisher_counts counted;
  std::thread thread;
};

messages::result<std::unique_ptr<publisher>> publisher::open(std::shared_ptr<context> home, publisher_options options) {
  auto in = std::make_unique<inside>(std::move(home), options);
  for (const auto& endpoint : options.personal_endpoints)
    if (is_tcp(endpoint) && !options.keys) return messages::failure(messages::error_code::not_allowed, endpoint);
  auto redacted = bind_all(in->redacted.out, options.redacted_endpoints, in->keys.get(), door::events);
  if (!redacted) return messages::failure(redacted.error());
  auto personal = bind_all(in->personal.out, options.personal_endpoints, in->keys.get(), door::personal);
  if (!personal) return messages::failure(personal.error());
  in->redacted.bound = std::move(*redacted);
  in->personal.bound = std::move(*personal);
  in->thread = std::thread([raw = in.get()] { raw->run(); });
  return std::unique_ptr<publisher>(new publisher(std::move(in)));
}

publisher::publisher(std::unique_ptr<inside> in) : in_(std::move(in)) {}

publisher::~publisher() {
  in_->stopping.store(true, std::memory_order_release);
  in_->fed.give();
  in_->thread.join();
}

void publisher::publish(std::shared_ptr<const batch> b) {
  if (!b || b->items.empty()) return;
  const auto bytes = bytes_of(*b);
  bool awaited = false;
  {
    const std::scoped_lock held{in_->mutex};
    auto& in = *in_;
    if (in.counted.queued_bytes + bytes > in.limits.queue_bytes_max) {
      in.counted.dropped += b->items.size();
      if (in.skipped_epoch != b->epoch) in.skipped.clear();
      in.skipped_epoch = b->epoch;
      for (const auto& i : b->items)
        in.skipped[i.topic] = i.index;
    } else {
      in.counted.queued_bytes += bytes;
      in.queue.push_back(std::move(b));
    }
    awaited = in.counted.subscriptions > 0 || in.counted.queued_bytes > in.limits.queue_bytes_max / 2;
  }
  // While nobody listens the thread is left asleep: it takes what is queued before its next heartbeat, and before it
  // greets a new reader.
  if (awaited) in_->fed.give();
}

const std::vector<std::string>& publisher::redacted_endpoints() const { return in_->redacted.bound; }
const std::vector<std::string>& publisher::personal_endpoints() const { return in_->personal.bound; }

publisher_counts publisher::counts() const {
  const std::scoped_lock held{in_->mutex};
  return in_->counted;
}

} // namespace bus
