// What the tests of the bus share: see support.hpp.
#include "tests/drivers/bus/support.hpp"

#include <chrono>
#include <random>

#include <unistd.h>

namespace bus_test {

std::uint64_t now_ms() {
  using namespace std::chrono;
  return static_cast<std::uint64_t>(duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count());
}

messages::id new_id() {
  static std::atomic<std::uint64_t> count{0};
  return messages::make_id(1'700'000'000'000, ++count * 0x9e3779b97f4a7c15u, 7);
}

private_folder::private_folder() {
  auto pattern = (std::filesystem::temp_directory_path() / "bus-XXXXXX").string();
  BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}
private_folder::~private_folder() { std::filesystem::remove_all(path_); }

messages::command_envelope make_command(const std::string& from, const std::string& to, std::uint32_t deadline_ms,
                                        const std::string& topic) {
  messages::command_envelope c;
  c.id = new_id();
  c.topic = topic;
  c.from = from;
  c.to = to;
  c.deadline_ms = deadline_ms;
  c.body = encode_body(messages::done{});
  return c;
}

std::string error_in(const messages::command_envelope& reply) {
  const auto body = messages::reply_body(reply);
  return body ? std::string{} : std::string{describe(body.error().code).name};
}

bool soon(const std::function<bool()>& holds) {
  for (const auto until = now_ms() + 20'000; now_ms() < until;) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1)); // a pause between two looks, not a synchronisation
  }
  return holds();
}

// -- node ----------------------------------------------------------------------------------------------------------

node::node(std::shared_ptr<bus::context> home, bus::dealer_options options, answer answers)
    : answers_(std::move(answers)) {
  auto opened = bus::dealer::open(std::move(home), std::move(options));
  BOOST_REQUIRE(opened);
  dealer_ = std::move(*opened);
  thread_ = std::thread([this] { run(); });
}

node::~node() {
  stopping_ = true;
  nudge();
  thread_.join();
}

void node::nudge() {
  {
    const std::scoped_lock held{mutex_};
    nudged_ = true;
  }
  changed_.notify_one();
}

void node::run() {
  bus::dealer_events events;
  events.on_command = [this](messages::command_envelope c) {
    ++commands_;
    if (auto reply = answers_ ? answers_(c) : std::nullopt) dealer_->send(*reply);
  };
  events.on_reply = [this](messages::command_envelope r) {
    const std::scoped_lock held{mutex_};
    replies_[r.id].push_back(std::move(r));
  };
  events.on_hub = [this](const messages::node_welcome&, bool changed) {
    ++hubs_;
    changes_ += changed;
  };
  events.on_hub_lost = [this] { ++losses_; };
  events.on_refused = [this](const messages::error& why) {
    const std::scoped_lock held{mutex_};
    refused_ = describe(why.code).name;
  };
  bus::lookout eyes{[this] { nudge(); }};
  while (!stopping_) {
    const auto at_ms = dealer_->look(events), started_ms = now_ms();
    const auto due_ms = std::min<std::uint64_t>(at_ms - std::min(at_ms, started_ms), 60'000);
    eyes.watch(dealer_->watched());
    std::vector<std::function<void()>> jobs;
    {
      std::unique_lock held{mutex_};
      changed_.wait_for(held, std::chrono::milliseconds{due_ms}, [this] { return nudged_; });
      nudged_ = false;
      jobs.swap(jobs_);
    }
    for (auto& job : jobs)
      job();
  }
}

bool node::post(messages::command_envelope c) {
  std::atomic<int> taken{-1};
  {
    const std::scoped_lock held{mutex_};
    jobs_.push_back([&] { taken = dealer_->send(c); });
  }
  nudge();
  BOOST_REQUIRE(soon([&] { return taken >= 0; }));
  return taken == 1;
}

std::optional<messages::command_envelope> node::ask(messages::command_envelope c, int wait_ms) {
  const auto id = c.id;
  if (!post(std::move(c))) return std::nullopt;
  for (const auto until = now_ms() + static_cast<std::uint64_t>(wait_ms); now_ms() < until;) {
    {
      const std::scoped_lock held{mutex_};
      if (const auto found = replies_.find(id); found != replies_.end()) return found->second.front();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return std::nullopt;
}

bool node::wait_for_hub() {
  return soon([&] { return hubs_ > 0; });
}

std::size_t node::replies_to(const messages::id& id) {
  const std::scoped_lock held{mutex_};
  const auto found = replies_.find(id);
  return found == replies_.end() ? 0 : found->second.size();
}

std::string node::refused() {
  const std::scoped_lock held{mutex_};
  return refused_;
}

bus::dealer_counts node::counts() {
  std::atomic<bool> done{false};
  bus::dealer_counts counts;
  {
    const std::scoped_lock held{mutex_};
    jobs_.push_back([&] {
      counts = dealer_->counts();
      done = true;
    });
  }
  nudge();
  BOOST_REQUIRE(soon([&] { return done.load(); }));
  return counts;
}

bus::dealer_options node_options(const std::string& endpoint, const std::string& name,
                                 std::vector<std::string> actors) {
  bus::dealer_options o;
  o.endpoint = endpoint;
  o.node = name;
  o.actors = std::move(actors);
  o.incarnation = new_id();
  o.limits.hello_every_ms = 50;
  o.limits.silent_ms = 400;
  o.limits.answer_grace_ms = 100;
  o.clock = now_ms;
  return o;
}

bus::switchboard_options board_options(std::vector<std::string> endpoints) {
  bus::switchboard_options o;
  o.endpoints = std::move(endpoints);
  o.rules.incarnation = new_id();
  o.rules.epoch = [] { return std::uint64_t{7}; };
  o.rules.limits.silent_ms = 10'000;
  o.clock = now_ms;
  return o;
}

std::optional<messages::command_envelope> say_done(const messages::command_envelope& c) {
  return messages::reply_ok(c, encode_body(messages::done{}));
}

// -- journal
std::string ask(node& n, messages::command_envelope c) {
  const auto reply = n.ask(std::move(c));
  return reply ? error_in(*reply) : "silence";
}

// ------------------------------------------------------------------------------------------------------------------

bus::item journal::make_item(const std::string& topic, std::string body) {
  messages::event_envelope e;
  e.index = items_.size() + 1;
  e.time_ms = 1'700'000'000'000 + e.index;
  e.topic = topic;
  e.node = "hub";
  e.body = std::move(body);
  bus::item made{e.index, last_[topic], topic, encode(e)};
  last_[topic] = e.index;
  items_.push_back(made);
  return made;
}

std::shared_ptr<const bus::batch> journal::append(std::size_t count, std::size_t octets) {
  const std::scoped_lock held{mutex_};
  auto b = std::make_shared<bus::batch>();
  b->epoch = epoch;
  b->first_index = items_.size() + 1;
  for (std::size_t n = 0; n < count; ++n) {
    const auto turn = items_.size() % 5;
    if (turn == 4)
      b->items.push_back(make_item("desk.opened", encode_body(messages::desk_opened{})));
    else if (turn == 2)
      b->items.push_back(make_item("desk.closed", encode_body(messages::desk_closed{})));
    else
      b->items.push_back(make_item("node.actor_restarted",
                                   encode_body(messages::actor_restarted{"reader", std::string(octets, 'x'), turn})));
  }
  return b;
}

std::shared_ptr<const bus::batch> journal::append_personal(const std::string& secret) {
  const std::scoped_lock held{mutex_};
  messages::registration_requested r{new_id(), new_id(), messages::personal<std::string>{secret}};
  auto b = std::make_shared<bus::batch>();
  b->epoch = epoch;
  b->first_index = items_.size() + 1;
  b->items.push_back(make_item(std::string{r.topic}, encode_body(r)));
  return b;
}

bus::page_source journal::source() {
  return [this](std::uint64_t from, std::uint64_t limit,
                std::span<const std::string> prefixes) -> messages::result<bus::page> {
    const std::scoped_lock held{mutex_};
    bus::page p;
    p.head = items_.size();
    p.epoch = epoch;
    p.next = from;
    while (p.next <= p.head && p.items.size() < limit) {
      const auto& i = items_[p.next++ - 1];
      if (prefixes.empty() || std::ranges::any_of(prefixes, [&](const auto& x) { return i.topic.starts_with(x); }))
        p.items.push_back(i);
    }
    return p;
  };
}

std::uint64_t journal::head() {
  const std::scoped_lock held{mutex_};
  return items_.size();
}

std::vector<std::string> journal::envelopes() {
  const std::scoped_lock held{mutex_};
  std::vector<std::string> all;
  for (const auto& i : items_)
    all.push_back(i.envelope);
  return all;
}

void journal::restore(std::uint64_t to_epoch, std::size_t keep) {
  const std::scoped_lock held{mutex_};
  epoch = to_epoch;
  items_.resize(keep);
  last_.clear();
  for (const auto& i : items_)
    last_[i.topic] = i.index;
}

// -- raw -----------------------------------------------------------------------------------------------------------

std::vector<std::string> receive(bus::socket& from, int wait_ms) {
  std::array<bus::watch, 1> on{bus::watch{.on = &from}};
  bus::wait(on, wait_ms);
  std::vector<std::string> parts;
  bus::frame f;
  for (bool more = true; more && from.receive(f);) {
    parts.emplace_back(f.view());
    more = f.more();
  }
  return parts;
}

bool send_raw(bus::socket& to, const std::vector<std::string>& parts) {
  return soon([&] {
    if (to.send(parts.front(), parts.size() > 1) != bus::sent::done) return false;
    for (std::size_t n = 1; n < parts.size(); ++n)
      to.send(parts[n], n + 1 < parts.size());
    return true;
  });
}

} // namespace bus_test
