// The switchboard and its dealers over every transport: one command, one answer.
#include "tests/test.hpp"

#include "tests/drivers/bus/support.hpp"

#include <random>

using namespace bus_test;

using house = command_house;

BOOST_AUTO_TEST_CASE(a_command_goes_there_and_its_reply_comes_back) {
  for (const auto& transport : transports) {
    house h{transport};
    const auto one = h.join("desk-1", say_done), two = h.join("desk-2");
    const auto reply = two->ask(make_command("asker@desk-2", "echo@desk-1"));
    BOOST_REQUIRE_MESSAGE(reply, transport);
    BOOST_TEST(error_in(*reply) == "");
    BOOST_TEST(reply->from == "echo@desk-1");
    BOOST_TEST(reply->to == "asker@desk-2");
    const auto counts = h.board->counts();
    BOOST_TEST(counts.delivered == 1u);
    BOOST_TEST(counts.replied == 1u);
    BOOST_TEST(counts.in_flight == 0u);
    BOOST_TEST(counts.nodes_alive == 2u);
  }
}

BOOST_AUTO_TEST_CASE(a_node_may_command_itself_through_the_switchboard) {
  house h{"inproc"};
  const auto one = h.join("hub", say_done);
  BOOST_TEST(ask(*one, make_command("asker@hub", "echo@hub")) == "");
  BOOST_TEST(h.board->counts().delivered == 1u);
}

BOOST_AUTO_TEST_CASE(a_hub_whose_dealer_turns_the_switchboard_along_serves_itself_and_the_others) {
  private_folder folder;
  const auto home = std::make_shared<bus::context>();
  auto o = board_options({"inproc://beside", folder.ipc("commands")});
  o.own_thread = false;
  const std::shared_ptr<bus::switchboard> board = bus::switchboard::open(home, std::move(o)).value();
  auto hubs = node_options("inproc://beside", "hub");
  hubs.beside = board;
  node hub{home, std::move(hubs), say_done};
  BOOST_REQUIRE(hub.wait_for_hub());
  node desk{home, node_options(folder.ipc("commands"), "desk-1"), say_done};
  BOOST_REQUIRE(desk.wait_for_hub());
  for (int n = 0; n < 20; ++n) {
    BOOST_TEST(ask(hub, make_command("asker@hub", "echo@hub")) == "");
    BOOST_TEST(ask(hub, make_command("asker@hub", "echo@desk-1")) == "");
    BOOST_TEST(ask(desk, make_command("asker@desk-1", "echo@hub")) == "");
  }
  BOOST_TEST(board->counts().replied == 60u);
}

BOOST_AUTO_TEST_CASE(nobody_there_is_an_answer) {
  for (const auto& transport : transports) {
    house h{transport};
    const auto one = h.join("desk-1", say_done);
    BOOST_TEST(ask(*one, make_command("asker@desk-1", "echo@desk-9")) == "unknown_address");
    BOOST_TEST(ask(*one, make_command("asker@desk-1", "face_matcher@desk-1")) == "unknown_address");
    BOOST_TEST(ask(*one, make_command("asker@desk-1", "switchboard@hub")) == "unknown_topic");
    BOOST_TEST(h.board->counts().refused["unknown_address"] == 2u);
  }
}

BOOST_AUTO_TEST_CASE(a_passed_deadline_is_never_delivered) {
  house h{"tcp"};
  const auto one = h.join("desk-1", say_done);
  BOOST_TEST(ask(*one, make_command("asker@desk-1", "echo@desk-1", 0)) == "deadline_passed");
  BOOST_TEST(one->commands() == 0);
}

