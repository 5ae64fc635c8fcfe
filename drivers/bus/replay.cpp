// The thread that answers replay requests, page by page.
#include "drivers/bus/replay.hpp"

#include "drivers/bus/endpoint.hpp"
#include "drivers/bus/frames.hpp"
#include "drivers/bus/kick.hpp"
#include "drivers/bus/redaction.hpp"
#include "drivers/bus/socket.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>

namespace bus {

using messages::error_code;

namespace {

constexpr int requests_per_turn_max = 16;
constexpr int retry_ms = 10; ///< a ROUTER cannot say when one peer's queue has room again

/// An answer on its way: the page, and how far it got. The last message is replay.end.
struct answer {
  page found;
  bool redacted = true;
  bool in_runs = false; ///< many events a message, as in the tail
  std::size_t at = 0;
  std::uint64_t moved_ms = 0;
};

/// One ROUTER and the answers that wait for its askers.
struct counter {
  counter(std::shared_ptr<context> home, const replay_limits& limits, bool is_redacted)
      : out(std::move(home), role::router,
            {.send_queue_max = limits.reader_queue_max, .receive_queue_max = 1000, .frame_bytes_max = 16 * 1024}),
        redacted(is_redacted) {}

  sent put(std::string_view asker, const frames& f) {
    const auto went = out.send(asker, true);
    if (went != sent::done) return went;
    out.send(f[0], true);
    out.send(f[1], true);
    messages.fetch_add(1, std::memory_order_relaxed);
    return out.send(f[2]);
  }

  /// Sends on until all is sent (done), the asker's queue is full, or it is gone.
  sent go_on(std::string_view asker, answer& a, std::uint64_t now_ms) {
    for (;;) {
      const bool end = a.at == a.found.items.size();
      std::size_t events = 1;
      const auto went = put(asker, end         ? make_replay_end(a.found.next, a.found.epoch, a.found.head)
                                   : a.in_runs ? run(a, events)
                                               : event(a));
      if (went != sent::done || end) return went;
      a.at += events;
      a.moved_ms = now_ms;
    }
  }

  static std::string_view shown(const answer& a, const item& i, std::string& made) {
    if (!a.redacted) return i.envelope;
    return i.redacted.empty() ? made = redact(i) : i.redacted;
  }
  static frames event(const answer& a) {
    const auto& i = a.found.items[a.at];
    std::string made;
    return make_event(i, a.found.epoch, shown(a, i, made));
  }
  /// As many events as a message of the tail holds; @p events says how many.
  static frames run(const answer& a, std::size_t& events) {
    const std::span rest = std::span{a.found.items}.subspan(a.at);
    std::vector<std::string> made(rest.size());
    std::vector<std::string_view> envelopes;
    envelopes.reserve(rest.size());
    std::size_t octets = 0;
    for (const auto& i : rest) {
      octets += envelopes.emplace_back(shown(a, i, made[envelopes.size()])).size();
      if (octets > tail_bytes_max) break;
    }
    events = split_tail(envelopes).front();
    return make_tail(rest.front().index, a.found.epoch, std::span{envelopes}.first(events));
  }

  socket out;
  bool redacted;
  std::atomic<std::uint64_t> messages{0}; ///< sent
  std::map<std::string, answer, std::less<>> open;
  std::vector<std::string> bound;
};

/// Cuts a page that would fill a queue; the rest is asked for again.
void shorten(page& p, std::uint64_t limit, std::size_t bytes_max) {
  std::size_t bytes = 0, keep = 0;
  while (keep < p.items.size() && keep < limit) {
    bytes += p.items[keep].topic.size() + std::max(p.items[keep].envelope.size(), p.items[keep].redacted.size());
    if (keep > 0 && bytes > bytes_max) break;
    ++keep;
  }
  if (keep == p.items.size()) return;
  p.next = p.items[keep].index;
  p.items.resize(keep);
}

} // namespace

struct replay::inside {
  inside(std::shared_ptr<context> home, replay_options o)
      : options(std::move(o)), redacted(home, options.limits, true), personal(std::move(home), options.limits, false) {}

  void run() {
    std::array<watch, 3> on{watch{.on = &redacted.out}, watch{.on = &personal.out}, watch{.fd = stop_kick.fd()}};
    while (!stopping.load(std::memory_order_acquire)) {
      bool more = read(redacted);
      more = read(personal) || more;
      go_on(redacted);
      go_on(personal);
      const bool waiting = !redacted.open.empty() || !personal.open.empty();
      wait(on, more ? 0 : waiting ? retry_ms : -1);
    }
  }

