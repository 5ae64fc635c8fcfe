#include "tools/bench/check_in.hpp"

#include "actors/runtime/node.hpp"
#include "drivers/card/card_authority.hpp"
#include "drivers/card/port.hpp"
#include "drivers/card/virtual_slot.hpp"
#include "drivers/clock/port.hpp"
#include "drivers/line/centre.hpp"
#include "drivers/line/simulated_line.hpp"
#include "drivers/screen/port.hpp"
#include "messages/commands.hpp"
#include "messages/json.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <iomanip>
#include <mutex>
#include <ostream>
#include <thread>

namespace tools {

namespace fs = std::filesystem;
using namespace messages;
using steady = std::chrono::steady_clock;

namespace {

double microseconds(steady::duration d) { return std::chrono::duration<double, std::micro>(d).count(); }

double percentile(std::vector<double> all, double p) {
  if (all.empty()) return 0;
  std::ranges::sort(all);
  return all[static_cast<std::size_t>(p * static_cast<double>(all.size() - 1))];
}

/// Time during which somebody else was busy: the card or the centre. Their intervals do not overlap in one check-in.
class stopwatch {
public:
  void add(steady::duration d) {
    const std::lock_guard lock{mutex_};
    sum_ += d;
  }
  steady::duration take() {
    const std::lock_guard lock{mutex_};
    return std::exchange(sum_, {});
  }

private:
  std::mutex mutex_;
  steady::duration sum_{};
};

/// The card port, timed.
class timed_reader final : public drivers::card::reader {
public:
  timed_reader(std::unique_ptr<drivers::card::reader> port, stopwatch& others) : port_(std::move(port)), others_(others) {}
  void watch(drivers::card::reader_watcher& w) override { port_->watch(w); }
  void identify(std::function<void(result<drivers::card::card_found>)> done) override { port_->identify(timed(std::move(done))); }
  void verify_pin(secret pin, std::function<void(drivers::card::pin_attempt)> done) override {
    port_->verify_pin(std::move(pin), timed(std::move(done)));
  }
  void sign(bytes challenge, std::function<void(result<bytes>)> done) override {
    port_->sign(std::move(challenge), timed(std::move(done)));
  }
  void stop() override { port_->stop(); }

private:
  template <class T> std::function<void(T)> timed(std::function<void(T)> done) {
    return [this, done = std::move(done), from = steady::now()](T came) {
      others_.add(steady::now() - from);
      done(std::move(came));
    };
  }
  std::unique_ptr<drivers::card::reader> port_;
  stopwatch& others_;
};

/// The line port, timed; the simulated centre answers inside the call.
class timed_line final : public drivers::line::line {
public:
  timed_line(drivers::line::line& port, stopwatch& others) : port_(port), others_(others) {}
  void obtain_challenge(std::uint32_t wait, drivers::line::completion<drivers::line::challenge> done) override {
    port_.obtain_challenge(wait, timed(std::move(done)));
  }
  void ask(drivers::line::card_question q, std::uint32_t wait, drivers::line::completion<drivers::line::answer> done) override {
    port_.ask(std::move(q), wait, timed(std::move(done)));
  }
  void ask(drivers::line::typed_question q, std::uint32_t wait, drivers::line::completion<drivers::line::answer> done) override {
    port_.ask(std::move(q), wait, timed(std::move(done)));
  }
  void register_reference_number(drivers::line::reference_registration r, std::uint32_t wait,
                                 drivers::line::completion<void> done) override {
    port_.register_reference_number(std::move(r), wait, timed(std::move(done)));
  }
  void stop() override { port_.stop(); }

private:
  template <class T> drivers::line::completion<T> timed(drivers::line::completion<T> done) {
    return [this, done = std::move(done), from = steady::now()](result<T> came) {
      others_.add(steady::now() - from);
      done(std::move(came));
    };
  }
  drivers::line::line& port_;
  stopwatch& others_;
};

/// People who react at once: what the page shows is answered inside the call that shows it.
class instant_people final : public drivers::screen::pages {
public:
  instant_people(std::shared_ptr<drivers::card::virtual_slot> slot, std::shared_ptr<secret_slot> pin, std::string digits)
      : slot_(std::move(slot)), pin_(std::move(pin)), digits_(std::move(digits)) {}

