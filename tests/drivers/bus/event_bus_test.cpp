// Publisher, replay and subscribers together: nobody is waited for, nothing is missed.
#include "tests/test.hpp"

#include "drivers/bus/frames.hpp"
#include "drivers/bus/publisher.hpp"
#include "drivers/bus/replay.hpp"
#include "drivers/bus/subscriber.hpp"
#include "tests/drivers/bus/support.hpp"

#include <fstream>
#include <random>
#include <thread>

using namespace bus_test;

namespace {

struct house {
  explicit house(std::function<void(bus::publisher_options&)> change = {}) {
    bus::publisher_options p;
    p.redacted_endpoints = {folder.ipc("events"), "tcp://127.0.0.1:0", "inproc://events"};
    p.personal_endpoints = {folder.ipc("personal")};
    p.epoch = log.epoch;
    p.limits.heartbeat_every_ms = 100;
    p.clock = now_ms;
    if (change) change(p);
    publisher = bus::publisher::open(home, std::move(p)).value();
    bus::replay_options r;
    r.redacted_endpoints = {folder.ipc("replay"), "tcp://127.0.0.1:0", "inproc://replay"};
    r.personal_endpoints = {folder.ipc("replay-personal")};
    r.source = log.source();
    r.clock = now_ms;
    replay = bus::replay::open(home, std::move(r)).value();
  }

  std::unique_ptr<bus::subscriber> subscribe(bus::sequencer_options order = {}, std::size_t transport = 0,
                                             bool personal = false) {
    bus::subscriber_options o;
    o.live_endpoint = personal ? publisher->personal_endpoints()[0] : publisher->redacted_endpoints()[transport];
    o.replay_endpoint = personal ? replay->personal_endpoints()[0] : replay->redacted_endpoints()[transport];
    o.order = std::move(order);
    o.on_changed_epoch = [this](std::uint64_t) { ++changed_epochs; };
    o.clock = now_ms;
    return bus::subscriber::open(home, std::move(o)).value();
  }
  bus::socket listen(const std::string& endpoint, std::vector<std::string> prefixes, int queue_max = 1000) {
    bus::socket s{home, bus::role::sub, {.receive_queue_max = queue_max}};
    for (const auto& p : prefixes)
      s.subscribe(p);
    BOOST_REQUIRE(s.connect(endpoint));
    return s;
  }
  void commit(std::size_t count) { publisher->publish(log.append(count)); }