  bool read(counter& at) {
    frame asker, request;
    for (int n = 0; n < requests_per_turn_max; ++n) {
      if (!at.out.receive(asker)) return false;
      if (!asker.more() || !at.out.receive(request)) continue;
      const bool alone = !request.more();
      if (options.keys) options.keys->saw(request);
      const asked a{std::string{asker.view()}, request.property("User-Id"), alone ? request.view() : ""};
      auto taken = take(at, a);
      at.out.skip_rest(request);
      if (!taken) {
        at.put(a.asker, make_replay_error(taken.error()));
        const std::scoped_lock held{mutex};
        ++counted.refused;
      }
    }
    return true;
  }

  struct asked {
    std::string asker;
    std::string_view user_id, content;
  };

  messages::result<void> take(counter& at, const asked& of) {
    {
      const std::scoped_lock held{mutex};
      ++counted.requests;
    }
    const auto is_redacted = redacted_for(at, of.user_id);
    if (!is_redacted) return messages::failure(is_redacted.error());
    const auto request = decode_replay_request(of.content);
    if (!request) return messages::failure(request.error());
    const auto& asker = of.asker;
    if (at.open.contains(asker) || at.open.size() >= options.limits.askers_max)
      return messages::failure(error_code::busy, "replay");
    const auto& source = *is_redacted && options.redacted_source ? options.redacted_source : options.source;
    auto found = source(request->from, request->limit, request->topics);
    if (!found) return messages::failure(found.error());
    shorten(*found, request->limit, options.limits.page_bytes_max);
    {
      const std::scoped_lock held{mutex};
      counted.replayed += found->items.size();
    }
    answer a{std::move(*found), *is_redacted, request->in_runs && request->topics.empty(), 0, options.clock()};
    if (at.go_on(asker, a, a.moved_ms) == sent::full) at.open.emplace(asker, std::move(a));
    return {};
  }

  /// By the asker's role where it has one, else by the socket.
  messages::result<bool> redacted_for(const counter& at, std::string_view user_id) const {
    if (user_id.empty() || !options.keys) return at.redacted;
    const auto node = options.keys->node_of(user_id);
    if (!node) return messages::failure(error_code::not_allowed, "replay");
    return !sees_personal(node->role);
  }

  void go_on(counter& at) {
    if (at.open.empty()) return;
    const auto now_ms = options.clock();
    for (auto next = at.open.begin(); next != at.open.end();) {
      auto& [asker, a] = *next;
      const bool full = at.go_on(asker, a, now_ms) == sent::full;
      const bool stalled = full && now_ms - a.moved_ms > options.limits.stalled_ms_max;
      next = full && !stalled ? std::next(next) : at.open.erase(next);
      const std::scoped_lock held{mutex};
      counted.stalled += stalled;
    }
  }

  replay_options options;
  counter redacted, personal;
  kick stop_kick;
  std::atomic<bool> stopping{false};
  mutable std::mutex mutex; ///< over the counts
  replay_counts counted;
  std::thread thread;
};

messages::result<std::unique_ptr<replay>> replay::open(std::shared_ptr<context> home, replay_options options) {
  auto in = std::make_unique<inside>(std::move(home), std::move(options));
  for (const auto& endpoint : in->options.personal_endpoints)
    if (is_tcp(endpoint)) return messages::failure(error_code::not_allowed, endpoint);
  auto* const keys = in->options.keys.get();
  auto redacted = bind_all(in->redacted.out, in->options.redacted_endpoints, keys, door::replay);
  if (!redacted) return messages::failure(redacted.error());
  auto personal = bind_all(in->personal.out, in->options.personal_endpoints, keys, door::replay);
  if (!personal) return messages::failure(personal.error());
  in->redacted.bound = std::move(*redacted);
  in->personal.bound = std::move(*personal);
  in->thread = std::thread([raw = in.get()] { raw->run(); });
  return std::unique_ptr<replay>(new replay(std::move(in)));
}

replay::replay(std::unique_ptr<inside> in) : in_(std::move(in)) {}

replay::~replay() {
  in_->stopping.store(true, std::memory_order_release);
  in_->stop_kick.give();
  in_->thread.join();
}

const std::vector<std::string>& replay::redacted_endpoints() const { return in_->redacted.bound; }
const std::vector<std::string>& replay::personal_endpoints() const { return in_->personal.bound; }

replay_counts replay::counts() const {
  const std::scoped_lock held{in_->mutex};
  auto counts = in_->counted;
  counts.messages = in_->redacted.messages + in_->personal.messages;
  return counts;
}

} // namespace bus
