// Where the bus may listen.
#include "tests/test.hpp"

#include "tests/drivers/bus/support.hpp"

#include <sys/stat.h>

using namespace bus_test;

namespace {

std::string refusal(const std::string& endpoint) {
  const auto opened = bus::switchboard::open(std::make_shared<bus::context>(), board_options({endpoint}));
  return opened ? "" : std::string{describe(opened.error().code).name};
}

} // namespace

BOOST_AUTO_TEST_CASE(an_endpoint_that_may_not_be_is_refused_in_words) {
  private_folder folder;
  BOOST_TEST(refusal("tcp://0.0.0.0:0") == "not_loopback");
  BOOST_TEST(refusal("tcp://*:0") == "not_loopback");
  BOOST_TEST(refusal("tcp://127.0.0.1.example.org:0") == "not_loopback");
  BOOST_TEST(refusal("tcp://127.0.0.1:99999") == "wrong_value");
  BOOST_TEST(refusal("pgm://x") == "wrong_value");
  BOOST_TEST(refusal(folder.ipc(std::string(100, 'x'))) == "path_too_long");
  BOOST_TEST(refusal("ipc://" + folder.path() + "/no/such/folder/x") == "file_unreadable");
  BOOST_TEST(refusal("ipc://" + folder.path() + "/made/x") == "");
  ::chmod(folder.path().c_str(), 0755);
  BOOST_TEST(refusal(folder.ipc("x")) == "file_unreadable");
  ::chmod(folder.path().c_str(), 0700);
}

BOOST_AUTO_TEST_CASE(a_taken_port_is_named_and_a_living_ipc_socket_is_not_stolen) {
  private_folder folder;
  const auto home = std::make_shared<bus::context>();
  const auto board = bus::switchboard::open(home, board_options({"tcp://127.0.0.1:0", folder.ipc("commands")})).value();
  const auto endpoint = board->endpoints()[0];
  const auto port = endpoint.substr(endpoint.rfind(':') + 1);
  BOOST_TEST(port != "0");
  const auto again = bus::switchboard::open(home, board_options({endpoint}));
  BOOST_REQUIRE(!again);
  BOOST_TEST((again.error().code == messages::error_code::port_taken));
  BOOST_TEST(again.error().args.front() == port);
  BOOST_TEST(refusal(board->endpoints()[1]) == "port_taken");
}