  void watch(drivers::screen::watcher& who) override {
    watcher_ = &who;
    who.page_joined(1);
  }
  void send(drivers::screen::page, std::string line) override { react(line); }
  void send_to_all(std::string line) override { react(line); }
  void stop() override {}

  /// One check-in; when it is over, how long it took.
  std::optional<steady::duration> check_in(std::shared_ptr<drivers::card::virtual_card> card) {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, std::chrono::seconds{10}, [this] { return shown_ == prompt::place_card; })) return {};
    over_ = false;
    const auto from = steady::now();
    lock.unlock();
    slot_->place(std::move(card));
    lock.lock();
    if (!changed_.wait_for(lock, std::chrono::seconds{10}, [this] { return over_; })) return {};
    return ended_at_ - from;
  }

private:
  void react(const std::string& line) {
    const auto v = from_json(line);
    if (!v) return;
    if (const auto* p = v->find("prompt")) {
      if (const auto m = message_from_json<show_prompt>(*p)) on_prompt(*m);
    } else if (const auto* d = v->find("desk")) {
      const auto m = message_from_json<show_at_reception>(*d);
      if (m && m->state == checkin_state::registration)
        say(register_reference_number::topic, m->checkin, R"(,"number":"0001234")");
    }
  }

  void on_prompt(const show_prompt& m) {
    {
      const std::lock_guard lock{mutex_};
      if (m.shown == prompt::place_card && shown_ != prompt::place_card) {
        over_ = true;
        ended_at_ = steady::now();
      }
      shown_ = m.shown;
      changed_.notify_all();
    }
    switch (m.shown) {
    case prompt::choose_method: say(choose_method::topic, m.checkin, R"(,"method":"pin")"); break;
    case prompt::enter_pin:
      pin_->put(std::move(*secret::from(digits_)));
      say(enter_pin::topic, m.checkin, "");
      break;
    case prompt::give_consents:
      say(answer_consents::topic, m.checkin, R"(,"surgery":"given","treatment":"given","drugs":"given","checkup":"refused")");
      break;
    case prompt::provide_information:
      say(provide_information::topic, m.checkin, R"(,"limit":"given","specified_disease":"refused")");
      break;
    case prompt::take_card: slot_->remove(); break;
    default: break;
    }
  }

  void say(std::string_view topic, const id& checkin, const std::string& rest) {
    watcher_->page_said(1, R"({"n":1,"topic":")" + std::string{topic} + R"(","body":{"checkin":")" + checkin.text() + "\"" + rest + "}}");
  }

  std::shared_ptr<drivers::card::virtual_slot> slot_;
  std::shared_ptr<secret_slot> pin_;
  std::string digits_;
  drivers::screen::watcher* watcher_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  prompt shown_ = prompt::closed;
  bool over_ = false;
  steady::time_point ended_at_;
};

/// A bare append and fdatasync on the same disk: the floor of a binding wait.
class sync_floor {
public:
  explicit sync_floor(const fs::path& file) : fd_(::open(file.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600)) {}
  ~sync_floor() { ::close(fd_); }
  double one_us() {
    const std::string line(256, 'x');
    const auto from = steady::now();
    if (::write(fd_, line.data(), line.size()) < 0 || ::fdatasync(fd_) != 0) return 0;
    return microseconds(steady::now() - from);
  }

private:
  int fd_;
};

struct measured {
  std::vector<double> own_us, sync_us;
  double waits = 0, syncs = 0, frames = 0;
};

