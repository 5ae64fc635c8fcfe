// The bus beyond the host: who comes in by which key, what each may read, and what happens to whoever may not.
#include "tests/test.hpp"

#include "tests/drivers/bus/support_keys.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace bus_test;
using bus::node_role;

namespace {

std::optional<messages::event_envelope> next_event(bus::subscriber& s) { return s.next(20'000); }

/// Copies bytes between whoever connects and @p to, and keeps what the client said: a wire that somebody taps.
class tapped_wire {
public:
  explicit tapped_wire(int to) : to_(to), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    BOOST_REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) == 0);
    BOOST_REQUIRE(::listen(listener_, 8) == 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~tapped_wire() {
    stopping_ = true;
    thread_.join();
    ::close(listener_);
  }
  int port() const { return port_; }
  std::string heard() {
    const std::scoped_lock held{mutex_};
    return heard_;
  }

private:
  void run() {
    int client = -1, server = -1;
    while (!stopping_) {
      std::array<pollfd, 3> on{pollfd{listener_, POLLIN, 0}, pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
      ::poll(on.data(), on.size(), 50);
      if ((on[0].revents & POLLIN) != 0 && client < 0) {
        client = ::accept(listener_, nullptr, nullptr);
        server = connect_raw(to_);
      }
      if ((on[1].revents & POLLIN) != 0) pass(client, server, true);
      if ((on[2].revents & POLLIN) != 0) pass(server, client, false);
    }
    for (const int fd : {client, server})
      if (fd >= 0) ::close(fd);
  }
  void pass(int from, int to, bool keep) {
    std::array<char, 4096> bytes{};
    const auto got = ::recv(from, bytes.data(), bytes.size(), 0);
    if (got <= 0) return;
    if (keep) {
      const std::scoped_lock held{mutex_};
      heard_.append(bytes.data(), static_cast<std::size_t>(got));
    }
    ::send(to, bytes.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL);
  }

  int to_, listener_, port_ = 0;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::string heard_;
  std::thread thread_;
};

} // namespace

BOOST_AUTO_TEST_CASE(a_node_with_its_key_asks_and_answers_and_speaks_for_no_other) {
  keyed_house h;
  const auto one = h.let_in("desk-1", node_role::desk), two = h.let_in("desk-2", node_role::desk);
  const auto first = h.join(one, say_done), second = h.join(two, say_done);
  BOOST_REQUIRE(first->wait_for_hub());
  BOOST_REQUIRE(second->wait_for_hub());
  BOOST_TEST(ask(*first, make_command("asker@desk-1", "echo@desk-2")) == "");
  BOOST_TEST(ask(*second, make_command("asker@desk-2", "echo@desk-1")) == "");
  BOOST_TEST(ask(*first, make_command("asker@desk-2", "echo@desk-1")) == "not_spoken_for");
  const auto thief = h.join(one, {}, "desk-3");
  BOOST_TEST(soon([&] { return thief->refused() == "not_spoken_for"; }));
  BOOST_TEST(h.keys->counts().admitted >= 3u);
  BOOST_TEST(h.keys->counts().connections >= 3u);
}

BOOST_AUTO_TEST_CASE(without_a_key_with_a_strangers_or_for_another_hub_nobody_comes_in_and_it_is_counted) {
  keyed_house h;
  const auto known = h.let_in("desk-1", node_role::desk);
  auto stranger = known;
  stranger.identity.own = bus::fresh_curve_pair();
  const auto no_one = h.join(stranger);
  BOOST_TEST(soon([&] { return h.keys->counts().unknown_keys > 0; }));

  const auto before = h.keys->counts().no_handshakes;
  auto lost = known;
  lost.identity.hub_key = bus::fresh_curve_pair().public_key;
  const auto elsewhere = h.join(lost);
  BOOST_TEST(soon([&] { return h.keys->counts().no_handshakes > before; }));

  const auto between = h.keys->counts().no_handshakes;
  node plain{std::make_shared<bus::context>(), node_options(h.commands(), "desk-1")};
  BOOST_TEST(soon([&] { return h.keys->counts().no_handshakes > between; }));
  BOOST_TEST(h.board->counts().received == 0u);
}

BOOST_AUTO_TEST_CASE(a_role_reads_what_it_may_and_no_more) {
  keyed_house h;
  const std::string name = "見本　花子";
  h.publisher->publish(h.log.append_personal(name));
  const auto watcher = h.let_in("wall", node_role::monitor), insider = h.let_in("emr", node_role::receipt_computer);
  const auto redacted = h.subscribe(watcher), clear = h.subscribe(insider, true);
  const auto shown = next_event(*redacted), seen = next_event(*clear);
  BOOST_REQUIRE(shown);
  BOOST_REQUIRE(seen);
  BOOST_TEST(shown->index == 1u);
  BOOST_TEST((encode(*shown).find(name) == std::string::npos)); // replayed, by one socket for both
  BOOST_TEST((encode(*seen).find(name) != std::string::npos));
  h.publisher->publish(h.log.append_personal(name)); // and live
  const auto shown_live = next_event(*redacted), seen_live = next_event(*clear);
  BOOST_REQUIRE(shown_live);
  BOOST_REQUIRE(seen_live);
  BOOST_TEST((encode(*shown_live).find(name) == std::string::npos));
  BOOST_TEST((encode(*seen_live).find(name) != std::string::npos));

  const auto curious = h.subscribe(watcher, true);
  curious->next(300);
  BOOST_TEST(soon([&] {
    curious->next(50);
    return curious->key_refused();
  }));
  BOOST_TEST(h.keys->counts().wrong_doors > 0u);
}

BOOST_AUTO_TEST_CASE(a_revoked_key_is_cut_within_a_second_and_the_others_notice_nothing) {
  keyed_house h;
  const auto good = h.let_in("desk-1", node_role::desk), bad = h.let_in("desk-2", node_role::desk);
  const auto stays = h.join(good, say_done), goes = h.join(bad, say_done);
  BOOST_REQUIRE(stays->wait_for_hub());
  BOOST_REQUIRE(goes->wait_for_hub());
  const auto reader = h.subscribe(good), leaver = h.subscribe(bad);
  h.commit(1);
  BOOST_REQUIRE(next_event(*reader));
  BOOST_REQUIRE(next_event(*leaver));

  BOOST_REQUIRE(bus::revoke(h.nodes, "desk-2"));
  const auto begun = now_ms();
  BOOST_TEST(soon([&] { return h.keys->counts().cut >= 2; })); // commands and events; replay too, where it was asked
  const auto took_ms = now_ms() - begun;
  BOOST_TEST_MESSAGE("cut after " << took_ms << " ms");
  BOOST_WARN_LT(took_ms, 1000u); // a busy machine may take longer to schedule us; the count below does not lie
  BOOST_TEST(ask(*stays, make_command("asker@desk-1", "echo@desk-1")) == "");
  BOOST_TEST(ask(*stays, make_command("asker@desk-1", "echo@desk-2", 1000)) != "");
  const auto delivered = h.board->counts().delivered;
  goes->post(make_command("asker@desk-2", "echo@desk-1", 500));
  h.commit(1);
  BOOST_REQUIRE(next_event(*reader));
  BOOST_TEST(!leaver->next(700));
  BOOST_TEST(leaver->key_refused());
  BOOST_TEST(h.board->counts().delivered == delivered);
  BOOST_TEST(h.keys->counts().unknown_keys > 0u); // it tries again, in vain
}

BOOST_AUTO_TEST_CASE(a_captured_conversation_played_again_delivers_nothing) {
  keyed_house h;
  const auto key = h.let_in("desk-1", node_role::desk);
  std::string heard;
  {
    tapped_wire wire{port_of(h.commands())};
    auto o = node_options("tcp://127.0.0.1:" + std::to_string(wire.port()), "desk-1");
    o.keys = key.identity;
    node desk{std::make_shared<bus::context>(), std::move(o), say_done};
    BOOST_REQUIRE(desk.wait_for_hub());
    BOOST_TEST(ask(desk, make_command("asker@desk-1", "echo@desk-1")) == "");
    heard = wire.heard();
  }
  BOOST_REQUIRE(heard.size() > 500u);
  BOOST_TEST((heard.find("desk-1") == std::string::npos)); // nothing of it is readable, either
  const auto before = h.board->counts();
  const auto failed = h.keys->counts().no_handshakes;
  const int fd = connect_raw(port_of(h.commands()));
  BOOST_REQUIRE(fd >= 0);
  ::send(fd, heard.data(), heard.size(), MSG_NOSIGNAL);
  BOOST_TEST(soon([&] { return h.keys->counts().no_handshakes > failed; }));
  ::close(fd);
  BOOST_TEST(h.board->counts().received == before.received);
}

BOOST_AUTO_TEST_CASE(a_frame_bomb_costs_its_thrower_the_connection_and_nobody_else_anything) {
  keyed_house h;
  const auto good = h.let_in("desk-1", node_role::desk), bad = h.let_in("desk-2", node_role::desk);
  const auto stays = h.join(good, say_done);
  BOOST_REQUIRE(stays->wait_for_hub());
  bus::socket thrower{std::make_shared<bus::context>(), bus::role::dealer, {.frame_bytes_max = 1 << 26}};
  auto comings = thrower.watch_connections();
  BOOST_REQUIRE(comings);
  BOOST_REQUIRE(thrower.connect(h.commands(), &bad.identity));
  BOOST_REQUIRE(send_raw(thrower, {std::string(8 << 20, 'x')}));
  BOOST_TEST(soon([&] {
    const auto e = bus::read_event(*comings);
    return e && e->what == bus::socket_event::kind::ended;
  }));
  // Before any handshake: a greeting, and the promise of a frame of 2^62 bytes.
  const int fd = connect_raw(port_of(h.commands()));
  const std::string bomb = std::string{"\xff\0\0\0\0\0\0\0\1\x7f\3\0CURVE", 17} + std::string(47, '\0') +
                           std::string{"\x06\x40\0\0\0\0\0\0\0", 9};
  ::send(fd, bomb.data(), bomb.size(), MSG_NOSIGNAL);
  char closed{};
  pollfd on{fd, POLLIN, 0};
  BOOST_TEST(soon([&] { return ::poll(&on, 1, 50) == 1 && ::recv(fd, &closed, 1, MSG_DONTWAIT) <= 0; }) == true);
  ::close(fd);
  BOOST_TEST(h.board->counts().received <= 64u); // the good one's signs of life
  BOOST_TEST(ask(*stays, make_command("asker@desk-1", "echo@desk-1")) == "");
}

BOOST_AUTO_TEST_CASE(five_hundred_connects_at_once_are_bounded_and_nobody_who_is_in_notices) {
  keyed_house h{[](auto& o) { o.connections_max = 100; }};
  const auto key = h.let_in("desk-1", node_role::desk);
  const auto desk = h.join(key, say_done);
  BOOST_REQUIRE(desk->wait_for_hub());
  std::vector<int> all;
  for (int n = 0; n < 500; ++n)
    all.push_back(connect_raw(port_of(h.commands())));
  BOOST_TEST(ask(*desk, make_command("asker@desk-1", "echo@desk-1")) == "");
  BOOST_TEST(soon([&] { return h.keys->counts().turned_away >= 350; }),
             "turned away: " << h.keys->counts().turned_away << ", open: " << h.keys->counts().connections);
  for (const int fd : all)
    if (fd >= 0) ::close(fd);
  BOOST_TEST(ask(*desk, make_command("asker@desk-1", "echo@desk-1")) == "");
  BOOST_TEST(soon([&] { return h.keys->counts().connections <= 2; })); // and the room is given back
}
