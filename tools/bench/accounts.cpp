// Check-ins beside a thousand wrong passwords.
#include "tools/bench/accounts.hpp"

#include "drivers/bus/context.hpp"
#include "drivers/bus/dealer.hpp"
#include "tools/bench/figures.hpp"
#include "tools/bench/one_process.hpp"
#include "tools/hub_client.hpp"

#include <poll.h>

#include <atomic>
#include <iomanip>
#include <ostream>
#include <thread>

namespace tools {

using namespace messages;
using steady = std::chrono::steady_clock;

namespace {

constexpr std::size_t at_once = 1000; // nearly as many as one node may have open
constexpr auto administration = "account_admin";
constexpr int probes = 12; // of each; an account has 30 wrong ones before it is delayed everywhere

double milliseconds(steady::duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

/// Somebody else's pages: guesses from ten places at fifty accounts, a thousand at once, the next as soon as
/// one is answered. One thread, which sleeps while it waits: the clinic's time is measured, not the guesser's.
class flood {
public:
  flood(std::filesystem::path run, int guesses, int accounts, int round)
      : run_(std::move(run)), guesses_(guesses), accounts_(accounts), round_(round), thread_([this] { guess_all(); }) {}
  ~flood() { end(); }
  /// The clinic has been measured: what is under way is waited for.
  void end() {
    enough_ = true;
    if (thread_.joinable()) thread_.join();
  }
  int answered() const { return answered_; }
  int judged() const { return judged_; }

private:
  void guess_all() {
    const auto clock = drivers::clock::system_clock();
    bus::dealer_options o;
    o.endpoint = "ipc://" + (run_ / "bus").string();
    o.node = "guesser-" + std::to_string(round_);
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
    while (!enough_ || answered_ < guesses_ || answered_ < sent) {
      (*door)->look(events);
      while (there && (!enough_ || sent < guesses_) && static_cast<std::size_t>(sent - answered_) < at_once)
        (*door)->send(guess(sent++));
      for (const int fd : (*door)->watched()) {
        pollfd one{fd, POLLIN, 0};
        ::poll(&one, 1, 2);
      }
    }
  }
  command_envelope guess(int n) const {
    const sign_in m{"Staff" + std::to_string(100 * (round_ + 1) + n % accounts_),
                    credential{"wrong " + std::to_string(n)}, {}, "pc-" + std::to_string(n % 10), false};
    command_envelope c;
    c.id = fresh_id();
    c.topic = sign_in::topic;
    c.from = "screen@guesser-" + std::to_string(round_);
    c.to = std::string{administration} + "@hub";
    c.deadline_ms = 2'000;
    c.body = encode_body(m);
    return c;
  }

  std::filesystem::path run_;
  int guesses_, accounts_, round_;
  std::atomic<bool> enough_{false};
  std::atomic<int> judged_{0}, answered_{0};
  std::thread thread_;
};

struct measured {
  std::vector<double> quiet_ms, flooded_ms, sign_in_ms, unknown_ms, wrong_ms;
  int judged = 0, answered = 0, refused = 0;
  double flooded_s = 0;
};

result<double> sign_in_took(const std::filesystem::path& run, const std::string& node, const std::string& account,
                            const std::string& password, std::optional<error_code> expected = {}) {
  const auto from = steady::now();
  const auto opened = ask_hub(hub_access{run, {}, node}, administration,
                              sign_in{account, credential{password}, {}, {}, false}, 30'000);
  const auto took = milliseconds(steady::now() - from);
  if (opened.has_value() == expected.has_value() || (expected && opened.error().code != *expected))
    return failure(opened ? error{error_code::story_failed, {"bench", "0", account + " was let in"}} : opened.error());
  return took;
}

/// Somebody else who signs in again and again, at a desk of their own.
class colleague {
public:
  colleague(const one_process_clinic& clinic, measured& into)
      : thread_([this, run = clinic.run_folder(), who = clinic.accounts()->administration, &into] {
          while (!gone_) {
            const auto took = sign_in_took(run, "own-desk", who.account, who.password);
            if (took)
              into.sign_in_ms.push_back(*took);
            else
              ++into.refused;
            std::this_thread::sleep_for(std::chrono::milliseconds{100});
          }
        }) {}
  ~colleague() {
    gone_ = true;
    thread_.join();
  }

private:
  std::atomic<bool> gone_{false};
  std::thread thread_;
};

result<void> check_ins(one_process_clinic& clinic, int count, std::vector<double>& into) {
  for (int n = 0; n < count; ++n) {
    const auto took = clinic.check_in();
    if (const auto why = clinic.failed()) return failure(*why);
    if (!took) return failure(error_code::story_failed, "bench", "0", "a check-in did not end within 10 s");
    into.push_back(milliseconds(took->whole - took->others));
  }
  return {};
}

/// In turn, each time from somewhere new, so that nothing is delayed.
result<void> probe(one_process_clinic& clinic, measured& m) {
  int places = 0;
  for (int n = 0; n < probes; ++n) {
    const auto ask = [&](const std::string& account, std::vector<double>& into) -> result<void> {
      const auto took = sign_in_took(clinic.run_folder(), "probe-" + std::to_string(++places), account,
                                     "wrong " + std::to_string(n), error_code::sign_in_refused);
      if (!took) return failure(took.error());
      into.push_back(*took);
      return {};
    };
    if (auto asked = ask("Nobody" + std::to_string(n), m.unknown_ms); !asked) return asked;
    if (auto asked = ask(clinic.accounts()->general.account, m.wrong_ms); !asked) return asked;
  }
  return {};
}

result<void> measure(one_process_clinic& clinic, const accounts_bench_options& o, measured& m) {
  std::vector<double> warm_up;
  if (auto done = check_ins(clinic, 20, warm_up); !done) return done;
  if (auto done = probe(clinic, m); !done) return done;
  for (int round = 0; round < o.rounds; ++round) {
    if (auto done = check_ins(clinic, o.checkins, m.quiet_ms); !done) return done;
    flood guesses{clinic.run_folder(), o.guesses, o.guessed, round};
    const auto from = steady::now();
    {
      const colleague other{clinic, m};
      if (auto done = check_ins(clinic, o.checkins, m.flooded_ms); !done) return done;
      m.flooded_s += milliseconds(steady::now() - from) / 1000;
    }
    guesses.end();
    m.answered += guesses.answered();
    m.judged += guesses.judged();
  }
  return {};
}

void print_json(const measured& m, std::ostream& out) {
  const auto ratio = [](double a, double b) { return b > 0 ? a / b : 0; };
  const auto quiet = median(m.quiet_ms), flooded = median(m.flooded_ms);
  out << "{\"quiet_ms\":" << quiet << ",\"quiet_p99_ms\":" << percentile(m.quiet_ms, .99)
      << ",\"flooded_ms\":" << flooded << ",\"flooded_p99_ms\":" << percentile(m.flooded_ms, .99)
      << ",\"ratio\":" << ratio(flooded, quiet) << ",\"checkins\":" << m.flooded_ms.size()
      << ",\"flooded_s\":" << m.flooded_s << ",\"guesses\":" << m.answered << ",\"judged\":" << m.judged
      << ",\"sign_in_ms\":" << median(m.sign_in_ms) << ",\"sign_in_longest_ms\":" << percentile(m.sign_in_ms, 1)
      << ",\"sign_ins\":" << m.sign_in_ms.size() << ",\"refused\":" << m.refused
      << ",\"unknown_id_ms\":" << median(m.unknown_ms) << ",\"wrong_password_ms\":" << median(m.wrong_ms)
      << ",\"unknown_ratio\":" << ratio(median(m.unknown_ms), median(m.wrong_ms)) << "}\n";
}

void print(const measured& m, const accounts_bench_options& o, std::ostream& out) {
  const auto line = [&](std::string_view what, const std::vector<double>& all) {
    out << what << std::setw(7) << median(all) << " ms p50 " << std::setw(7) << percentile(all, .99) << " ms p99   ("
        << all.size() << " check-ins)\n";
  };
  const auto quiet = median(m.quiet_ms), unknown = median(m.unknown_ms), wrong = median(m.wrong_ms);
  out << std::fixed << std::setprecision(2);
  line("a check-in, alone                ", m.quiet_ms);
  line("beside wrong passwords           ", m.flooded_ms);
  out << "ratio of the medians             " << std::setw(7) << (quiet > 0 ? median(m.flooded_ms) / quiet : 0)
      << "   (target < 1.5)\n"
      << "wrong passwords                  " << m.answered << " from " << o.guessed << " accounts in " << m.flooded_s
      << " s, " << m.judged << " of them judged, the others told to wait\n"
      << std::setprecision(0) << "somebody else signs in meanwhile " << std::setw(7) << median(m.sign_in_ms)
      << " ms p50, at most " << percentile(m.sign_in_ms, 1) << " ms, refused " << m.refused << " of "
      << m.sign_in_ms.size() + static_cast<std::size_t>(m.refused) << '\n'
      << std::setprecision(1) << "unknown id / wrong password      " << std::setw(7) << unknown << " ms / " << wrong
      << " ms (p50 of " << m.unknown_ms.size() << " each), ratio " << std::setprecision(3)
      << (wrong > 0 ? unknown / wrong : 0) << '\n';
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
  if (o.json)
    print_json(m, out);
  else
    print(m, o, out);
  return {};
}

} // namespace tools