BOOST_AUTO_TEST_CASE(a_deadline_passed_after_delivery_is_unknown_and_the_late_reply_is_dropped) {
  for (const auto& transport : transports) {
    house h{transport};
    std::mutex mutex;
    std::optional<messages::command_envelope> held;
    const auto one = h.join("desk-1", [&](const auto& c) -> std::optional<messages::command_envelope> {
      const std::scoped_lock lock{mutex};
      held = c;
      return std::nullopt;
    });
    const auto two = h.join("desk-2");
    const auto c = make_command("asker@desk-2", "echo@desk-1", 200);
    BOOST_TEST(ask(*two, c) == "outcome_unknown");
    {
      const std::scoped_lock lock{mutex};
      BOOST_REQUIRE(held);
      one->post(*say_done(*held));
    }
    BOOST_TEST(soon([&] { return h.board->counts().late_replies == 1; }));
    BOOST_TEST(two->replies_to(c.id) == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_full_node_is_busy) {
  house h{"ipc", [](auto& o) { o.rules.limits.in_flight_max = 3; }};
  const auto one = h.join("desk-1");
  const auto two = h.join("desk-2");
  for (int n = 0; n < 3; ++n)
    BOOST_REQUIRE(two->post(make_command("asker@desk-2", "echo@desk-1", 10'000)));
  BOOST_TEST(ask(*two, make_command("asker@desk-2", "echo@desk-1")) == "busy");
}

BOOST_AUTO_TEST_CASE(a_peer_that_does_not_read_makes_its_askers_busy_and_stops_nobody) {
  house h{"inproc", [](auto& o) {
            o.rules.limits.queue_max = 10;
            o.rules.limits.silent_ms = 10'000;
          }};
  // Over inproc both queues are bounded in messages, so that the bound is met exactly.
  bus::socket deaf{h.home, bus::role::dealer, {.send_queue_max = 10, .receive_queue_max = 10}};
  BOOST_REQUIRE(deaf.connect(h.endpoint()));
  messages::node_hello hello{"deaf", {"echo"}, "", new_id()};
  auto say = make_command("dealer@deaf", "switchboard@hub", 1000, "node.hello");
  say.body = encode_body(hello);
  BOOST_REQUIRE(send_raw(deaf, {encode(say)}));
  const auto one = h.join("desk-1", say_done);
  for (int n = 0; n < 40; ++n)
    BOOST_REQUIRE(one->post(make_command("asker@desk-1", "echo@deaf", 5000)));
  BOOST_TEST(soon([&] { return h.board->counts().refused["busy"] >= 15; }));
  BOOST_TEST(ask(*one, make_command("asker@desk-1", "echo@desk-1")) == "");
}

BOOST_AUTO_TEST_CASE(a_node_cannot_speak_for_another) {
  for (const auto& transport : transports) {
    house h{transport};
    const auto one = h.join("desk-1", say_done), two = h.join("desk-2");
    BOOST_TEST(ask(*two, make_command("asker@desk-1", "echo@desk-1")) == "not_spoken_for");
    BOOST_TEST(one->commands() == 0);
    BOOST_TEST(h.board->counts().refused["not_spoken_for"] == 1u);
  }
}

BOOST_AUTO_TEST_CASE(the_hubs_own_name_is_taken_from_inside_only) {
  house h{"tcp", [](auto& o) { o.endpoints.push_back("inproc://hub-only"); }};
  node stranger{h.home, node_options(h.endpoint(), "hub")};
  BOOST_TEST(soon([&] { return stranger.refused() == "not_spoken_for"; }));
  node hub{h.home, node_options("inproc://hub-only", "hub")};
  BOOST_TEST(hub.wait_for_hub());
}

BOOST_AUTO_TEST_CASE(the_seam_for_keys_decides_who_speaks_for_whom) {
  house h{"tcp", [](auto& o) {
            o.rules.may_speak_for = [](std::string_view user, std::string_view name) {
              return user.empty() && name == "desk-1";
            };
          }};
  const auto one = h.join("desk-1", say_done);
  node two{h.home, node_options(h.endpoint(), "desk-2")};
  BOOST_TEST(soon([&] { return two.refused() == "not_spoken_for"; }));
}

BOOST_AUTO_TEST_CASE(the_rosters_rule_is_asked) {
  house h{"ipc", [](auto& o) {
            o.rules.allowed = [](std::string_view, const auto& from, const auto& to, std::string_view topic) {
              return from.actor == "asker" && to.node == "desk-1" && topic == "reader.forget_pin";
            };
          }};
  const auto one = h.join("desk-1", say_done);
  BOOST_TEST(ask(*one, make_command("asker@desk-1", "echo@desk-1")) == "");
  BOOST_TEST(ask(*one, make_command("stranger@desk-1", "echo@desk-1")) == "not_allowed");
}

BOOST_AUTO_TEST_CASE(a_newer_version_is_refused) {
  house h{"inproc"};
  const auto one = h.join("desk-1", say_done);
  auto c = make_command("asker@desk-1", "echo@desk-1");
  c.v = 99;
  BOOST_TEST(ask(*one, c) == "newer_version");
}

BOOST_AUTO_TEST_CASE(a_reply_is_routed_once_and_only_from_where_the_command_went) {
  house h{"ipc"};
  std::mutex mutex;
  std::vector<messages::command_envelope> got;
  const auto one = h.join("desk-1", [&](const auto& c) -> std::optional<messages::command_envelope> {
    const std::scoped_lock lock{mutex};
    got.push_back(c);
    return std::nullopt;
  });
  const auto two = h.join("desk-2"), three = h.join("desk-3");
  const auto c = make_command("asker@desk-2", "echo@desk-1");
  BOOST_REQUIRE(two->post(c));
  BOOST_REQUIRE(soon([&] { return one->commands() == 1; }));
  auto forged = *say_done(c);
  BOOST_REQUIRE(three->post(forged));
  forged.from = "echo@desk-3";
  BOOST_REQUIRE(three->post(forged));
  BOOST_TEST(soon([&] { return h.board->counts().refused["not_spoken_for"] == 2; }));
  BOOST_TEST(two->replies_to(c.id) == 0u);
  BOOST_REQUIRE(one->post(*say_done(c)));
  BOOST_REQUIRE(one->post(*say_done(c)));
  BOOST_TEST(soon([&] { return h.board->counts().late_replies == 1; }));
  BOOST_TEST(soon([&] { return two->replies_to(c.id) != 0; })); // counted at the board, and still on its way
  BOOST_TEST(two->replies_to(c.id) == 1u);
}

BOOST_AUTO_TEST_CASE(malformed_frames_are_answered_where_they_can_be_and_hurt_nobody) {
  for (const auto& transport : transports) {
    house h{transport};
    const auto one = h.join("desk-1", say_done);
    bus::socket raw{h.home, bus::role::dealer, {}};
    BOOST_REQUIRE(raw.connect(h.endpoint()));
    auto c = make_command("asker@desk-7", "echo@desk-1");
    // Not announced.
    BOOST_REQUIRE(send_raw(raw, {encode(c)}));
    auto said = receive(raw);
    BOOST_REQUIRE_EQUAL(said.size(), 1u);
    BOOST_TEST(error_in(messages::decode_command(said[0]).value()) == "not_spoken_for");
    // No body, but an id and a from.
    messages::writer out;
    out.map(2);
    out.text("id");
    out.binary(c.id.bytes.data(), messages::id::size);
    out.text("from");
    out.text(c.from);
    BOOST_REQUIRE(send_raw(raw, {out.take()}));
    said = receive(raw);
    BOOST_REQUIRE_EQUAL(said.size(), 1u);
    BOOST_TEST(error_in(messages::decode_command(said[0]).value()) == "malformed");
    // Two frames; too large.
    BOOST_REQUIRE(send_raw(raw, {encode(c), "more"}));
    said = receive(raw);
    BOOST_REQUIRE_EQUAL(said.size(), 1u);
    BOOST_TEST(error_in(messages::decode_command(said[0]).value()) == "malformed");
    auto large = c;
    large.body = messages::pack({messages::value::map{{"x", {std::string(300'000, 'x')}}}});
    BOOST_REQUIRE(send_raw(raw, {encode(large)}));
    said = receive(raw);
    BOOST_REQUIRE_EQUAL(said.size(), 1u);
    BOOST_TEST(error_in(messages::decode_command(said[0]).value()) == "too_large");
    // Beyond MAXMSGSIZE, and garbage by seed.
    BOOST_REQUIRE(send_raw(raw, {std::string(2 << 20, 'x')}));
    std::mt19937 chance{42};
    bus::socket noisy{h.home, bus::role::dealer, {}};
    BOOST_REQUIRE(noisy.connect(h.endpoint()));
    const auto good = encode(c);
    for (int n = 0; n < 200; ++n) {
      auto garbage = good.substr(0, chance() % (good.size() + 1));
      for (int k = 0; k < 3 && !garbage.empty(); ++k)
        garbage[chance() % garbage.size()] = static_cast<char>(chance());
      std::vector<std::string> parts(1 + chance() % 3, garbage);
      BOOST_REQUIRE(send_raw(noisy, parts));
    }
    BOOST_TEST(ask(*one, make_command("asker@desk-1", "echo@desk-1")) == "");
    BOOST_TEST(h.board->counts().malformed > 3u);
  }
}

BOOST_AUTO_TEST_CASE(every_command_of_a_crowd_gets_exactly_one_answer) {
  house h{"tcp"};
  const auto one = h.join("desk-1", say_done), two = h.join("desk-2");
  std::vector<messages::id> ids;
  for (int n = 0; n < 500; ++n) {
    auto c = make_command("asker@desk-2", "echo@desk-1");
    ids.push_back(c.id);
    BOOST_REQUIRE(two->post(std::move(c)));
  }
  BOOST_TEST(soon([&] { return two->replies_to(ids.back()) == 1; }));
  for (const auto& id : ids)
    BOOST_TEST(two->replies_to(id) == 1u);
}
