// The reader's order over a network beyond terrible: it loses, repeats, reorders, is cut, and is half open, by seed.
// UKETSUKE_LONG=1 a thousand seeds each.
#include "tests/test.hpp"

#include "drivers/bus/sequencer.hpp"
#include "tests/drivers/bus/support.hpp"

#include <algorithm>
#include <random>

using namespace bus_test;

namespace {

using message = std::vector<std::string>;

unsigned seeds(unsigned usual) { return std::getenv("UKETSUKE_LONG") ? 1000 : usual; }

std::vector<std::string_view> views(const message& m) { return {m.begin(), m.end()}; }
message to_message(const bus::frames& f) { return {f[0], f[1], f[2]}; }

/// A publisher, a replay server and the road from them to one reader.
struct world {
  world(unsigned seed, double loss_rate) : chance(seed), loss(loss_rate) {}

  bool happens(double p) { return std::uniform_real_distribution<>{0, 1}(chance) < p; }

  void on_the_road(std::deque<message>& road, message m) {
    if (happens(loss) || cut == both || cut == (&road == &live ? live_only : replay_only)) return;
    if (happens(0.1)) road.push_back(m);
    road.push_back(std::move(m));
    if (road.size() > 1 && happens(0.3)) std::swap(road[road.size() - 1], road[chance() % road.size()]);
  }

  void commit(std::size_t count) {
    const auto b = log.append(count);
    std::vector<std::string_view> envelopes;
    for (const auto& i : b->items)
      envelopes.emplace_back(i.envelope);
    if (!by_topic) on_the_road(live, to_message(bus::make_tail(b->first_index, b->epoch, envelopes)));
    for (const auto& i : b->items) {
      last[i.topic] = i.index;
      if (by_topic) on_the_road(live, to_message(bus::make_event(i, b->epoch, i.envelope)));
    }
  }

  void beat() { on_the_road(live, to_message(bus::make_heartbeat(log.head(), log.epoch, last))); }

  void answer(const bus::replay_request& r) {
    const auto found = log.source()(r.from, r.limit, r.topics).value();
    for (const auto& i : found.items)
      on_the_road(replay, to_message(bus::make_event(i, found.epoch, i.envelope)));
    on_the_road(replay, to_message(bus::make_replay_end(found.next, found.epoch, found.head)));
  }

  /// One step of time for the reader.
  void step(bus::sequencer& s) {
    now += 50;
    if (loss > 0 && happens(0.03)) cut = static_cast<cuts>(chance() % 8); // mostly ends one: `none` from 3 on
    for (auto n = chance() % 4; n > 0 && !live.empty(); --n) {
      s.take_live(views(live.front()));
      live.pop_front();
    }
    for (auto n = chance() % 40; n > 0 && !replay.empty(); --n) {
      s.take_replay(views(replay.front()), now);
      replay.pop_front();
    }
    if (s.take_changed_epoch()) got.clear();
    while (auto e = s.pop())
      got.push_back(*e);
    if (const auto r = s.ask(now)) answer(*r);
  }

  /// Nothing passes: on both ways, or, half open, on one. A network that loses nothing is never cut.
  enum cuts : unsigned { both, live_only, replay_only, none };

  journal log;
  cuts cut = none;
  std::mt19937 chance;
  double loss;
  bool by_topic = false;
  std::map<std::string, std::uint64_t> last;
  std::deque<message> live, replay;
  std::vector<messages::event_envelope> got;
  std::uint64_t now = 1000;
};

} // namespace

BOOST_AUTO_TEST_CASE(every_event_arrives_once_and_in_order_over_a_terrible_network) {
  for (unsigned seed = 0; seed < seeds(60); ++seed) {
    world w{seed, seed % 4 * 0.15};
    w.commit(seed % 3 * 20);
    bus::sequencer s{{.from = 1, .answer_wait_ms = 400, .retry_wait_ms = 100}};
    for (int n = 0; n < 60; ++n) {
      if (w.happens(0.7)) w.commit(1 + w.chance() % 9);
      if (n % 5 == 0) w.beat();
      w.step(s);
    }
    for (int n = 0; n < 4000 && w.got.size() < w.log.head(); ++n) {
      if (n % 5 == 0) w.beat();
      w.step(s);
    }
    BOOST_REQUIRE_MESSAGE(w.got.size() == w.log.head(),
                          "seed " << seed << ": " << w.got.size() << " of " << w.log.head());
    const auto all = w.log.envelopes();
    for (std::size_t n = 0; n < all.size(); ++n)
      BOOST_REQUIRE(encode(w.got[n]) == all[n]);
  }
}

