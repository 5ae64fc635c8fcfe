// `uketsuke reader`: which readers are attached and what the driver decided about each, what lies on one, and a trace.
#include "drivers/card/authority_folder.hpp"
#include "drivers/card/port.hpp"
#include "drivers/clock/port.hpp"
#include "messages/json.hpp"
#include "tools/commands.hpp"
#include "tools/stop_signal.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <condition_variable>
#include <future>
#include <iostream>
#include <mutex>

namespace tools {

using messages::error_code;
using messages::failure;
using messages::value;

namespace {

namespace card = drivers::card;

struct reader_options {
  std::string match, authorities;
  bool json = false;
  std::uint32_t wait_s = 5;
};

// -- list ----------------------------------------------------------------------------------------------------------

value::array to_values(const std::vector<card::decision>& decisions) {
  value::array all;
  for (const auto& d : decisions)
    all.push_back(value{value::map{{"what", value{d.what}}, {"decided", value{d.decided}}, {"why", value{d.why}}}});
  return all;
}

void print(const std::vector<card::decision>& decisions) {
  for (const auto& d : decisions)
    std::cout << "  " << d.what << ": " << d.decided << "  (" << d.why << ")\n";
}

outcome list_readers(const reader_options& o) {
  const auto found = card::list_usb_readers();
  if (found.empty() && !o.json) return failure(error_code::no_reader);
  value::array all;
  for (const auto& one : found) {
    if (o.json) {
      value::map row;
      if (one)
        row = {{"model", value{one->model}}, {"decisions", value{to_values(card::explain({*one, {}}))}}};
      else
        row = {{"refused", value{messages::to_sentence(one.error())}}};
      all.push_back(value{std::move(row)});
    } else if (one) {
      std::cout << one->model << '\n';
      print(card::explain({*one, {}}));
    } else {
      std::cout << "cannot be used: " << messages::to_sentence(one.error()) << '\n';
    }
  }
  if (o.json) std::cout << messages::to_json(value{std::move(all)}) << '\n';
  return 0;
}

// -- status --------------------------------------------------------------------------------------------------------

/// Waits for what a reader tells.
class lookout final : public card::reader_watcher {
public:
  void reader_attached(const std::string&) override {
    change([this] { attached_ = true; });
  }
  void reader_detached(const messages::error& why) override {
    change([&] {
      attached_ = false;
      why_ = why;
    });
  }
  void card_placed() override {
    change([this] { ++placed_; });
  }
  void card_removed() override {}
  void decided(const card::reader_status& status) {
    change([&] { status_ = status; });
  }

