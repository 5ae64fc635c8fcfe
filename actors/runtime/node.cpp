// Opens a node's journal, sockets and actors in order, and ends them in the reverse.
#include "actors/runtime/node.hpp"

#include "actors/account_admin/guesser.hpp"
#include "actors/account_admin/policy.hpp"
#include "actors/account_admin/rules.hpp"
#include "actors/batch_scheduler/actor_standing.hpp"
#include "actors/roles.hpp"
#include "actors/roster.hpp"
#include "actors/runtime/bus_port.hpp"
#include "actors/runtime/journal_feed.hpp"
#include "actors/runtime/supervisor.hpp"
#include "drivers/bus/context.hpp"
#include "drivers/bus/dealer.hpp"
#include "drivers/bus/doorkeeper.hpp"
#include "drivers/bus/publisher.hpp"
#include "drivers/bus/replay.hpp"
#include "drivers/bus/switchboard.hpp"
#include "drivers/clock/port.hpp"
#include "storage/journal.hpp"
#include "storage/rotation.hpp"
#include "storage/views/all.hpp"
#include "storage/views/outage_ledger.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>

namespace actors::runtime {

using namespace messages;

namespace {

constexpr auto program_version = "0.1";

class whole_node final : public node {
public:
  whole_node(node_options options, node_ports ports, std::shared_ptr<drivers::clock::clock> clock,
             std::shared_ptr<drivers::clock::chance> chance, std::function<void(const error&)> on_failure)
      : options_(std::move(options)), ports_(std::move(ports)), clock_(std::move(clock)), chance_(std::move(chance)),
        on_failure_(std::move(on_failure)), incarnation_(drivers::clock::fresh_id(*clock_, *chance_)),
        context_(std::make_shared<bus::context>()) {}
  ~whole_node() override { stop(); }

  result<void> begin() {
    if (auto known = check_actors(); !known) return known;
    if (is_hub()) {
      if (auto opened = open_journal(); !opened) return opened;
      if (auto opened = open_doorkeeper(); !opened) return opened;
      if (auto opened = open_switchboard(); !opened) return opened;
      if (auto opened = open_publishers(); !opened) return opened;
    }
    return start_actors();
  }

  node_tcp_ports ports() const override { return tcp_; }
  monitor_status status() const override;
  write_counts writes() const override {
    if (!journal_) return {};
    const auto c = journal_->counts();
    return {c.awaited_appends, c.syncs, c.events};
  }
  bus_counts bus() const override {
    if (!switchboard_) return {};
    auto c = switchboard_->counts();
    const auto p = publisher_->counts();
    const auto r = replay_->counts();
    return {c.delivered, c.replied, p.queued_bytes, std::move(c.refused), c.malformed, c.late_replies,
            c.wrong_guesses, c.held_guesses, p.fell_behind, r.refused, r.stalled};
  }
  result<storage::backup_source> copy_journal(const std::filesystem::path& folder) override {
    if (!journal_) return failure(error_code::no_such_data, options_.name);
    const auto copied = journal_->copy_into(folder);
    if (!copied) return failure(copied.error());
    return storage::backup_source{folder, copied->index, copied->epoch};
  }
  result<std::uint64_t> expire_records() override {
    if (!journal_) return failure(error_code::no_such_data, options_.name);
    const auto done = journal_->expire(options_.kept);
    if (!done) return failure(done.error());
    return done->destroyed;
  }
  void tell(event_draft what) override {
    if (!journal_) return;
    draft told;
    told.events.push_back(std::move(what));
    journal_->append(std::move(told), {});
  }
  void kill_actor(const std::string& name) override { caf::anon_send(supervisor_, runtime::kill_actor{name}); }
  void stop() override;

private:
  bool is_hub() const { return options_.name == options_.hub; }
  bool has_accounts() const {
    return is_hub() && std::ranges::find(options_.actors, "account_admin") != options_.actors.end();
  }
  result<void> check_actors() const;
  result<void> open_journal();
  result<void> open_doorkeeper();
  result<void> open_switchboard();
  result<void> open_publishers();
  result<void> start_actors();
  std::string inproc() const { return "inproc://switchboard-" + incarnation_.text(); }
  std::string ipc(const char* name) const { return "ipc://" + (options_.run / name).string(); }
  std::string tcp(int offset) const {
    const int port = options_.port_base == 0 ? 0 : options_.port_base + offset;
    return "tcp://" + options_.address + ":" + std::to_string(port);
  }
  static int port_of(const std::string& endpoint) {
    return std::atoi(endpoint.substr(endpoint.rfind(':') + 1).c_str());
  }
  void fail(const error& why) {
    if (!failed_.exchange(true)) on_failure_(why);
  }

