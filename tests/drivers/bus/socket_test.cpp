// What libzmq does to a socket's owner when a connection breaks.
#include "tests/test.hpp"

#include "tests/drivers/bus/support.hpp"

using namespace bus_test;

BOOST_AUTO_TEST_CASE(a_connection_that_breaks_between_two_frames_hurts_nobody) {
  // With only_when_connected the rest of the message is gone here, and libzmq 4.3.4 may abort the process
  // ("Assertion failed: !_more (src/fq.cpp)"): found when a busy machine let a reader's connection time out.
  const auto home = std::make_shared<bus::context>();
  auto hub = std::make_unique<bus::socket>(home, bus::role::router, bus::socket_settings{});
  bus::socket reader{home, bus::role::dealer, {}};
  BOOST_REQUIRE(reader.connect(hub->bind("tcp://127.0.0.1:0").value()));
  BOOST_REQUIRE(send_raw(reader, {"question"}));
  const auto asked = receive(*hub);
  BOOST_REQUIRE_EQUAL(asked.size(), 2u);
  BOOST_REQUIRE(send_raw(*hub, {asked[0], "one", "two", "three"}));
  std::array<bus::watch, 1> on{bus::watch{.on = &reader}};
  BOOST_REQUIRE(bus::wait(on, 20'000));
  bus::frame f;
  BOOST_REQUIRE(reader.receive(f));
  hub.reset();
  for (const auto until = now_ms() + 200; now_ms() < until;)
    bus::wait(on, 1); // libzmq looks at what happened
  BOOST_REQUIRE(reader.receive(f));
  BOOST_REQUIRE(reader.receive(f));
  BOOST_TEST(f.view() == "three");
}
