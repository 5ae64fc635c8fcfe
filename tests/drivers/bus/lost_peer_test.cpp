// What a command is answered when a desk, or the hub, is gone.
#include "tests/test.hpp"

#include "tests/drivers/bus/support.hpp"

using namespace bus_test;

using house = command_house;

BOOST_AUTO_TEST_CASE(a_dead_peer_is_an_answer_and_what_it_was_doing_is_unknown) {
  for (const auto& transport : transports) {
    house h{transport, [](auto& o) { o.rules.limits.silent_ms = 300; }};
    auto one = h.join("desk-1"); // takes commands and answers none
    const auto two = h.join("desk-2");
    const auto c = make_command("asker@desk-2", "echo@desk-1", 20'000);
    BOOST_REQUIRE(two->post(c));
    BOOST_REQUIRE(soon([&] { return one->commands() == 1; }));
    one.reset();
    BOOST_TEST(soon([&] { return two->replies_to(c.id) == 1; }));
    BOOST_TEST(h.board->counts().refused["outcome_unknown"] == 1u);
    BOOST_TEST(ask(*two, make_command("asker@desk-2", "echo@desk-1")) == "dead_peer");
    BOOST_TEST(soon([&] { return h.board->counts().nodes_alive == 1; }));
  }
}

BOOST_AUTO_TEST_CASE(a_name_is_held_by_its_living_node_and_free_when_that_is_dead) {
  for (const auto& transport : transports) {
    house h{transport};
    auto one = h.join("desk-1", say_done);
    node other{h.home, node_options(h.endpoint(), "desk-1")};
    BOOST_TEST(soon([&] { return other.refused() == "not_spoken_for"; }));
    one.reset();
    BOOST_TEST(other.wait_for_hub());
  }
}

BOOST_AUTO_TEST_CASE(a_restarted_hub_is_noticed_and_commands_are_answered_again) {
  for (const auto& transport : transports) {
    private_folder folder;
    const auto home = std::make_shared<bus::context>();
    std::string endpoint = transport == "inproc" ? "inproc://restart"
                           : transport == "ipc"  ? folder.ipc("c")
                                                 : "tcp://127.0.0.1:0";
    auto board = bus::switchboard::open(home, board_options({endpoint})).value();
    endpoint = board->endpoints().front();
    auto options = node_options(endpoint, "desk-1");
    options.limits.silent_ms = 120;
    options.limits.hello_every_ms = 20;
    node one{home, options, say_done};
    BOOST_REQUIRE(one.wait_for_hub());
    BOOST_TEST(ask(one, make_command("asker@desk-1", "echo@desk-1")) == "");
    board.reset();
    BOOST_TEST(soon([&] { return one.hub_losses() > 0; }));
    // While the hub is away: kept, counted down, answered here.
    BOOST_TEST(ask(one, make_command("asker@desk-1", "echo@desk-1", 30)) == "unknown_address");
    const auto kept = make_command("asker@desk-1", "echo@desk-1", 10'000);
    BOOST_REQUIRE(one.post(kept));
    board = bus::switchboard::open(home, board_options({endpoint})).value();
    BOOST_TEST(soon([&] { return one.hub_changes() > 0; }));
    BOOST_TEST(soon([&] { return one.replies_to(kept.id) == 1; }));
    BOOST_TEST(board->counts().replied == 1u);
    BOOST_TEST(ask(one, make_command("asker@desk-1", "echo@desk-1")) == "");
  }
}

BOOST_AUTO_TEST_CASE(what_was_sent_before_the_hub_was_lost_becomes_unknown) {
  const auto home = std::make_shared<bus::context>();
  auto board = bus::switchboard::open(home, board_options({"inproc://lost"})).value();
  auto options = node_options("inproc://lost", "desk-1");
  options.limits.silent_ms = 300;
  node one{home, options};
  BOOST_REQUIRE(one.wait_for_hub());
  const auto c = make_command("asker@desk-1", "echo@desk-1", 400);
  BOOST_REQUIRE(one.post(c));
  BOOST_REQUIRE(soon([&] { return one.commands() == 1; }));
  board.reset();
  BOOST_TEST(ask(one, make_command("asker@desk-1", "echo@desk-1", 100)) != "silence");
  BOOST_TEST(soon([&] { return one.replies_to(c.id) == 1; }));
  BOOST_TEST(one.counts().open == 0u);
}

BOOST_AUTO_TEST_CASE(the_dealers_own_bounds_are_met_with_false) {
  const auto home = std::make_shared<bus::context>();
  auto o = node_options("inproc://nobody", "desk-1");
  o.limits.queue_max = 2;
  node one{home, o};
  BOOST_TEST(one.post(make_command("asker@desk-1", "echo@desk-1", 5000)));
  BOOST_TEST(one.post(make_command("asker@desk-1", "echo@desk-1", 5000)));
  BOOST_TEST(!one.post(make_command("asker@desk-1", "echo@desk-1", 5000)));
}
