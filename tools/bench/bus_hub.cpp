// The hub's side of `bench bus`.
#include "tools/bench/bus_hub.hpp"

#include "actors/runtime/journal_feed.hpp"
#include "drivers/bus/dealer.hpp"
#include "drivers/bus/doorkeeper.hpp"
#include "drivers/bus/kick.hpp"
#include "drivers/bus/publisher.hpp"
#include "drivers/bus/replay.hpp"
#include "drivers/bus/switchboard.hpp"
#include "drivers/clock/port.hpp"
#include "messages/registry.hpp"
#include "storage/journal.hpp"
#include "storage/key_folder.hpp"
#include "storage/views/all.hpp"
#include "tools/bench/bus_node.hpp"

#include <poll.h>

#include <mutex>

namespace tools {

namespace fs = std::filesystem;
using namespace messages;

namespace {

class bench_hub {
public:
  explicit bench_hub(bus_hub_options o) : options_(std::move(o)), clock_(drivers::clock::system_clock()) {}
  ~bench_hub() {
    journal_.reset(); // its callbacks speak to what follows
    replay_.reset();
    publisher_.reset();
    dealer_.reset();
  }

  result<void> open() {
    fs::create_directories(options_.folder);
    if (auto opened = open_journal(); !opened) return opened;
    if (options_.curve)
      if (auto opened = open_door(); !opened) return opened;
    if (auto opened = open_switchboard(); !opened) return opened;
    return open_publishers();
  }

  /// Where everything is, for bus_node.cpp: commands, events, replay, the hub's key, the node's secret key.
  std::string where() const {
    return switchboard_->endpoints().back() + " " + publisher_->redacted_endpoints().front() + " " +
           replay_->redacted_endpoints().front() + " " + (keys_ ? keys_->hub_key() : "-") + " " +
           (keys_ ? client_.secret_key : "-");
  }

  void serve(int ended) {
    const bus::dealer_events events{.on_command = [this](command_envelope c) { append(std::move(c)); },
                                    .on_reply = {},
                                    .on_hub = {},
                                    .on_hub_lost = {},
                                    .on_refused = {}};
    for (;;) {
      answer();
      const auto due_ms = dealer_->look(events), now_ms = clock_->steady_ms();
      std::vector<pollfd> on{{ended, POLLIN, 0}, {kick_.fd(), POLLIN, 0}};
      for (const int fd : dealer_->watched())
        on.push_back({fd, POLLIN, 0});
      ::poll(on.data(), on.size(), static_cast<int>(std::min<std::uint64_t>(due_ms - std::min(due_ms, now_ms), 1000)));
      if (on[0].revents != 0) return;
      kick_.take(on[1].revents != 0);
    }
  }

private:
  result<void> open_journal() {
    storage::journal_options o;
    o.folder = options_.folder / "journal";
    o.node = bus_node_names::hub;
    o.now_ms = [clock = clock_] { return clock->utc_ms(); };
    const auto keys = storage::default_key_folder(o.folder);
    o.keys = storage::key_access{keys, {}};
    if (!storage::holds_keys(keys))
      if (auto made = storage::make_key_folder(keys); !made) return failure(made.error());
    auto opened = storage::journal::open(std::move(o), storage::all_views());
    if (!opened) return failure(opened.error());
    journal_ = std::move(*opened);
    return {};
  }

  result<void> open_door() {
    const auto folder = options_.folder / "nodes";
    if (auto pair = bus::read_hub_key(folder, true); !pair) return failure(pair.error());
    client_ = bus::fresh_curve_pair();
    if (auto let = bus::let_in(folder, {bus_node_names::client, bus::node_role::monitor, client_.public_key}); !let)
      return let;
    bus::doorkeeper_options d;
    d.folder = folder;
    d.clock = steady();
    auto opened = bus::doorkeeper::open(context_, std::move(d));
    if (!opened) return failure(opened.error());
    keys_ = std::move(*opened);
    return {};
  }

  result<void> open_switchboard() {
    bus::switchboard_options s;
    s.endpoints = {"inproc://bus", "tcp://127.0.0.1:0"};
    s.keys = keys_;
    s.rules.hub = bus_node_names::hub;
    s.rules.incarnation = make_id(clock_->utc_ms(), 1, 1);
    if (keys_)
      s.rules.may_speak_for = [k = keys_.get()](std::string_view user, std::string_view node) {
        const auto who = k->node_of(user);
        return user.empty() || (who && who->name == node);
      };
    s.clock = steady();
    s.own_thread = false;
    auto opened = bus::switchboard::open(context_, std::move(s));
    if (!opened) return failure(opened.error());
    switchboard_ = std::move(*opened);
    bus::dealer_options d;
    d.endpoint = "inproc://bus";
    d.hub = d.node = bus_node_names::hub;
    d.actors = {bus_node_names::actor};
    d.incarnation = make_id(clock_->utc_ms(), 2, 2);
    d.clock = steady();
    d.beside = switchboard_;
    auto dealer = bus::dealer::open(context_, std::move(d));
    if (!dealer) return failure(dealer.error());
    dealer_ = std::move(*dealer);
    return {};
  }

