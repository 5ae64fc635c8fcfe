// Commands over a network beyond terrible, by seed: it loses, repeats and reorders frames, keeps some for seconds, is
// cut, is half open, and nodes and the hub die. What the product decides is its own (bus::node_end, bus::exchange,
// actors::taken_commands); only the roads between them are made up here. UKETSUKE_LONG=1: a thousand seeds.
#include "tests/test.hpp"

#include "actors/pure/taken_commands.hpp"
#include "drivers/bus/exchange.hpp"
#include "drivers/bus/node_end.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <random>
#include <set>
#include <utility>

using namespace messages;

namespace {

constexpr std::uint64_t step_ms = 20, storm_ms = 20'000, calm_ms = 12'000;

struct asked {
  command_envelope command;
  std::uint64_t due_ms = 0;
  bool again = false; ///< under the same id, since its outcome was unknown
  std::vector<std::optional<error_code>> answers; ///< nothing: it was done
};

struct world;

/// A node of one actor, `echo`, which takes a while for what it is told.
struct node {
  struct work {
    command_envelope command;
    std::uint64_t done_ms = 0;
  };
  std::string name;
  id life;
  std::unique_ptr<bus::node_end> end;
  std::unique_ptr<actors::taken_commands> taken;
  std::map<messages::id, std::string> remembered; ///< the hub's, which survives it: as its journal
  std::vector<work> at_work;
  std::map<messages::id, asked> open;      ///< of this life
  std::vector<command_envelope> ask_again; ///< when whatever is at work now is over
  bool outward = true, inward = true, noticed = true; ///< what passes; does it know that nothing does?

  std::string connection() const { return bus::connection_name(name, life); }
};

struct flight {
  std::uint64_t due_ms = 0;
  std::string node;       ///< from or to which
  std::string connection; ///< what is on its way to a connection ends with it
  std::string frame;
};

struct world : bus::outlet {
  world(unsigned seed, double of_lost, bool repeating)
      : seed_(seed), chance(seed), lost(of_lost), repeats(repeating) {
    for (const auto* name : {"hub", "desk-1", "desk-2"})
      nodes[name].name = name;
    begin_hub();
    for (const auto* name : {"desk-1", "desk-2"})
      begin(nodes[name]);
  }

  bool happens(double p) { return std::uniform_real_distribution<>{0, 1}(chance) < p; }
  std::uint64_t up_to(std::uint64_t most) { return chance() % (most + 1); }
  id new_id() { return make_id(now, ++ids, static_cast<std::uint16_t>(seed_)); }

  // -- lives and deaths --------------------------------------------------------------------------------------------

  void begin(node& n) {
    n.life = new_id();
    n.end = std::make_unique<bus::node_end>(
        bus::node_facts{"hub", n.name, {"echo"}, "1", n.life, {}},
        [this, &n](std::string_view frame) { return !n.noticed ? false : (go_out(n, frame), true); });
    n.taken = std::make_unique<actors::taken_commands>();
    n.at_work.clear();
    n.open.clear(); // whoever asked is gone, and nobody waits
    n.ask_again.clear();
  }
  void begin_hub() {
    bus::switchboard_rules rules;
    rules.incarnation = new_id();
    hub = std::make_unique<bus::exchange>(rules);
    begin(nodes["hub"]);
    to_hub.clear();
    from_hub.clear();
  }

  // -- the roads ---------------------------------------------------------------------------------------------------

