// Figures as families of Prometheus, and the page they stand on. prometheus-cpp is named here only.
#include "tools/metrics.hpp"

#include "actors/monitor/figures.hpp"
#include "drivers/bus/context.hpp"
#include "drivers/bus/subscriber.hpp"
#include "drivers/clock/port.hpp"

#include <prometheus/client_metric.h>
#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>

#include <atomic>
#include <limits>
#include <mutex>
#include <thread>

namespace tools {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily family(const std::string& name, const std::string& help, MetricType type) {
  return {"uketsuke_" + name, help, type, {}};
}

ClientMetric one(MetricType type, double value) {
  ClientMetric m;
  if (type == MetricType::Counter)
    m.counter.value = value;
  else
    m.gauge.value = value;
  return m;
}

MetricFamily single(const std::string& name, const std::string& help, MetricType type, auto value) {
  auto f = family(name, help, type);
  f.metric.push_back(one(type, static_cast<double>(value)));
  return f;
}

MetricFamily labelled(const std::string& name, const std::string& help, MetricType type, const std::string& label,
                      const auto& values) {
  auto f = family(name, help, type);
  for (const auto& [key, value] : values) {
    f.metric.push_back(one(type, static_cast<double>(value)));
    f.metric.back().label.push_back({label, key});
  }
  return f;
}

ClientMetric histogram(const monitor::duration_figures& d) {
  ClientMetric m;
  std::uint64_t so_far = 0;
  for (std::size_t n = 0; n < d.counts.size(); ++n) {
    so_far += d.counts[n];
    ClientMetric::Bucket b;
    b.cumulative_count = so_far;
    b.upper_bound = n < d.bounds.size() ? d.bounds[n] : std::numeric_limits<double>::infinity();
    m.histogram.bucket.push_back(b);
  }
  m.histogram.sample_count = so_far;
  m.histogram.sample_sum = d.sum;
  return m;
}

void add_events(const monitor::figures& f, std::vector<MetricFamily>& to) {
  using enum MetricType;
  to.push_back(labelled("events_total", "Events of the journal, by topic.", Counter, "topic", f.events()));
  auto steps = family("step_seconds", "How long the steps of a check-in took: choose, verify_pin, consent, ask, whole.",
                      Histogram);
  for (const auto& [step, d] : f.steps()) {
    steps.metric.push_back(histogram(d));
    steps.metric.back().label.push_back({"step", step});
  }
  to.push_back(std::move(steps));
  to.push_back(labelled("checkins_total", "Check-ins by how they ended.", Counter, "ending", f.endings()));
  to.push_back(labelled("questions_total", "Questions to the national system by outcome; asked is all of them.",
                        Counter, "outcome", f.questions()));
  to.push_back(labelled("pin_attempts_total", "PIN attempts by outcome.", Counter, "outcome", f.pin_attempts()));
  to.push_back(labelled("cards_placed_total", "Cards by the PIN tries they had left.", Counter, "tries_left",
                        f.tries_left()));
  to.push_back(labelled("reader_ready", "1 where a desk's reader can be worked with.", Gauge, "desk", f.readers()));
  to.push_back(labelled("batch_rows_total", "Persons of batches by how far they came; see actors/monitor/figures.hpp.",
                        Counter, "stage", f.batch_rows()));
  to.push_back(single("line_losses_total", "How often the line to the national system was lost.", Counter,
                      f.line_losses()));
  to.push_back(single("actor_restarts_total", "Actors that died and were started again.", Counter, f.restarts()));
  to.push_back(single("staff_calls_total", "Patients who called staff.", Counter, f.staff_calls()));
  auto delivery = family("event_delivery_seconds", "From an event to its reader on the bus.", Histogram);
  delivery.metric.push_back(histogram(f.delivery()));
  to.push_back(std::move(delivery));
}

void add_hub(const messages::monitor_status& s, std::vector<MetricFamily>& to) {
  using enum MetricType;
  const auto gauge = [&](const char* name, const char* help, auto value) {
    to.push_back(single(name, help, Gauge, value));
  };
  const auto counter = [&](const char* name, const char* help, auto value) {
    to.push_back(single(name, help, Counter, value));
  };
  gauge("journal_head", "The newest index that is durable.", s.head);
  gauge("journal_epoch", "Changes when a backup was restored.", s.epoch);
  gauge("disk_free_bytes", "Where the journal lies.", s.disk_free_bytes);
  gauge("line_up", "1 where the line to the national system worked when it was last used.", s.line_up);
  gauge("batches_open", "Batches that are not over.", s.batches_open);
  gauge("batches_doubtful", "Batches of which nobody knows whether their upload arrived.", s.batches_doubtful);
  gauge("batches_saved", "Files that wait to be uploaded by hand.", s.batches_saved);
  gauge("oldest_batch_age_seconds", "Of the oldest batch that is not over; 0: none is open.",
        s.oldest_batch_ms == 0 || s.oldest_batch_ms > s.now_ms ? 0 : (s.now_ms - s.oldest_batch_ms) / 1000);
  gauge("schedules_missed", "Planned times that passed and nobody was asked about.", s.schedules_missed.size());
  gauge("nodes", "Nodes alive on the bus.", s.nodes);
  gauge("commands_in_flight", "Commands delivered and not yet answered.", s.in_flight);
  gauge("subscriptions", "What readers of the bus asked for.", s.subscriptions);
  counter("published_total", "Events published.", s.published);
  counter("publish_dropped_total", "Events not sent live, because the queue was full; readers replay them.", s.dropped);
  counter("replayed_total", "Events sent again on request.", s.replayed);
  gauge("connections", "Connections from other hosts.", s.connections);
  counter("connections_admitted_total", "Handshakes of other hosts that ended well.", s.admitted);
  counter("handshakes_refused_total", "Unknown keys, wrong roles, no keys, garbage.", s.refused);
  counter("connections_turned_away_total", "Above the limit of connections.", s.turned_away);
  counter("connections_cut_total", "Because their key was revoked.", s.cut);
}

void add_node(const actors::runtime::node& node, std::vector<MetricFamily>& to) {
  using enum MetricType;
  const auto writes = node.writes();
  to.push_back(single("journal_syncs_total", "Waits for the disk.", Counter, writes.syncs));
  to.push_back(single("journal_events_total", "Events appended.", Counter, writes.events));
  const auto bus = node.bus();
  to.push_back(single("commands_delivered_total", "Commands through the switchboard.", Counter, bus.delivered));
  to.push_back(single("commands_replied_total", "Their replies.", Counter, bus.replied));
  const auto counter = [&](const char* name, const char* help, auto value) {
    to.push_back(single(name, help, Counter, value));
  };
  to.push_back(labelled("commands_refused_total", "Commands that the switchboard answered itself, by its error.",
                        Counter, "error", bus.refused));
  counter("frames_malformed_total", "Frames on the command bus that were no message.", bus.malformed);
  counter("replies_late_total", "Replies to commands that had their answer.", bus.late_replies);
  counter("sign_ins_refused_total", "Sign-ins, and other tries of a password, that were refused.", bus.wrong_guesses);
  counter("sign_ins_held_total", "Those that came too fast: told to wait, and not looked at.", bus.held_guesses);
  counter("readers_fell_behind_total", "How often a reader's queue was full: it does not read, or too slowly.",
          bus.readers_fell_behind);
  counter("replays_refused_total", "Requests for old events that were refused.", bus.replays_refused);
  counter("replays_stalled_total", "Answers to readers that asked for old events and then did not read.",
          bus.replays_stalled);
  to.push_back(single("publish_queue_bytes", "Handed to the publisher and not yet sent.", Gauge, bus.queued_bytes));
}

class page final : public metrics_page {
public:
  page(const actors::runtime::node& node, std::shared_ptr<drivers::clock::clock> clock)
      : node_(node), clock_(std::move(clock)) {}
  ~page() override {
    exposer_.reset(); // asks this
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

  messages::result<void> begin(const std::string& address, const std::filesystem::path& run) {
    bus::subscriber_options o;
    o.live_endpoint = "ipc://" + (run / "events").string();
    o.replay_endpoint = "ipc://" + (run / "replay").string();
    o.order.from = 0; // from now on
    o.clock = [clock = clock_] { return clock->steady_ms(); };
    auto opened = bus::subscriber::open(std::make_shared<bus::context>(), std::move(o));
    if (!opened) return messages::failure(opened.error());
    reader_ = std::move(*opened);
    thread_ = std::thread([this] { run_reader(); });
    try {
      exposer_ = std::make_unique<prometheus::Exposer>(address, 1);
    } catch (const std::exception& why) {
      return messages::failure(messages::error_code::port_taken, address, why.what());
    }
    exposer_->RegisterCollectable(asked_);
    return {};
  }
  int port() const override {
    const auto ports = exposer_->GetListeningPorts();
    return ports.empty() ? 0 : ports.front();
  }

private:
  /// Prometheus' side of it: owned here, and known to the exposer weakly.
  struct asked_page final : prometheus::Collectable {
    explicit asked_page(const page& p) : of(p) {}
    std::vector<MetricFamily> Collect() const override { return of.collect(); }
    const page& of;
  };

  std::vector<MetricFamily> collect() const {
    std::vector<MetricFamily> all;
    const auto status = node_.status();
    add_hub(status, all);
    add_node(node_, all);
    const std::scoped_lock held{mutex_};
    add_events(counted_, all);
    const auto read = counted_.last_index();
    all.push_back(single("journal_lag_events", "Durable events that this watcher of the bus has not read yet.",
                         MetricType::Gauge, read == 0 || read > status.head ? 0 : status.head - read));
    return all;
  }

  void run_reader() {
    while (!stopping_) {
      const auto event = reader_->next(200);
      if (!event) continue;
      const std::scoped_lock held{mutex_};
      counted_.apply(*event, clock_->utc_ms());
    }
  }

  const actors::runtime::node& node_;
  std::shared_ptr<drivers::clock::clock> clock_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  monitor::figures counted_;
  std::unique_ptr<bus::subscriber> reader_; ///< the thread's
  std::thread thread_;
  std::shared_ptr<asked_page> asked_ = std::make_shared<asked_page>(*this);
  std::unique_ptr<prometheus::Exposer> exposer_;
};

} // namespace

messages::result<std::unique_ptr<metrics_page>> metrics_page::open(std::uint16_t port,
                                                                   const std::filesystem::path& run,
                                                                   const actors::runtime::node& node,
                                                                   std::shared_ptr<drivers::clock::clock> clock) {
  auto made = std::make_unique<page>(node, std::move(clock));
  if (auto begun = made->begin("127.0.0.1:" + std::to_string(port), run); !begun)
    return messages::failure(begun.error());
  return made;
}

} // namespace tools
