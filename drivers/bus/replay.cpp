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
    return out.send(f[2]);
  }

  /// Sends on until all is sent (done), the asker's queue is full, or it is gone.
  sent go_on(std::string_view asker, answer& a, std::uint64_t now_ms) {
    for (; a.at <= a.found.items.size(); ++a.at) {
      const bool end = a.at == a.found.items.size();
      const auto went = put(asker, end ? make_replay_end(a.found.next, a.found.epoch, a.found.head) : event(a));
      if (went != sent::done) return went;
      a.moved_ms = now_ms;
    }
    return sent::done;
  }

  frames event(const answer& a) const {
    const auto& i = a.found.items[a.at];
    return make_event(i, a.found.epoch, redacted ? redact(i) : i.envelope);
  }

  socket out;
  bool redacted;
  std::map<std::string, answer, std::less<>> open;
  std::vector<std::string> bound;
};

/// Cuts a page that would fill a queue; the rest is asked for again.
void shorten(page& p, std::uint64_t limit, std::size_t bytes_max) {
  std::size_t bytes = 0, keep = 0;
  while (keep < p.items.size() && keep < limit) {
    bytes += p.items[keep].topic.size() + p.items[keep].envelope.size();
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
      at.out.skip_rest(request);
      const std::string who{asker.view()};
      if (auto taken = take(at, who, alone ? request.view() : std::string_view{}); !taken) {
        at.put(who, make_replay_error(taken.error()));
        const std::scoped_lock held{mutex};
        ++counted.refused;
      }
    }
    return true;
  }

  messages::result<void> take(counter& at, const std::string& asker, std::string_view content) {
    {
      const std::scoped_lock held{mutex};
      ++counted.requests;
    }
    const auto request = decode_replay_request(content);
    if (!request) return messages::failure(request.error());
    if (at.open.contains(asker) || at.open.size() >= options.limits.askers_max)
      return messages::failure(error_code::busy, "replay");
    auto found = options.source(request->from, request->limit, request->topics);
    if (!found) return messages::failure(found.error());
    shorten(*found, request->limit, options.limits.page_bytes_max);
    {
      const std::scoped_lock held{mutex};
      counted.replayed += found->items.size();
    }
    answer a{std::move(*found), 0, options.clock()};
    if (at.go_on(asker, a, a.moved_ms) == sent::full) at.open.emplace(asker, std::move(a));
    return {};
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
  const auto bind_all = [](counter& at, const auto& endpoints) -> messages::result<void> {
    for (const auto& endpoint : endpoints) {
      auto bound = at.out.bind(endpoint);
      if (!bound) return messages::failure(bound.error());
      at.bound.push_back(std::move(*bound));
    }
    return {};
  };
  if (auto bound = bind_all(in->redacted, in->options.redacted_endpoints); !bound)
    return messages::failure(bound.error());
  if (auto bound = bind_all(in->personal, in->options.personal_endpoints); !bound)
    return messages::failure(bound.error());
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
  return in_->counted;
}

} // namespace bus