  private_folder folder;
  std::shared_ptr<bus::context> home = std::make_shared<bus::context>();
  journal log;
  int changed_epochs = 0;
  std::unique_ptr<bus::publisher> publisher;
  std::unique_ptr<bus::replay> replay;
};

std::vector<std::string> read(bus::subscriber& s, std::size_t count) {
  std::vector<std::string> got;
  while (got.size() < count) {
    const auto e = s.next(20'000);
    if (!e) break;
    got.push_back(encode(*e));
  }
  return got;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_tail_is_published_as_the_contract_has_it) {
  house h;
  auto tail = h.listen(h.publisher->personal_endpoints()[0], {"#", "~"});
  auto beat = receive(tail);
  BOOST_REQUIRE_EQUAL(beat.size(), 3u); // at once, not after a second
  BOOST_TEST(beat == (std::vector<std::string>{"~", std::string(15, '\0') + '\x07', "\x80"}));
  const auto b = h.log.append(2);
  h.publisher->publish(b);
  auto got = receive(tail);
  while (got.at(0) == "~")
    got = receive(tail);
  const std::vector<std::string_view> envelopes{b->items[0].envelope, b->items[1].envelope};
  const auto want = bus::make_tail(1, 7, envelopes);
  BOOST_TEST(got == std::vector<std::string>(want.begin(), want.end()));
  const auto beat_want = bus::make_heartbeat(2, 7, {{"node.actor_restarted", 2}});
  BOOST_TEST(receive(tail) == std::vector<std::string>(beat_want.begin(), beat_want.end()));
}

BOOST_AUTO_TEST_CASE(a_commit_is_one_message_for_all_who_read_the_tail_however_many_events_and_readers) {
  house h;
  std::vector<bus::socket> readers;
  for (int n = 0; n < 8; ++n) {
    readers.push_back(h.listen(h.publisher->redacted_endpoints()[0], {"#", "~"}));
    BOOST_REQUIRE_EQUAL(receive(readers.back()).size(), 3u); // its first heartbeat
  }
  h.commit(500);
  BOOST_REQUIRE(soon([&] { return h.publisher->counts().published == 500; }));
  BOOST_TEST(h.publisher->counts().messages == 1u); // 24 frames over eight connections, not 12,000
  for (auto& reader : readers) {
    auto got = receive(reader);
    while (got.at(0) == "~")
      got = receive(reader);
    BOOST_REQUIRE_EQUAL(got.size(), 3u);
    const std::vector<std::string_view> parts(got.begin(), got.end());
    BOOST_TEST(bus::read_tail(parts)->envelopes.size() == 500u);
  }
}

BOOST_AUTO_TEST_CASE(a_replay_of_everything_comes_in_runs_and_one_of_topics_event_by_event) {
  house h;
  h.commit(1000);
  auto all = h.subscribe({.from = 1, .until_head = true});
  BOOST_TEST((read(*all, 1000) == h.log.envelopes()));
  const auto in_runs = h.replay->counts();
  BOOST_TEST(in_runs.replayed == 1000u);
  BOOST_TEST(in_runs.messages <= 1000u / 100); // runs of a quarter of a megabyte, and the end of each answer
  auto some = h.subscribe({.from = 1, .topics = {"desk."}, .until_head = true});
  BOOST_TEST(read(*some, 1000).size() > 100u);
  const auto by_event = h.replay->counts();
  BOOST_TEST(by_event.messages - in_runs.messages >= by_event.replayed - in_runs.replayed);
}

BOOST_AUTO_TEST_CASE(messages_per_topic_are_made_only_while_somebody_reads_a_topic) {
  house h;
  auto everything = h.listen(h.publisher->redacted_endpoints()[0], {""});
  BOOST_REQUIRE_EQUAL(receive(everything).size(), 3u); // the heartbeat for a new reader
  h.commit(1);
  BOOST_TEST(receive(everything)[0] == "#");
  {
    auto topic = h.listen(h.publisher->redacted_endpoints()[0], {"node."});
    BOOST_REQUIRE(soon([&] { return h.publisher->counts().subscriptions == 2; }));
    h.commit(1);
    const auto got = receive(topic);
    BOOST_REQUIRE_EQUAL(got.size(), 3u);
    const std::vector<std::string_view> parts(got.begin(), got.end());
    const auto e = bus::read_event(parts);
    BOOST_REQUIRE(e);
    BOOST_TEST(e->index == 2u);
    BOOST_TEST(e->previous == 1u);
    std::vector<std::string> topics;
    while (topics.size() < 2)
      if (auto m = receive(everything); m.at(0) != "~") topics.push_back(m[0]);
    BOOST_TEST(topics == (std::vector<std::string>{"#", "node.actor_restarted"}));
  }
  BOOST_REQUIRE(soon([&] { return h.publisher->counts().subscriptions == 1; })); // its connection is gone
  h.commit(1);
  h.commit(1);
  for (std::string last; last != "#";)
    last = receive(everything).at(0);
  auto next = receive(everything);
  while (next.at(0) == "~")
    next = receive(everything);
  BOOST_TEST(next[0] == "#");
}

BOOST_AUTO_TEST_CASE(personal_values_are_seen_by_those_who_may) {
  house h;
  const std::string secret = "himitsu-12345";
  const auto open_tail = [&](bool personal) {
    return h.listen(personal ? h.publisher->personal_endpoints()[0] : h.publisher->redacted_endpoints()[1],
                    {"#", "checkin."});
  };
  auto redacted = open_tail(false), personal = open_tail(true);
  BOOST_REQUIRE(soon([&] { return h.publisher->counts().subscriptions == 4; }));
  h.publisher->publish(h.log.append_personal(secret));
  for (int n = 0; n < 2; ++n) {
    const auto shown = receive(redacted), clear = receive(personal);
    BOOST_REQUIRE_EQUAL(shown.size(), 3u);
    BOOST_REQUIRE_EQUAL(clear.size(), 3u);
    BOOST_TEST(shown[2].find(secret) == std::string::npos);
    BOOST_TEST(shown[2].find(std::string("\xc7\x00\x01", 3)) != std::string::npos); // empty ext 1
    BOOST_TEST(clear[2].find(secret) != std::string::npos);
  }
  for (const bool may : {false, true}) {
    const auto got = read(*h.subscribe({.until_head = true}, may ? 0 : 1, may), 1);
    BOOST_REQUIRE_EQUAL(got.size(), 1u);
    BOOST_TEST((got[0].find(secret) != std::string::npos) == may);
  }
}

BOOST_AUTO_TEST_CASE(personal_events_over_plain_tcp_are_refused) {
  const auto home = std::make_shared<bus::context>();
  bus::publisher_options p;
  p.personal_endpoints = {"tcp://127.0.0.1:0"};
  p.clock = now_ms;
  const auto published = bus::publisher::open(home, p);
  BOOST_REQUIRE(!published);
  BOOST_TEST((published.error().code == messages::error_code::not_allowed));
  bus::replay_options r;
  r.personal_endpoints = {"tcp://127.0.0.1:0"};
  r.clock = now_ms;
  const auto replayed = bus::replay::open(home, r);
  BOOST_REQUIRE(!replayed);
  BOOST_TEST((replayed.error().code == messages::error_code::not_allowed));
}

BOOST_AUTO_TEST_CASE(publishing_waits_for_nobody) {
  house h;
  for (int n = 0; n < 50; ++n)
    h.commit(20); // no subscriber
  BOOST_TEST(soon([&] { return h.publisher->counts().published == 1000; }));
  auto deaf = h.listen(h.publisher->redacted_endpoints()[0], {"#"}, 1); // never reads
  std::vector<bus::socket> crowd;
  for (int n = 0; n < 50; ++n)
    crowd.push_back(h.listen(h.publisher->redacted_endpoints()[n % 3], {"#"}, 10));
  BOOST_REQUIRE(soon([&] { return h.publisher->counts().subscriptions == 1; }));
  for (int n = 0; n < 100; ++n)
    h.commit(20);
  BOOST_TEST(soon([&] { return h.publisher->counts().published == 3000; }));
  BOOST_TEST(h.publisher->counts().dropped == 0u);
  BOOST_TEST(h.publisher->counts().queued_bytes == 0u);
}

BOOST_AUTO_TEST_CASE(a_reader_that_never_reads_for_an_hour_costs_what_its_queue_holds_and_is_counted) {
  std::atomic<std::uint64_t> now{1'000'000};
  house h{[&](auto& p) {
    p.clock = [&now] { return now.load(); };
    p.limits.heartbeat_every_ms = 1000;
  }};
  const auto deaf = h.listen(h.publisher->redacted_endpoints()[0], {"#", "~"}, 1);
  const auto other = h.subscribe();
  BOOST_REQUIRE(soon([&] { return h.publisher->counts().subscriptions == 2; }));
  constexpr std::size_t seconds = 3600, a_second = 10;
  std::vector<std::string> got;
  std::thread reading([&] { got = read(*other, seconds * a_second); });
  const auto resident = [] {
    std::size_t all = 0, pages = 0;
    std::ifstream{"/proc/self/statm"} >> all >> pages;
    return pages * 4096;
  };
  std::size_t after_a_quarter = 0, kept_by_then = 0, kept = 0;
  for (std::size_t n = 1; n <= seconds; ++n) {
    now += 1000;
    const auto b = h.log.append(a_second, 300);
    for (const auto& i : b->items)
      kept += 2 * i.envelope.size(); // the journal's and the other reader's, in this very process
    h.publisher->publish(b);
    BOOST_REQUIRE(soon([&] { return h.publisher->counts().published == n * a_second; }));
    if (n != seconds / 4) continue;
    after_a_quarter = resident();
    kept_by_then = kept;
  }
  reading.join();
  const auto counts = h.publisher->counts();
  BOOST_TEST(counts.fell_behind >= 1u);
  BOOST_TEST(counts.queued_bytes == 0u);
  BOOST_TEST(counts.dropped == 0u); // nobody else lost anything
  BOOST_TEST((got == h.log.envelopes()));
  BOOST_TEST(resident() < after_a_quarter + 3 * (kept - kept_by_then) + (24u << 20));
}

BOOST_AUTO_TEST_CASE(what_the_queue_has_no_room_for_is_dropped_live_and_served_by_replay) {
  house h{[](auto& p) { p.limits.queue_bytes_max = 1; }};
  const auto s = h.subscribe();
  h.commit(30);
  BOOST_TEST(h.publisher->counts().dropped == 30u);
  BOOST_TEST(read(*s, 30) == h.log.envelopes());
}

BOOST_AUTO_TEST_CASE(readers_who_start_at_different_moments_end_with_the_same) {
  for (std::size_t transport = 0; transport < 3; ++transport) {
    house h;
    std::atomic<bool> half{false};
    const std::size_t commits = 150, each = 20;
    std::thread writer([&] {
      for (std::size_t n = 0; n < commits; ++n) {
        h.commit(each);
        if (n == commits / 2) half = true;
        if (n % 10 == 0) std::this_thread::yield();
      }
    });
    const auto early = h.subscribe({}, transport);
    const auto first = read(*early, 500);
    BOOST_TEST(soon([&] { return half.load(); }));
    const auto late = h.subscribe({}, transport);
    auto late_got = read(*late, commits * each);
    auto early_got = first;
    for (auto& e : read(*early, commits * each - first.size()))
      early_got.push_back(std::move(e));
    writer.join();
    BOOST_TEST((early_got == h.log.envelopes()));
    BOOST_TEST((late_got == early_got));
    BOOST_TEST(!late->next(0));
  }
}

BOOST_AUTO_TEST_CASE(a_reader_that_lost_live_messages_heals_the_gap) {
  house h{[](auto& p) {
    p.limits.reader_queue_max = 2;
    p.limits.heartbeat_every_ms = 50;
  }};
  bus::subscriber_options o;
  o.live_endpoint = h.publisher->redacted_endpoints()[2]; // inproc: the queues are all there is
  o.replay_endpoint = h.replay->redacted_endpoints()[2];
  o.queue_max = 2;
  o.clock = now_ms;
  const auto s = bus::subscriber::open(h.home, o).value();
  h.commit(1);
  BOOST_TEST(read(*s, 1).size() == 1u);
  for (int n = 0; n < 100; ++n)
    h.commit(7); // nobody reads meanwhile
  BOOST_REQUIRE(soon([&] { return h.publisher->counts().published == 701; }));
  const auto got = read(*s, 700);
  BOOST_REQUIRE_EQUAL(got.size(), 700u);
  const auto all = h.log.envelopes();
  BOOST_TEST(std::equal(got.begin(), got.end(), all.begin() + 1));
  BOOST_TEST(s->counts().asked > 0u);
}

BOOST_AUTO_TEST_CASE(a_reader_of_topics_gets_its_topics) {
  house h;
  h.commit(100);
  const auto s = h.subscribe({.topics = {"desk.opened"}});
  BOOST_TEST(read(*s, 20).size() == 20u);
  BOOST_TEST(soon([&] { return s->next(5) || s->live(); }));
  h.commit(100);
  for (const auto& e : read(*s, 20))
    BOOST_TEST(messages::decode_event(e)->topic == "desk.opened");
}

BOOST_AUTO_TEST_CASE(until_head_ends) {
  house h;
  h.commit(2345);
  const auto s = h.subscribe({.until_head = true});
  std::size_t count = 0;
  while (s->next(-1))
    ++count;
  BOOST_TEST(s->ended());
  BOOST_TEST(count == 2345u);
}

BOOST_AUTO_TEST_CASE(a_restored_journal_is_told_and_read_again) {
  house h;
  h.commit(30);
  const auto s = h.subscribe();
  BOOST_TEST(read(*s, 30).size() == 30u);
  h.log.restore(8, 10);
  h.commit(1);
  BOOST_TEST(soon([&] { return s->next(10) && h.changed_epochs == 1; }));
  BOOST_TEST(s->epoch() == 8u);
  while (s->head() < 11 || !s->live())
    (void)s->next(10);
  BOOST_TEST(h.changed_epochs == 1);
}

BOOST_AUTO_TEST_CASE(bad_requests_and_garbage_leave_the_others_served) {
  house h;
  h.commit(10);
  for (std::size_t transport = 0; transport < 3; ++transport) {
    bus::socket raw{h.home, bus::role::dealer, {}};
    BOOST_REQUIRE(raw.connect(h.replay->redacted_endpoints()[transport]));
    for (const auto& bad :
         {std::vector<std::string>{"\xc1"}, {bus::encode(bus::replay_request{0, 1, {}})}, {"a", "b"}}) {
      BOOST_REQUIRE(send_raw(raw, bad));
      const auto said = receive(raw);
      BOOST_REQUIRE_EQUAL(said.size(), 3u);
      BOOST_TEST(said[0] == "replay.error");
      BOOST_TEST(said[1] == "");
    }
    BOOST_REQUIRE(send_raw(raw, {bus::encode(bus::replay_request{9, 1, {}})}));
    BOOST_TEST(receive(raw).at(0) == "node.actor_restarted");
    const auto end = receive(raw);
    BOOST_REQUIRE_EQUAL(end.size(), 3u);
    BOOST_TEST(end[0] == "replay.end");
    BOOST_TEST(end[1] == std::string(7, '\0') + '\x0a' + std::string(7, '\0') + '\x07');
    std::mt19937 chance{11};
    for (int n = 0; n < 100; ++n) {
      std::string garbage(chance() % 60, '\0');
      for (auto& c : garbage)
        c = static_cast<char>(chance());
      BOOST_REQUIRE(send_raw(raw, {garbage}));
    }
    // To the publisher, too: what no SUB socket would send, and subscriptions without end.
    bus::socket rude{h.home, bus::role::dealer, {}};
    BOOST_REQUIRE(rude.connect(h.publisher->redacted_endpoints()[transport]));
  }
  auto many = h.listen(h.publisher->redacted_endpoints()[0], {});
  for (int n = 0; n < 5000; ++n)
    many.subscribe("desk." + std::to_string(n));
  many.subscribe(std::string(5000, 'x'));
  BOOST_TEST(read(*h.subscribe(), 10).size() == 10u);
  h.commit(5);
  BOOST_TEST(read(*h.subscribe(), 15).size() == 15u);
}

BOOST_AUTO_TEST_CASE(an_asker_that_does_not_read_is_told_busy_and_delays_nobody) {
  house h;
  h.commit(1000);
  auto home = h.home;
  bus::replay_options o;
  o.redacted_endpoints = {"inproc://small"};
  o.source = h.log.source();
  o.limits.reader_queue_max = 10;
  o.limits.stalled_ms_max = 100;
  o.clock = now_ms;
  const auto small = bus::replay::open(home, o).value();
  bus::socket deaf{home, bus::role::dealer, {.receive_queue_max = 10}};
  BOOST_REQUIRE(deaf.connect("inproc://small"));
  const auto request = bus::encode(bus::replay_request{1, 1000, {}});
  BOOST_REQUIRE(send_raw(deaf, {request}));
  BOOST_REQUIRE(soon([&] { return small->counts().replayed == 1000; }));
  BOOST_REQUIRE(send_raw(deaf, {request}));
  BOOST_TEST(soon([&] { return small->counts().refused == 1; }));
  bus::subscriber_options s;
  s.live_endpoint = "inproc://events";
  s.replay_endpoint = "inproc://small";
  s.clock = now_ms;
  BOOST_TEST(read(*bus::subscriber::open(home, s).value(), 1000).size() == 1000u);
  BOOST_TEST(soon([&] { return small->counts().stalled == 1; }));
}
