// Check-ins beside a thousand wrong passwords.
#include "tools/bench/accounts.hpp"

#include "drivers/bus/context.hpp"
#include "drivers/bus/dealer.hpp"
#include "tools/bench/one_process.hpp"
#include "tools/hub_client.hpp"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <iomanip>
#include <ostream>
#include <thread>

namespace tools {

using namespace messages;
using steady = std::chrono::steady_clock;

namespace {

constexpr std::size_t at_once = 50;
constexpr auto administration = "account_admin";

double milliseconds(steady::duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

double median(std::vector<double> all) {
  if (all.empty()) return 0;
  std::ranges::sort(all);
  return all[all.size() / 2];
}

/// Somebody else's computer: a node that sends guesses as fast as they are answered. One thread, which sleeps while it
/// waits: the clinic's time is measured, not the guesser's.
class flood {
public:
  flood(std::filesystem::path run, int guesses, int accounts)
      : run_(std::move(run)), guesses_(guesses), accounts_(accounts), thread_([this] { guess_all(); }) {}
  ~flood() {
    ended_ = true;
    thread_.join();
  }
  bool over() const { return ended_; }
  int judged() const { return judged_; }
  int answered() const { return answered_; }

private:
  void guess_all() {
    const auto clock = drivers::clock::system_clock();
    bus::dealer_options o;
    o.endpoint = "ipc://" + (run_ / "bus").string();
    o.node = "guesser";
    o.program_version = "0.1";
    o.incarnation = fresh_id();
    o.clock = [clock] { return clock->steady_ms(); };
    auto door = bus::dealer::open(std::make_shared<bus::context>(), std::move(o));
    if (!door) return;
    int sent = 0;
    bool there = false;
    bus::dealer_events events;
    events.on_hub = [&](const node_welcome&, bool) { there = true; };
    events.on_reply = [&](const command_envelope& reply) {
      ++answered_;
      const auto body = reply_body(reply);
      judged_ += !body && body.error().code == error_code::sign_in_refused;
    };
    while (!ended_ && answered_ < guesses_) {
      (*door)->look(events);
      while (there && sent < guesses_ && static_cast<std::size_t>(sent - answered_) < at_once)
        (*door)->send(guess(sent++));
      for (const int fd : (*door)->watched()) {
        pollfd one{fd, POLLIN, 0};
        ::poll(&one, 1, 2);
      }
    }
    ended_ = true;
  }
  command_envelope guess(int n) const {
    const sign_in m{"Staff" + std::to_string(100 + n % accounts_), credential{"wrong " + std::to_string(n)}, {},
                    "pc-" + std::to_string(n % 10), false};
    command_envelope c;
    c.id = fresh_id();
    c.topic = sign_in::topic;
    c.from = "tool@guesser";
    c.to = std::string{administration} + "@hub";
    c.deadline_ms = 60'000;
    c.body = encode_body(m);
    return c;
  }

  std::filesystem::path run_;
  int guesses_, accounts_;
  std::atomic<bool> ended_{false};
  std::atomic<int> judged_{0}, answered_{0};
  std::thread thread_;
};

struct measured {
  std::vector<double> quiet_ms, flooded_ms, sign_in_ms;
  int judged = 0, answered = 0, refused = 0;
};

result<void> measure(one_process_clinic& clinic, const accounts_bench_options& o, measured& m) {
  const auto check_in = [&](std::vector<double>& into) -> result<void> {
    const auto took = clinic.check_in();
    if (const auto why = clinic.failed()) return failure(*why);
    if (!took) return failure(error_code::story_failed, "bench", "0", "a check-in did not end within 10 s");
    into.push_back(milliseconds(took->whole - took->others));
    return {};
  };
  std::vector<double> warm_up;
  for (int n = 0; n < 10; ++n)
    if (auto done = check_in(warm_up); !done) return done;
  for (int n = 0; n < o.checkins; ++n)
    if (auto done = check_in(m.quiet_ms); !done) return done;
  const flood guesses{clinic.run_folder(), o.guesses, o.guessed};
  const auto& who = clinic.accounts()->administration;
  while (!guesses.over() && m.flooded_ms.size() < 5'000) {
    if (auto done = check_in(m.flooded_ms); !done) return done;
    if (m.flooded_ms.size() % 100 != 1) continue;
    const auto from = steady::now();
    const sign_in own{who.account, credential{who.password}, {}, "own-desk", false};
    m.refused += !ask_hub(clinic.run_folder(), administration, own, 30'000);
    m.sign_in_ms.push_back(milliseconds(steady::now() - from));
  }
  m.judged = guesses.judged();
  m.answered = guesses.answered();
  return {};
}

} // namespace

result<void> bench_accounts(const accounts_bench_options& o, std::ostream& out) {
  auto opened = one_process_clinic::open({.data = o.data, .persons = o.persons, .with_accounts = true});
  if (!opened) return failure(opened.error());
  measured m;
  auto done = measure(**opened, o, m);
  opened->reset();
  std::error_code ignored;
  std::filesystem::remove_all(o.data, ignored);
  if (!done) return done;
  const auto quiet = median(m.quiet_ms), flooded = median(m.flooded_ms), sign_ins = median(m.sign_in_ms);
  const auto ratio = quiet > 0 ? flooded / quiet : 0;
  if (o.json) {
    out << "{\"quiet_ms\":" << quiet << ",\"flooded_ms\":" << flooded << ",\"ratio\":" << ratio
        << ",\"checkins\":" << m.flooded_ms.size() << ",\"guesses\":" << m.answered << ",\"judged\":" << m.judged
        << ",\"sign_in_ms\":" << sign_ins << ",\"sign_ins\":" << m.sign_in_ms.size() << ",\"refused\":" << m.refused
        << "}\n";
    return {};
  }
  out << std::fixed << std::setprecision(2) << "a check-in, alone (p50)          " << quiet << " ms\n"
      << "beside wrong passwords (p50)     " << flooded << " ms   (" << m.flooded_ms.size() << " check-ins)\n"
      << "ratio                            " << ratio << "   (target < 1.5)\n"
      << "wrong passwords                  " << m.answered << " from " << o.guessed << " accounts, " << m.judged
      << " of them judged, the others told to wait\n"
      << std::setprecision(0) << "somebody else signs in meanwhile " << sign_ins << " ms (p50 of "
      << m.sign_in_ms.size() << "), refused " << m.refused << '\n';
  return {};
}

} // namespace tools