void print(const measured& m, bool json, std::ostream& out) {
  const auto p50 = percentile(m.own_us, 0.5), p99 = percentile(m.own_us, 0.99), sync = percentile(m.sync_us, 0.5);
  const auto ratio = p50 / (m.waits * sync);
  if (json) {
    out << "{\"checkins\":" << m.own_us.size() << ",\"own_us_p50\":" << p50 << ",\"own_us_p99\":" << p99
        << ",\"binding_waits\":" << m.waits << ",\"syncs\":" << m.syncs << ",\"frames\":" << m.frames
        << ",\"fdatasync_us_p50\":" << sync << ",\"ratio\":" << ratio << "}\n";
    return;
  }
  out << std::fixed << std::setprecision(1) << "check-ins                      " << m.own_us.size() << '\n'
      << "the clinic's own time  p50     " << p50 << " us   p99 " << p99 << " us   (without people, card and centre)\n"
      << "binding waits per check-in     " << m.waits << '\n'
      << "syncs per check-in             " << m.syncs << '\n'
      << "bus deliveries per check-in    " << m.frames << '\n'
      << "fdatasync p50, same run        " << sync << " us\n"
      << std::setprecision(2) << "ratio p50 / (waits x fdatasync) " << ratio << "   (target <= 1.25)\n";
}

} // namespace

result<void> bench_check_in(const bench_options& options, std::ostream& out) {
  fs::create_directories(options.data);
  const auto clock = drivers::clock::system_clock();
  const auto chance = drivers::clock::system_chance();
  auto cards = drivers::card::card_authority::open(options.data / "cards", static_cast<std::int64_t>(clock->utc_ms() / 1000));
  if (!cards) return failure(cards.error());
  auto centre = drivers::line::centre::open({.persons_file = options.persons,
                                             .card_ca_file = options.data / "cards" / "card-authority.pem",
                                             .data_folder = options.data / "centre",
                                             .now_ms = [clock] { return clock->utc_ms(); },
                                             .random_octets = [chance](std::size_t n) {
                                               bytes octets(n);
                                               for (auto& o : octets) o = static_cast<std::uint8_t>(chance->draw());
                                               return octets;
                                             }});
  if (!centre) return failure(centre.error());
  drivers::line::simulated_line line{{.who = {.institution = "1319999999", .simulated_allowed = true}, .after = {}}, centre->get()};
  auto card = drivers::card::make_card(*cards, "SIM000000000001");
  if (!card) return failure(card.error());

  stopwatch others;
  auto slot = std::make_shared<drivers::card::virtual_slot>();
  actors::runtime::node_ports ports;
  ports.pin = std::make_shared<secret_slot>();
  ports.line = std::make_shared<timed_line>(line, others);
  ports.reader = std::make_shared<timed_reader>(drivers::card::make_virtual_reader(slot), others);
  auto people = std::make_shared<instant_people>(slot, ports.pin, "1234");
  ports.pages = people;
  actors::runtime::node_options n;
  n.name = n.hub = "hub";
  n.actors = {"eligibility_gateway", "consent_session", "desks", "monitor", "reader", "screen"};
  n.data = options.data / "journal";
  n.run = options.data / "run";
  auto node = actors::runtime::node::start(n, ports, clock, chance, [](const error&) {});
  if (!node) return failure(node.error());

  measured m;
  sync_floor floor{options.data / "floor"};
  actors::runtime::node::write_counts before;
  actors::runtime::node::bus_counts bus_before;
  for (int i = 0; i < options.warm_up + options.checkins; ++i) {
    if (i == options.warm_up) {
      before = (*node)->writes();
      bus_before = (*node)->bus();
    }
    others.take();
    const auto took = people->check_in(*card);
    if (!took) return failure(error_code::story_failed, "bench", std::to_string(i), "a check-in did not end within 10 s");
    if (i >= options.warm_up) m.own_us.push_back(microseconds(*took - others.take()));
    for (int k = 0; k < 3; ++k) m.sync_us.push_back(floor.one_us());
  }
  const auto after = (*node)->writes();
  const auto bus_after = (*node)->bus();
  m.waits = static_cast<double>(after.awaited - before.awaited) / options.checkins;
  m.syncs = static_cast<double>(after.syncs - before.syncs) / options.checkins;
  m.frames = static_cast<double>(bus_after.delivered + bus_after.replied - bus_before.delivered - bus_before.replied) / options.checkins;
  (*node)->stop();
  ports.reader->stop();
  print(m, options.json, out);
  std::error_code ignored;
  fs::remove_all(options.data, ignored);
  return {};
}

} // namespace tools
