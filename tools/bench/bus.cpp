// Who is measured beside whom, and the table.
#include "tools/bench/bus.hpp"

#include "drivers/face/background.hpp"
#include "messages/error.hpp"
#include "tools/bench/bus_hub.hpp"
#include "tools/bench/figures.hpp"
#include "tools/bench/floors.hpp"
#include "tools/bench/idle.hpp"
#include "tools/bench/redis_bus.hpp"

#include <poll.h>

#include <iomanip>
#include <optional>
#include <ostream>

namespace tools {

using namespace messages;

namespace {

/// What a face matcher is to the others of its host: it burns a processor, and gives way as that one does.
result<child> start_hog() {
  return child::start([](const child::telling& ready, int ended) -> result<void> {
    if (!drivers::face::step_behind_others())
      return failure(error_code::story_failed, "bench bus", "hog", "it cannot give way");
    ready("burning");
    volatile std::uint64_t n = 0;
    for (pollfd on{ended, POLLIN, 0}; ::poll(&on, 1, 0) == 0;)
      for (int i = 0; i < 1'000'000; ++i)
        n = n + 1;
    return {};
  });
}

/// Everything that runs beside the bench: started first, while it has one thread.
struct peers {
  child plain, keyed, echo, one_hog, other_hog;
  std::unique_ptr<redis_server> redis; ///< null: not installed

  static result<peers> start(const std::filesystem::path& data) {
    auto plain = start_bus_hub({data / "plain", false});
    if (!plain) return failure(plain.error());
    auto keyed = start_bus_hub({data / "curve", true});
    if (!keyed) return failure(keyed.error());
    auto echo = start_echo(false);
    if (!echo) return failure(echo.error());
    auto one_hog = start_hog(), other_hog = start_hog();
    if (!one_hog || !other_hog) return failure((one_hog ? other_hog : one_hog).error());
    one_hog->rest();
    other_hog->rest();
    std::unique_ptr<redis_server> redis;
    if (redis_server::is_installed()) {
      auto started = redis_server::start(data / "redis");
      if (!started) return failure(started.error());
      redis = std::move(*started);
    }
    return peers{std::move(*plain), std::move(*keyed), std::move(*echo), std::move(*one_hog), std::move(*other_hog),
                 std::move(redis)};
  }
};

struct cell {
  std::uint64_t readers = 0, window = 0, bytes = 0;
};

/// One bus's turns.
struct turns {
  std::vector<double> rate, ack_p50, ack_p99, delivery_p50, delivery_p99;
  void add(const flow& f) {
    rate.push_back(f.rate);
    ack_p50.push_back(f.ack_p50_us);
    ack_p99.push_back(f.ack_p99_us);
    delivery_p50.push_back(f.delivery_p50_us);
    delivery_p99.push_back(f.delivery_p99_us);
  }
};

/// Medians of the quotients of turns that stood beside each other.
double ratio(const std::vector<double>& of, const std::vector<double>& to) {
  std::vector<double> all;
  for (std::size_t i = 0; i < std::min(of.size(), to.size()); ++i)
    all.push_back(of[i] / to[i]);
  return median(std::move(all));
}

class table {
public:
  table(std::ostream& out, bool json) : out_(out), json_(json) {}
  void flow_line(const char* who, const cell& c, const turns& t, std::optional<double> of_redis) {
    if (json_) {
      out_ << "{\"bus\":\"" << who << "\",\"readers\":" << c.readers << ",\"window\":" << c.window
           << ",\"bytes\":" << c.bytes << ",\"rate\":" << median(t.rate) << ",\"ack_us_p50\":" << median(t.ack_p50)
           << ",\"ack_us_p99\":" << median(t.ack_p99) << ",\"delivery_us_p50\":" << median(t.delivery_p50)
           << ",\"delivery_us_p99\":" << median(t.delivery_p99);
      if (of_redis) out_ << ",\"of_redis\":" << *of_redis;
      out_ << "}\n";
    } else {
      out_ << std::left << std::setw(8) << who << std::right << std::fixed << std::setprecision(0) << " N="
           << std::setw(2) << c.readers << " window " << std::setw(3) << c.window << ' ' << std::setw(4) << c.bytes
           << " B  " << std::setw(7) << median(t.rate) << " events/s   ack " << median(t.ack_p50) << '/'
           << median(t.ack_p99)
           << " us   to the last reader " << median(t.delivery_p50) << '/' << median(t.delivery_p99) << " us";
      if (of_redis) out_ << std::setprecision(2) << "   " << *of_redis << " of Redis";
      out_ << '\n';
    }
    out_.flush();
  }
  void figure(const char* name, const char* words, double value, const char* target) {
    if (json_)
      out_ << "{\"" << name << "\":" << value << "}\n";
    else
      out_ << std::left << std::setw(72) << words << std::right << std::fixed << std::setprecision(2) << value
           << (*target == 0 ? "" : "   (target ") << target << (*target == 0 ? "" : ")") << '\n';
    out_.flush();
  }

private:
  std::ostream& out_;
  bool json_;
};

class bus_bench {
public:
  bus_bench(const bus_bench_options& o, peers& beside, std::ostream& out)
      : o_(o), beside_(beside), table_(out, o.json) {}