  node_options options_;
  node_ports ports_;
  std::shared_ptr<drivers::clock::clock> clock_;
  std::shared_ptr<drivers::clock::chance> chance_;
  std::function<void(const error&)> on_failure_;
  id incarnation_;
  std::atomic<bool> failed_{false};
  node_tcp_ports tcp_;
  // In the order of their making; ended in the reverse.
  std::shared_ptr<bus::context> context_;
  std::unique_ptr<storage::journal> journal_;
  std::shared_ptr<bus::doorkeeper> doorkeeper_; ///< where others come in by keys
  std::unique_ptr<bus::publisher> publisher_;
  std::unique_ptr<bus::replay> replay_;
  std::shared_ptr<bus::switchboard> switchboard_;
  std::unique_ptr<caf::actor_system_config> caf_config_;
  std::unique_ptr<caf::actor_system> caf_;
  caf::actor bus_port_, supervisor_;
};

result<void> whole_node::check_actors() const {
  for (const auto& name : options_.actors) {
    const auto* row = find_row(name);
    if (!row) return failure(error_code::wrong_value, "actors", name);
    if (row->lives == home::hub && !is_hub())
      return failure(error_code::wrong_value, "actors", name + " lives on the hub");
    const bool needs = (name == "reader" && !ports_.reader) || (name == "screen" && !ports_.pages) ||
                       (name == "face_matcher" && !(ports_.face && ports_.camera && ports_.photo)) ||
                       (name == "eligibility_gateway" && !ports_.line) ||
                       (name == "batch_scheduler" && !ports_.line) ||
                       (name == "account_admin" && !ports_.hasher);
    if (needs)
      return failure(error_code::missing_value,
                     name + "'s port in the configuration ([line], [reader], [face], [screen], accounts.key)");
  }
  return {};
}

result<void> whole_node::open_journal() {
  storage::journal_options o;
  o.folder = options_.data;
  o.kept = options_.kept;
  o.keys = storage::key_access{options_.keys, storage::passphrase_in(options_.passphrase_file)};
  o.node = options_.name;
  o.now_ms = [clock = clock_] { return clock->utc_ms(); };
  auto opened = storage::journal::open(std::move(o), storage::all_views());
  if (!opened) return failure(opened.error());
  journal_ = std::move(*opened);
  return {};
}

result<void> whole_node::open_doorkeeper() {
  if (!options_.tcp || !options_.curve) return {};
  bus::doorkeeper_options o;
  o.folder = options_.keys / "nodes";
  o.clock = [clock = clock_] { return clock->steady_ms(); };
  o.on_unusable = [](const error& why) { spdlog::error("a node key lets nobody in: {}", to_sentence(why)); };
  auto opened = bus::doorkeeper::open(context_, std::move(o));
  if (!opened) return failure(opened.error());
  doorkeeper_ = std::move(*opened);
  return {};
}

result<void> whole_node::open_switchboard() {
  bus::switchboard_options o;
  o.keys = doorkeeper_;
  o.endpoints = {inproc(), ipc("bus")};
  if (options_.tcp) o.endpoints.push_back(tcp(0));
  o.own_thread = false;
  o.clock = [clock = clock_] { return clock->steady_ms(); };
  o.rules.hub = options_.hub;
  o.rules.incarnation = incarnation_;
  o.rules.epoch = [this] { return journal_->epoch(); };
  o.rules.hub_inside_only = true;
  // What only the house says among itself is the house's on the bus, too: not every actor has a journal to look into.
  o.rules.allowed = [accounts = has_accounts(), keys = doorkeeper_.get()](
                        std::string_view user_id, const address& from, const address& to, std::string_view topic) {
    if (!user_id.empty()) {
      const auto who = keys->node_of(user_id);
      if (!who || !may_say(who->role, from.actor, topic)) return false;
    }
    if (stays_at_its_desk(topic) && from.node != to.node) return false;
    const auto* right = account_admin::find_right(topic);
    const bool the_house_s = right && right->without == account_admin::unnamed::house && right->may.bits == 0;
    return answers(to.actor, topic) && (!accounts || !the_house_s || find_row(from.actor) != nullptr);
  };
  o.rules.guesser = [hub = options_.hub](const command_envelope& c) { return account_admin::guesser_of(c, hub); };
  if (doorkeeper_)
    o.rules.may_speak_for = [keys = doorkeeper_.get()](std::string_view user_id, std::string_view name) {
      if (user_id.empty()) return true; // from inside this host: inproc, or ipc in the owner's folder
      const auto who = keys->node_of(user_id);
      return who && may_be(who->name, name);
    };
  auto opened = bus::switchboard::open(context_, std::move(o));
  if (!opened) return failure(opened.error());
  switchboard_ = std::move(*opened);
  if (options_.tcp) tcp_.commands = port_of(switchboard_->endpoints().back());
  return {};
}

/// The tail of the journal goes from its thread straight to the publishers: redacted on tcp; in clear only over ipc in
/// this owner's 0700 folder, and by keys whose role may see it (design.md §3).
result<void> whole_node::open_publishers() {
  bus::publisher_options p;
  p.keys = doorkeeper_;
  p.personal_endpoints = {ipc("events")};
  if (options_.tcp) p.redacted_endpoints = {tcp(1)};
  if (doorkeeper_) p.personal_endpoints.push_back(tcp(3));
  p.head = journal_->head();
  p.epoch = journal_->epoch();
  p.last_of_topic = journal_->topics();
  p.clock = [clock = clock_] { return clock->steady_ms(); };
  auto publisher = bus::publisher::open(context_, std::move(p));
  if (!publisher) return failure(publisher.error());
  publisher_ = std::move(*publisher);

  bus::replay_options r;
  r.keys = doorkeeper_;
  r.personal_endpoints = {ipc("replay")};
  if (options_.tcp) r.redacted_endpoints = {tcp(2)};
  r.clock = [clock = clock_] { return clock->steady_ms(); };
  r.source = [journal = journal_.get()](std::uint64_t from, std::uint64_t limit,
                                        std::span<const std::string> prefixes) -> result<bus::page> {
    auto page = journal->read(from, limit, {prefixes.begin(), prefixes.end()});
    if (!page) return failure(page.error());
    return page_of(std::move(*page));
  };
  r.redacted_source = [journal = journal_.get()](std::uint64_t from, std::uint64_t limit,
                                                 std::span<const std::string> prefixes) -> result<bus::page> {
    auto page = journal->read_redacted(from, limit, {prefixes.begin(), prefixes.end()});
    if (!page) return failure(page.error());
    return page_of(std::move(*page));
  };
  auto replay = bus::replay::open(context_, std::move(r));
  if (!replay) return failure(replay.error());
  replay_ = std::move(*replay);

  if (options_.tcp) {
    tcp_.events = port_of(publisher_->redacted_endpoints().back());
    tcp_.replay = port_of(replay_->redacted_endpoints().back());
    if (doorkeeper_) tcp_.personal = port_of(publisher_->personal_endpoints().back());
  }
  journal_->on_committed([to = publisher_.get()](const std::shared_ptr<const storage::committed>& c) {
    to->publish(std::make_shared<bus::batch>(bus::batch{c->epoch, c->first_index, items_of(*c)}));
  });
  return {};
}

result<void> whole_node::start_actors() {
  bus::dealer_options d;
  d.endpoint = is_hub() ? inproc() : options_.hub_endpoint.empty() ? ipc("bus") : options_.hub_endpoint;
  d.hub = options_.hub;
  d.node = options_.name;
  d.actors = options_.actors;
  d.program_version = program_version;
  d.incarnation = incarnation_;
  d.clock = [clock = clock_] { return clock->steady_ms(); };
  d.beside = switchboard_;
  if (options_.key) d.keys = options_.key->identity;
  auto door = bus::dealer::open(context_, std::move(d));
  if (!door) return failure(door.error());

  if (journal_) {
    draft started;
    started.events.push_back(make_draft(node_started{options_.name, options_.actors, program_version}));
    journal_->append(std::move(started), {});
  }
  caf_config_ = std::make_unique<caf::actor_system_config>();
  // stack.md §2.3: `sharing` wakes in microseconds and costs nothing when idle.
  caf_config_->set("scheduler.policy", caf::atom("sharing"));
  // One worker: every actor decides within microseconds and waits for nothing, so a second one is woken for each mail
  // only to find the first has done it (bench check-in: a sixth of the whole). What takes long has threads of its own.
  caf_config_->set("scheduler.max-threads", std::size_t{1});
  caf_ = std::make_unique<caf::actor_system>(*caf_config_);
  bus_port_ = spawn_bus_port(
      *caf_, std::shared_ptr<bus::dealer>{std::move(*door)}, options_.name,
      [clock = clock_] { return clock->steady_ms(); }, [this](const error& why) { fail(why); });
  supervised s;
  for (const auto& row : roster)
    if (std::ranges::find(options_.actors, row.name) != options_.actors.end()) s.rows.push_back(&row);
  s.common.node = options_.name;
  s.common.hub = options_.hub;
  s.common.bus = bus_port_;
  s.common.journal = journal_.get();
  s.common.clock = clock_.get();
  if (has_accounts()) {
    s.common.accounts = ports_.policy ? ports_.policy : std::make_shared<const account_admin::policy>();
    s.common.uses = std::make_shared<session_uses>();
  }
  s.common.make_id = [clock = clock_, chance = chance_] { return drivers::clock::fresh_id(*clock, *chance); };
  s.common.fail = [this](const error& why) { fail(why); };
  s.ports = ports_;
  s.ports.status = [this] { return status(); };
  s.born = [this](std::string_view name, const caf::actor& handle) {
    caf::anon_send(bus_port_, actor_born{std::string{name}, handle});
  };
  s.died = [this](std::string_view name) { caf::anon_send(bus_port_, actor_died{std::string{name}}); };
  supervisor_ = spawn_supervisor(*caf_, std::move(s));
  return {};
}

monitor_status whole_node::status() const {
  monitor_status m;
  m.program_version = program_version;
  m.now_ms = clock_->utc_ms();
  if (journal_) {
    std::error_code unknown;
    const auto space = std::filesystem::space(options_.data, unknown);
    if (!unknown) m.disk_free_bytes = space.available;
    const auto c = switchboard_->counts();
    m.nodes = c.nodes_alive;
    m.in_flight = c.in_flight;
    m.line_known = ports_.line != nullptr;
    if (const auto line = journal_->get("outage_ledger", storage::line_key); line && *line)
      m.line_lost_ms = storage::decode_row<storage::line_row>(**line).value_or(storage::line_row{}).lost_ms;
    m.line_up = m.line_known && m.line_lost_ms == 0;
    batch_scheduler::tell_standing(*journal_, ports_.batches.get(), m.now_ms, m);
    m.head = journal_->head();
    m.epoch = journal_->epoch();
    const auto p = publisher_->counts();
    m.published = p.published;
    m.dropped = p.dropped;
    m.subscriptions = p.subscriptions;
    m.replayed = replay_->counts().replayed;
    if (doorkeeper_) {
      const auto d = doorkeeper_->counts();
      m.connections = d.connections;
      m.admitted = d.admitted;
      m.refused = d.unknown_keys + d.wrong_doors + d.no_handshakes;
      m.turned_away = d.turned_away;
      m.cut = d.cut;
    }
  }
  return m;
}

void whole_node::stop() {
  if (!caf_) return;
  caf::anon_send_exit(supervisor_, caf::exit_reason::user_shutdown);
  supervisor_ = nullptr;
  caf::anon_send_exit(bus_port_, caf::exit_reason::user_shutdown);
  bus_port_ = nullptr;
  caf_->await_all_actors_done();
  replay_.reset();  // reads the journal
  journal_.reset(); // writes what was appended; its callbacks still know actors, which must not outlive their system
  publisher_.reset();
  caf_.reset();
  switchboard_.reset();
  doorkeeper_.reset(); // after what it guards
}

} // namespace

result<std::unique_ptr<node>> node::start(node_options options, node_ports ports,
                                          std::shared_ptr<drivers::clock::clock> clock,
                                          std::shared_ptr<drivers::clock::chance> chance,
                                          std::function<void(const messages::error&)> on_failure) {
  auto made = std::make_unique<whole_node>(std::move(options), std::move(ports), std::move(clock), std::move(chance),
                                           std::move(on_failure));
  if (auto begun = made->begin(); !begun) return failure(begun.error());
  return made;
}

} // namespace actors::runtime