  void put_on(std::vector<flight>& road, const node& n, const std::string& connection, std::string_view frame) {
    const bool bad = storm && n.name != "hub";
    for (int copies = bad && repeats && happens(0.1) ? 2 : 1; copies > 0; --copies) {
      if (bad && happens(lost)) continue;
      const auto on_the_way = !bad ? up_to(5) : happens(0.05) ? up_to(6'000) : up_to(120);
      road.push_back({now + on_the_way, n.name, connection, std::string{frame}});
    }
  }
  void go_out(const node& n, std::string_view frame) {
    if (n.outward) put_on(to_hub, n, n.connection(), frame);
  }
  bus::sent go_in(std::string_view connection, std::string_view frame) {
    const auto n = std::ranges::find_if(nodes, [&](const auto& one) { return one.second.connection() == connection; });
    if (n == nodes.end()) return bus::sent::gone;
    if (n->second.inward) put_on(from_hub, n->second, std::string{connection}, frame);
    return bus::sent::done;
  }
  bus::sent pass(const std::string& connection) override { return go_in(connection, arrived); }
  bus::sent put(std::string_view connection, std::string_view content) override { return go_in(connection, content); }

  static std::vector<flight> arrived_by(std::uint64_t at_ms, std::vector<flight>& road) {
    std::vector<flight> all;
    std::erase_if(road, [&](flight& f) {
      if (f.due_ms > at_ms) return false;
      all.push_back(std::move(f));
      return true;
    });
    std::ranges::stable_sort(all, {}, &flight::due_ms);
    return all;
  }

  // -- what nodes do -----------------------------------------------------------------------------------------------

  void execute(node& n, const node::work& w) {
    ++executed[n.name == "hub" ? std::pair{w.command.id, id{}} : std::pair{w.command.id, n.life}];
    executed_at_all.insert(w.command.id);
    const auto reply = reply_ok(w.command, encode_body(done{}));
    n.taken->decided(reply, std::make_shared<std::atomic<bool>>(true));
    if (n.name == "hub") n.remembered[w.command.id] = encode(reply);
    n.end->send(reply, now);
  }

  bus::dealer_events events_of(node& n) {
    bus::dealer_events e;
    e.on_command = [this, &n](const command_envelope& c) {
      const auto judged = n.taken->judge(c, now, [&](const id& of) {
        const auto found = n.remembered.find(of);
        return found == n.remembered.end() ? std::nullopt : std::optional{found->second};
      });
      if (judged.say) n.end->send(*judged.say, now);
      if (judged.fresh) n.at_work.push_back({c, now + up_to(200)});
    };
    e.on_reply = [this, &n](const command_envelope& r) {
      const auto body = reply_body(r);
      const auto found = n.open.find(r.id);
      BOOST_REQUIRE_MESSAGE(found != n.open.end(), "seed " << seed_ << ": an answer to what was not asked");
      found->second.answers.push_back(body ? std::nullopt : std::optional{body.error().code});
      BOOST_TEST(now <= found->second.due_ms + bus::dealer_limits{}.answer_grace_ms + step_ms, "seed " << seed_);
      if (storm && !body && body.error().code == error_code::outcome_unknown && happens(0.3))
        n.ask_again.push_back(found->second.command);
    };
    return e;
  }

  void ask(node& n, const std::string& receiver) {
    command_envelope c;
    c.id = new_id();
    c.v = 1;
    c.topic = ask_status::topic;
    c.from = "echo@" + n.name;
    c.to = "echo@" + receiver;
    c.deadline_ms = static_cast<std::uint32_t>(50 + up_to(3'000));
    c.body = encode_body(ask_status{});
    if (n.end->send(c, now)) n.open[c.id] = {c, now + c.deadline_ms, false, {}};
  }
  void ask_again(node& n) {
    for (const auto& c : std::exchange(n.ask_again, {}))
      if (n.end->send(c, now)) n.open[c.id] = {c, now + c.deadline_ms, true, {}};
  }

  void turn(node& n) {
    ask_again(n);
    const auto events = events_of(n);
    if (n.end->is_due(now) || n.noticed) n.end->turn(now, n.noticed, events);
    std::vector<node::work> done;
    std::erase_if(n.at_work, [&](const node::work& w) {
      if (w.done_ms > now) return false;
      done.push_back(w);
      return true;
    });
    for (const auto& w : done)
      execute(n, w);
  }

  void blow() {
    for (const auto* name : {"desk-1", "desk-2"})
      if (auto& n = nodes[name]; happens(0.006)) {
        n.outward = happens(0.8);
        n.inward = happens(0.8);
        n.noticed = n.outward || n.inward || happens(0.5);
      }
    if (happens(0.001)) begin(nodes[happens(0.5) ? "desk-1" : "desk-2"]);
    if (happens(0.0007)) begin_hub();
  }

  void step() {
    now += step_ms;
    if (storm) blow();
    for (const auto& f : arrived_by(now, to_hub)) {
      arrived = f.frame;
      hub->take({.connection = f.connection, .user_id = {}, .content = arrived}, now, now, *this);
    }
    hub->sweep(now, *this);
    for (const auto& f : arrived_by(now, from_hub))
      if (auto& n = nodes[f.node]; n.connection() == f.connection) n.end->take(f.frame, true, now, events_of(n));
    for (auto& [name, n] : nodes)
      turn(n);
  }

  void clear_up() {
    storm = false;
    for (auto& [name, n] : nodes)
      n.outward = n.inward = n.noticed = true;
  }

  unsigned seed_;
  std::mt19937 chance;
  double lost;
  bool repeats, storm = true;
  std::uint64_t now = 1'700'000'000'000, ids = 0;
  std::map<std::string, node> nodes;
  std::unique_ptr<bus::exchange> hub;
  std::vector<flight> to_hub, from_hub;
  std::string arrived;
  std::map<std::pair<id, id>, int> executed; ///< by command and life; of the hub's actors by command alone
  std::set<id> executed_at_all;
};

/// Nobody did it, this answer says.
bool says_not_done(error_code code) {
  return code == error_code::unknown_address || code == error_code::deadline_passed || code == error_code::busy ||
         code == error_code::dead_peer;
}

/// Everything that a node's present life asked has its one answer, and the answer is true.
void require_answers(const world& w, const node& n) {
  for (const auto& [id, a] : n.open) {
    BOOST_REQUIRE_MESSAGE(a.answers.size() == 1u, "seed " << w.seed_ << ", " << n.name << ": " << a.answers.size()
                                                         << " answers to " << id.text() << " of " << a.command.to);
    const bool was_done = w.executed_at_all.contains(id);
    if (!a.answers[0])
      BOOST_REQUIRE_MESSAGE(was_done, "seed " << w.seed_ << ": said to be done, and was not");
    else if (!w.repeats && !a.again && says_not_done(*a.answers[0]))
      BOOST_REQUIRE_MESSAGE(!was_done, "seed " << w.seed_ << ": " << describe(*a.answers[0]).name << ", but done");
  }
}

void weather(world& w) {
  const auto until_ms = w.now + storm_ms;
  while (w.now < until_ms) {
    for (auto& [name, n] : w.nodes)
      for (const auto* receiver : {"hub", "desk-1", "desk-2"})
        if (name != receiver && w.happens(0.02)) w.ask(n, receiver);
    w.step();
  }
  w.clear_up();
  for (const auto quiet_ms = w.now + calm_ms; w.now < quiet_ms;)
    w.step();
}

} // namespace

BOOST_AUTO_TEST_CASE(every_command_is_done_at_most_once_and_answered_or_unknown_over_a_terrible_network) {
  const unsigned seeds = std::getenv("UKETSUKE_LONG") ? 1000 : 60;
  const auto begun = std::chrono::steady_clock::now();
  std::size_t asked_in_all = 0, done_in_all = 0, unknown = 0;
  for (unsigned seed = 0; seed < seeds; ++seed) {
    world w{seed, seed % 5 * 0.12, seed % 2 == 1};
    weather(w);
    for (const auto& [which, times] : w.executed)
      BOOST_REQUIRE_MESSAGE(times == 1, "seed " << seed << ": " << which.first.text() << " done " << times << " times");
    for (auto& [name, n] : w.nodes) {
      require_answers(w, n);
      asked_in_all += n.open.size();
      for (const auto& [id, a] : n.open) {
        done_in_all += !a.answers[0];
        unknown += a.answers[0] == error_code::outcome_unknown;
      }
      n.open.clear();
    }
    for (auto& [name, n] : w.nodes) // the storm is over: everybody reaches everybody
      for (const auto* receiver : {"hub", "desk-1", "desk-2"})
        if (name != receiver) w.ask(n, receiver);
    for (int n = 0; n < 200; ++n)
      w.step();
    for (const auto& [name, n] : w.nodes)
      for (const auto& [id, a] : n.open)
        if (a.due_ms > w.now - 200 * step_ms + 400) // time enough for the work itself
          BOOST_TEST((a.answers.size() == 1u && !a.answers[0]),
                     "seed " << seed << ": " << name << " hears nothing of " << a.command.to);
  }
  std::cerr << seeds << " seeds, " << asked_in_all << " commands: " << done_in_all << " done, " << unknown
            << " unknown; "
            << std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun).count()
            << " ms\n";
  BOOST_TEST(done_in_all > asked_in_all / 4); // it was no network that loses everything,
  BOOST_TEST(unknown > asked_in_all / 100);   // nor one that loses nothing
}

BOOST_AUTO_TEST_CASE(a_hub_is_found_over_a_way_longer_than_the_time_between_two_hellos) {
  std::deque<std::pair<std::uint64_t, std::string>> on_the_way;
  bus::node_end end{{"hub", "desk-1", {"echo"}, "1", make_id(1, 2, 3), {}}, [&](std::string_view hello) {
                      const auto c = decode_command(hello).value();
                      const node_welcome welcome{"hub", make_id(9, 9, 9), 1};
                      on_the_way.emplace_back(0, encode(reply_ok(c, encode_body(welcome))));
                      return true;
                    }};
  constexpr std::uint64_t there_and_back_ms = 1'200;
  for (std::uint64_t now = 10'000; now < 14'000; now += 50) {
    while (!on_the_way.empty() && on_the_way.front().first != 0 && on_the_way.front().first <= now) {
      end.take(on_the_way.front().second, true, now, {});
      on_the_way.pop_front();
    }
    end.turn(now, true, {});
    for (auto& [due_ms, frame] : on_the_way)
      if (due_ms == 0) due_ms = now + there_and_back_ms;
  }
  BOOST_TEST(end.hub_present());
}