  /// True when a card was placed in time; otherwise what is known tells why not.
  bool wait_for_card(std::uint32_t seconds) {
    std::unique_lock lock{guard_};
    return came_.wait_for(lock, std::chrono::seconds{seconds}, [this] { return placed_ > 0; });
  }
  std::optional<messages::error> why_no_reader() {
    const std::lock_guard lock{guard_};
    return attached_ ? std::nullopt : std::optional{why_};
  }
  std::optional<card::reader_status> status() {
    const std::lock_guard lock{guard_};
    return status_;
  }

private:
  template <class F> void change(F&& how) {
    const std::lock_guard lock{guard_};
    how();
    came_.notify_all();
  }
  std::mutex guard_;
  std::condition_variable came_;
  bool attached_ = false;
  int placed_ = 0;
  messages::error why_{error_code::no_reader, {}};
  std::optional<card::reader_status> status_;
};

std::string day_of(std::int64_t time_s) {
  const std::chrono::year_month_day day{
      std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds{std::chrono::seconds{time_s}})};
  const auto two = [](unsigned n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return std::to_string(static_cast<int>(day.year())) + "-" + two(static_cast<unsigned>(day.month())) + "-" +
         two(static_cast<unsigned>(day.day()));
}

/// What may be told of a card: nothing that names its owner.
std::vector<card::decision> about(const card::card_details& d, const card::authorities& trusted) {
  const auto tries = [](std::int64_t left) { return left < 0 ? std::string{"not told"} : std::to_string(left); };
  std::vector<card::decision> all = {{"card", std::string{messages::name(d.found.kind)}, "by its token file"}};
  if (d.found.kind != messages::card_kind::my_number_card) return all;
  const auto now_s = static_cast<std::int64_t>(drivers::clock::system_clock()->utc_ms() / 1000);
  const auto& facts = d.found.facts;
  all.push_back({"PIN of user authentication", tries(d.found.tries_left), "tries left, of 3; none was used to ask"});
  all.push_back({"PIN of digital signatures", tries(d.signing_tries_left), "tries left, of 5"});
  all.push_back({"照合番号B", tries(d.surface_tries_left), "tries left"});
  all.push_back({"certificate", std::string{messages::name(card::standing_at(facts, now_s))},
                 "valid until " + day_of(facts.valid_until_s)});
  all.push_back({"key", (facts.rsa ? "RSA, " : "not RSA, ") + std::to_string(facts.key_bits) + " bits",
                 facts.rsa ? "read from the certificate" : "cannot sign for this program"});
  all.push_back({"issued by the authority the card holds",
                 card::chains_to(d.found.certificate.reveal(), {d.issuer_certificate}) ? "yes" : "no",
                 "says nothing about whether that authority is JPKI's"});
  if (!trusted)
    all.push_back({"issued by an accepted authority", "not checked", "no folder of authorities was named"});
  else
    all.push_back({"issued by an accepted authority",
                   card::chains_to(d.found.certificate.reveal(), *trusted) ? "yes" : "no",
                   std::to_string(trusted->size()) + " in the folder; a node that names it refuses any other's card"});
  return all;
}

/// Of the folder that was named; null when none was.
messages::result<card::authorities> authorities_of(const reader_options& o) {
  if (o.authorities.empty()) return card::authorities{};
  return card::read_authorities(o.authorities);
}

outcome tell_status(const reader_options& o) {
  const auto trusted = authorities_of(o);
  if (!trusted) return failure(trusted.error());
  lookout told;
  card::usb_options usb;
  usb.match = o.match;
  usb.decided = [&told](const card::reader_status& s) { told.decided(s); };
  const auto port = card::make_usb_reader(std::move(usb));
  port->watch(told);
  const bool placed = told.wait_for_card(o.wait_s);
  if (const auto why = told.why_no_reader()) {
    port->stop();
    return failure(*why);
  }
  messages::result<card::card_details> details = failure(error_code::card_removed);
  if (placed) {
    std::promise<messages::result<card::card_details>> read;
    port->inspect([&read](messages::result<card::card_details> d) { read.set_value(std::move(d)); });
    details = read.get_future().get();
  }
  const auto status = told.status();
  port->stop();
  auto all = status ? card::explain(*status) : std::vector<card::decision>{};
  if (!placed)
    all.push_back({"card", "none", "nothing lies on the reader"});
  else if (!details)
    all.push_back({"card", "cannot be read", messages::to_sentence(details.error())});
  else
    for (auto& line : about(*details, *trusted))
      all.push_back(std::move(line));
  if (o.json) {
    std::cout << messages::to_json(value{to_values(all)}) << '\n';
  } else {
    if (status) std::cout << status->reader.model << '\n';
    print(all);
  }
  return 0;
}

// -- trace ---------------------------------------------------------------------------------------------------------

/// Reads every card that is placed, and shows how.
class tracer final : public card::reader_watcher {
public:
  tracer(const std::string& match, card::authorities trusted) : trusted_(std::move(trusted)) {
    card::usb_options usb;
    usb.match = match;
    usb.trace = [this](const std::string& line) { say(line); };
    usb.frames = [this](const std::string& line) { say(line); };
    usb.decided = [this](const card::reader_status& s) {
      for (const auto& d : card::explain(s))
        say("# " + d.what + ": " + d.decided + "  (" + d.why + ")");
    };
    port_ = card::make_usb_reader(std::move(usb));
  }
  ~tracer() override { port_->stop(); }
  tracer(const tracer&) = delete;
  tracer& operator=(const tracer&) = delete;
  void start() { port_->watch(*this); }

  void reader_attached(const std::string& model) override { say("# attached: " + model); }
  void reader_detached(const messages::error& why) override { say("# " + messages::to_sentence(why)); }
  void card_placed() override {
    say("# a card was placed");
    port_->inspect([this](const messages::result<card::card_details>& d) {
      if (!d) return say("# " + messages::to_sentence(d.error()));
      for (const auto& line : about(*d, trusted_))
        say("# " + line.what + ": " + line.decided + "  (" + line.why + ")");
    });
  }
  void card_removed() override { say("# the card was taken away"); }

private:
  static void say(const std::string& line) { std::cout << line << std::endl; } // seen at once, also through a pipe
  const card::authorities trusted_;
  std::unique_ptr<card::reader> port_;
};

outcome trace(const reader_options& o) {
  stop_signal stop;
  auto trusted = authorities_of(o);
  if (!trusted) return failure(trusted.error());
  tracer all{o.match, std::move(*trusted)};
  all.start();
  if (const auto why = stop.wait()) return failure(*why);
  return 0;
}

} // namespace

void add_reader(CLI::App& app, chosen& run) {
  auto* command = app.add_subcommand("reader", "the card readers of this computer (nothing here uses a PIN's try)");
  command->require_subcommand(1);
  const auto add = [&](const char* name, const char* help, outcome (*what)(const reader_options&)) {
    auto o = std::make_shared<reader_options>();
    auto* one = command->add_subcommand(name, help);
    if (what != list_readers) one->add_option("--match", o->match, "which reader, VENDOR:PRODUCT, e.g. 054c:0dc8");
    if (what != list_readers)
      one->add_option("--authorities", o->authorities, "folder of certificates of the authorities accepted");
    if (what != trace) one->add_flag("--json", o->json, "one line of JSON");
    if (what == tell_status)
      one->add_option("--wait", o->wait_s, "seconds to wait for a card (default 5)")->check(CLI::Range(1, 600));
    one->callback([&run, o, what] { run = [o, what] { return what(*o); }; });
  };
  add("list", "which readers are attached, and what the driver decided about each", list_readers);
  add("status", "one reader, and what lies on it: kind, tries left, certificate; the reader must be free", tell_status);
  add("trace", "every command and answer until Ctrl-C, without PINs and without what files hold", trace);
}

} // namespace tools