  result<void> open_publishers() {
    bus::publisher_options p;
    p.keys = keys_;
    p.redacted_endpoints = {"tcp://127.0.0.1:0"};
    p.head = journal_->head();
    p.epoch = journal_->epoch();
    p.last_of_topic = journal_->topics();
    p.clock = steady();
    auto publisher = bus::publisher::open(context_, std::move(p));
    if (!publisher) return failure(publisher.error());
    publisher_ = std::move(*publisher);
    bus::replay_options r;
    r.keys = keys_;
    r.redacted_endpoints = {"tcp://127.0.0.1:0"};
    r.clock = steady();
    r.source = [journal = journal_.get()](std::uint64_t from, std::uint64_t limit,
                                          std::span<const std::string> prefixes) -> result<bus::page> {
      auto page = journal->read(from, limit, {prefixes.begin(), prefixes.end()});
      if (!page) return failure(page.error());
      return actors::runtime::page_of(std::move(*page));
    };
    r.redacted_source = [journal = journal_.get()](std::uint64_t from, std::uint64_t limit,
                                                   std::span<const std::string> prefixes) -> result<bus::page> {
      auto page = journal->read_redacted(from, limit, {prefixes.begin(), prefixes.end()});
      if (!page) return failure(page.error());
      return actors::runtime::page_of(std::move(*page));
    };
    auto replay = bus::replay::open(context_, std::move(r));
    if (!replay) return failure(replay.error());
    replay_ = std::move(*replay);
    journal_->on_committed([to = publisher_.get()](const std::shared_ptr<const storage::committed>& c) {
      to->publish(std::make_shared<bus::batch>(bus::batch{c->epoch, c->first_index, actors::runtime::items_of(*c)}));
    });
    return {};
  }

  /// What an actor does with a command: an event, its reply remembered beside it, and the answer once both are durable.
  void append(command_envelope c) {
    const auto asked = body_as<register_number>(c);
    if (!asked) {
      dealer_->send(reply_error(c, {error_code::malformed, {c.topic}}));
      return;
    }
    draft what;
    what.events.push_back(make_draft(
        reference_number_registered{asked->registration, asked->patient, asked->number}, asked->desk));
    question_report report;
    report.outcome = question_outcome::answered;
    auto reply = reply_ok(c, encode_body(report), question_report::version);
    what.replies.push_back({c.id, encode(reply)});
    journal_->append(std::move(what),
                     [this, reply = std::move(reply)](const result<storage::appended>& landed) mutable {
                       {
                         const std::lock_guard lock{mutex_};
                         answers_.push_back(landed ? std::move(reply) : reply_error(reply, landed.error()));
                       }
                       kick_.give();
                     });
  }
  void answer() {
    std::vector<command_envelope> answers;
    {
      const std::lock_guard lock{mutex_};
      answers.swap(answers_);
    }
    for (const auto& a : answers)
      dealer_->send(a);
  }
  std::function<std::uint64_t()> steady() const {
    return [clock = clock_] { return clock->steady_ms(); };
  }

  const bus_hub_options options_;
  std::shared_ptr<drivers::clock::clock> clock_;
  std::shared_ptr<bus::context> context_ = std::make_shared<bus::context>();
  bus::curve_pair client_;
  std::shared_ptr<bus::doorkeeper> keys_;
  std::shared_ptr<bus::switchboard> switchboard_;
  bus::kick kick_;
  std::mutex mutex_;
  std::vector<command_envelope> answers_;
  std::unique_ptr<bus::dealer> dealer_;
  std::unique_ptr<bus::publisher> publisher_;
  std::unique_ptr<bus::replay> replay_;
  std::unique_ptr<storage::journal> journal_;
};

} // namespace

result<child> start_bus_hub(const bus_hub_options& o) {
  return child::start([&o](const child::telling& ready, int ended) -> result<void> {
    bench_hub hub{o};
    if (auto opened = hub.open(); !opened) return opened;
    ready(hub.where());
    hub.serve(ended);
    return {};
  });
}

} // namespace tools