  result<void> measure(const cell& c) {
    turns plain, keyed, redis;
    auto ours = join_bus_hub(beside_.plain, c.readers, c.bytes);
    if (!ours) return failure(ours.error());
    auto encrypted = join_bus_hub(beside_.keyed, c.readers, c.bytes);
    if (!encrypted) return failure(encrypted.error());
    std::unique_ptr<measured_bus> theirs;
    if (beside_.redis) {
      auto connected = connect_redis(*beside_.redis, c.readers, c.bytes);
      if (!connected) return failure(connected.error());
      theirs = std::move(*connected);
    }
    for (std::uint64_t round = 0; round <= o_.rounds; ++round) // the first warms up and is not counted
      for (auto [bus, name, to] : {std::tuple{ours->get(), "plain", &plain}, {theirs.get(), "redis", &redis},
                                   {encrypted->get(), "curve", &keyed}}) {
        if (bus == nullptr) continue;
        const auto seen = measure_flow(*bus, name, c.window, round == 0 ? o_.seconds / 4 : o_.seconds);
        if (!seen) return failure(seen.error());
        if (round > 0) to->add(*seen);
      }
    const auto of = [&](const turns& t) {
      return theirs ? std::optional{ratio(t.rate, redis.rate)} : std::nullopt;
    };
    table_.flow_line("plain", c, plain, of(plain));
    table_.flow_line("curve", c, keyed, of(keyed));
    if (theirs) table_.flow_line("redis", c, redis, std::nullopt);
    live_rate_ = std::max(live_rate_, median(plain.rate));
    return {};
  }

  /// What one publisher waits for, beside what it cannot do without: a sync and ZeroMQ there and back.
  result<void> measure_waits() {
    auto ours = join_bus_hub(beside_.plain, 1, 256);
    if (!ours) return failure(ours.error());
    auto echo = echo_floor::open(beside_.echo);
    if (!echo) return failure(echo.error());
    sync_floor file{o_.data / "floor"};
    std::vector<double> ratios, waits, floors;
    for (std::uint64_t round = 0; round < o_.rounds; ++round) {
      const auto seen = measure_flow(**ours, "plain", 1, o_.seconds);
      if (!seen) return failure(seen.error());
      const auto trips = (*echo)->trips_us(256, 1000);
      if (!trips) return failure(trips.error());
      std::vector<double> syncs;
      for (int i = 0; i < 1000; ++i)
        syncs.push_back(file.one_us());
      floors.push_back(median(*trips) + median(syncs));
      waits.push_back(seen->ack_p50_us);
      ratios.push_back(waits.back() / floors.back());
    }
    table_.figure("ack_us_p50", "one at a time: acknowledged after, p50 us", median(waits), "");
    table_.figure("floor_us_p50", "  fdatasync p50 + bare ZeroMQ there and back p50, us", median(floors), "");
    table_.figure("ack_of_floor", "  ratio", median(ratios), "<= 1.3");
    return measure_beside_hogs(**ours);
  }

  result<void> measure_replay() {
    std::vector<double> rates;
    for (std::uint64_t round = 0; round < o_.rounds; ++round) {
      const auto rate = replay_rate(beside_.plain, 300'000);
      if (!rate) return failure(rate.error());
      rates.push_back(*rate);
    }
    table_.figure("replay_rate", "replay, events/s", median(rates), "");
    table_.figure("replay_of_live", "  of the fastest live rate above (plain)", median(rates) / live_rate_, ">= 1");
    return {};
  }

private:
  result<void> measure_beside_hogs(measured_bus& ours) {
    std::vector<double> ratios;
    for (std::uint64_t round = 0; round < o_.rounds; ++round) {
      const auto idle = measure_flow(ours, "plain", 1, o_.seconds);
      if (!idle) return failure(idle.error());
      beside_.one_hog.go_on();
      beside_.other_hog.go_on();
      const auto beside = measure_flow(ours, "plain", 1, o_.seconds);
      beside_.one_hog.rest();
      beside_.other_hog.rest();
      if (!beside) return failure(beside.error());
      ratios.push_back(beside->ack_p99_us / idle->ack_p99_us);
    }
    table_.figure("hogs_p99", "one at a time: p99 beside two that give way as the face engine / alone", median(ratios),
                  "<= 1.5");
    return {};
  }

  const bus_bench_options& o_;
  peers& beside_;
  table table_;
  double live_rate_ = 0;
};

} // namespace

result<void> bench_bus(const bus_bench_options& o, std::ostream& out) {
  if (auto idle = check_idle("bench bus", o.even_if_busy, o.json, out); !idle) return idle;
  if (!drivers::face::wake_before_others()) // as `serve` does; floors and Redis have it, too
    return failure(error_code::story_failed, "bench bus", "this process", "it gets no time slice of its own");
  auto beside = peers::start(o.data);
  if (!beside) return failure(beside.error());
  if (!o.json && !beside->redis) out << "redis-server is not installed: no peer beside ours\n";
  bus_bench bench{o, *beside, out};
  for (const auto readers : o.readers)
    for (const auto window : o.windows)
      for (const auto bytes : o.bytes)
        if (auto done = bench.measure({readers, window, bytes}); !done) return done;
  if (auto done = bench.measure_waits(); !done) return done;
  return bench.measure_replay();
}

} // namespace tools