BOOST_AUTO_TEST_CASE(a_reader_of_topics_misses_none_of_them) {
  for (unsigned seed = 0; seed < seeds(60); ++seed) {
    world w{seed, seed % 4 * 0.15};
    w.by_topic = true;
    w.commit(30);
    const std::vector<std::string> topics{"desk."};
    bus::sequencer s{{.from = 1, .topics = topics, .answer_wait_ms = 400, .retry_wait_ms = 100}};
    for (int n = 0; n < 60; ++n) {
      if (w.happens(0.7)) w.commit(1 + w.chance() % 9);
      if (n % 5 == 0) w.beat();
      w.step(s);
    }
    std::map<std::string, std::vector<std::string>> want, got;
    std::size_t wanted = 0;
    for (const auto& e : w.log.envelopes())
      if (auto topic = messages::decode_event(e)->topic; topic.starts_with("desk.")) want[topic].push_back(e), ++wanted;
    for (int n = 0; n < 4000 && w.got.size() < wanted; ++n) {
      if (n % 5 == 0) w.beat();
      w.step(s);
    }
    for (const auto& e : w.got)
      got[e.topic].push_back(encode(e));
    BOOST_REQUIRE_MESSAGE((got == want), "seed " << seed << ": " << w.got.size() << " of " << wanted);
  }
}

BOOST_AUTO_TEST_CASE(another_epoch_discards_everything_and_starts_from_one) {
  for (unsigned seed = 0; seed < seeds(20); ++seed) {
    world w{seed, 0.1};
    bus::sequencer s{{.from = 1, .answer_wait_ms = 400, .retry_wait_ms = 100}};
    w.commit(40);
    for (int n = 0; n < 100; ++n) {
      if (n % 5 == 0) w.beat();
      w.step(s);
    }
    w.log.restore(3, 25); // a lower number, too, is another epoch
    w.last.clear();
    w.commit(5);
    for (int n = 0; n < 3000; ++n) {
      if (n % 5 == 0) w.beat();
      w.step(s);
      if (n > 300 && s.live() && w.got.size() == w.log.head()) break;
    }
    BOOST_REQUIRE_EQUAL(w.got.size(), 30u);
    BOOST_TEST(s.epoch() == 3u);
    const auto all = w.log.envelopes();
    for (std::size_t n = 0; n < all.size(); ++n)
      BOOST_REQUIRE(encode(w.got[n]) == all[n]);
  }
}

BOOST_AUTO_TEST_CASE(until_head_ends_at_the_head_seen_at_the_start) {
  for (const bool by_topic : {false, true}) {
    world w{1, 0};
    w.by_topic = by_topic;
    w.commit(2500);
    bus::sequencer s{{.from = 1,
                      .topics = by_topic ? std::vector<std::string>{"desk."} : std::vector<std::string>{},
                      .until_head = true}};
    w.step(s);
    w.commit(100);
    for (int n = 0; n < 500 && !s.ended(); ++n)
      w.step(s);
    BOOST_TEST(s.ended());
    BOOST_TEST(w.got.size() == (by_topic ? 1000u : 2500u));
    BOOST_TEST(!s.ask(w.now + 100'000).has_value());
  }
  world empty{1, 0};
  bus::sequencer s{{.from = 1, .until_head = true}};
  empty.beat();
  for (int n = 0; n < 50; ++n)
    empty.step(s);
  BOOST_TEST(s.ended());
}

BOOST_AUTO_TEST_CASE(from_now_on_means_nothing_from_before) {
  world w{3, 0};
  w.commit(20);
  bus::sequencer s{{.from = 0}};
  w.live.clear();
  w.beat();
  for (int n = 0; n < 20; ++n)
    w.step(s);
  w.commit(5);
  for (int n = 0; n < 100; ++n)
    w.step(s);
  BOOST_REQUIRE_EQUAL(w.got.size(), 5u);
  BOOST_TEST(w.got.front().index == 21u);
}

BOOST_AUTO_TEST_CASE(what_waits_behind_a_gap_is_bounded_and_nothing_is_lost_by_it) {
  world w{5, 0};
  w.commit(1);
  w.live.clear();
  for (int n = 0; n < 50; ++n)
    w.commit(10);
  bus::sequencer s{{.from = 1, .ahead_bytes_max = 4000}};
  for (int n = 0; n < 400 && w.got.size() < w.log.head(); ++n) {
    if (n % 10 == 0) w.beat();
    w.step(s);
  }
  BOOST_TEST(w.got.size() == w.log.head());
}

BOOST_AUTO_TEST_CASE(a_refusal_is_waited_out_and_one_request_is_in_flight) {
  world w{6, 0};
  w.commit(3);
  bus::sequencer s{{.from = 1, .answer_wait_ms = 2000, .retry_wait_ms = 500}};
  BOOST_TEST(s.ask(1000).has_value());
  BOOST_TEST(!s.ask(1001).has_value());
  s.take_replay(views(to_message(bus::make_replay_error({messages::error_code::busy, {}}))), 1002);
  BOOST_TEST((s.refused()->code == messages::error_code::busy));
  BOOST_TEST(!s.ask(1003).has_value());
  BOOST_TEST(s.ask(1502).has_value());
  BOOST_TEST(s.ask(3502).has_value()); // no answer at all
}
