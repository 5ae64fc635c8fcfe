// The screen port on a unix socket: lines in, lines out, and a PIN that is no line.
#include "tests/test.hpp"

#include "tests/drivers/screen/support_clients.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

using namespace drivers::screen;

namespace {

using screen_test::heard;

struct socket_of_a_desk {
  std::string folder = (std::filesystem::temp_directory_path() / "uketsuke-hands-XXXXXX").string();
  messages::secret_slot pin;
  heard watcher;
  std::unique_ptr<pages> open;
  std::string path;

  explicit socket_of_a_desk(hands_options options = {}) {
    BOOST_REQUIRE(::mkdtemp(folder.data()));
    path = folder + "/screen";
    options.path = path;
    options.pin = &pin;
    auto made = open_hands_socket(std::move(options));
    BOOST_REQUIRE(made);
    open = std::move(*made);
    open->watch(watcher);
  }
  ~socket_of_a_desk() {
    open->stop();
    open.reset();
    std::filesystem::remove_all(folder);
  }
  int connect() const {
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    std::strncpy(a.sun_path, path.c_str(), sizeof a.sun_path - 1);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    BOOST_REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0);
    return fd;
  }
  static void say(int fd, std::string_view text) {
    BOOST_REQUIRE(::send(fd, text.data(), text.size(), MSG_NOSIGNAL) > 0);
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(only_its_owner_may_open_the_socket) {
  socket_of_a_desk desk;
  struct stat s {};
  BOOST_REQUIRE(::stat(desk.path.c_str(), &s) == 0);
  BOOST_TEST((s.st_mode & 0777) == 0600);
}

BOOST_AUTO_TEST_CASE(lines_arrive_whole_however_they_were_cut) {
  socket_of_a_desk desk;
  const int fd = desk.connect();
  desk.say(fd, "{\"a\":1}\n{\"b\"");
  desk.say(fd, ":2}\n");
  BOOST_REQUIRE(desk.watcher.wait([&] { return desk.watcher.lines.size() == 2; }));
  BOOST_TEST(desk.watcher.lines[0] == "{\"a\":1}");
  BOOST_TEST(desk.watcher.lines[1] == "{\"b\":2}");
  ::close(fd);
  BOOST_TEST(desk.watcher.wait([&] { return desk.watcher.left.size() == 1; }));
}

BOOST_AUTO_TEST_CASE(a_pin_goes_into_the_slot_and_nobody_hears_of_it) {
  socket_of_a_desk desk;
  const int fd = desk.connect();
  desk.say(fd, "pin 7391\n{\"after\":true}\n");
  BOOST_REQUIRE(desk.watcher.wait([&] { return !desk.watcher.lines.empty(); }));
  BOOST_TEST(desk.watcher.lines.size() == 1u);
  auto held = desk.pin.take();
  BOOST_TEST(held.use_once([](std::string_view digits) { return digits == "7391"; }));
  BOOST_TEST(desk.pin.take().empty()); // it is taken once
  ::close(fd);
}

BOOST_AUTO_TEST_CASE(a_page_that_never_reads_and_one_that_never_ends_its_line_are_dropped) {
  socket_of_a_desk desk{{.path = {}, .line_bytes_max = 1024, .waiting_bytes_max = 4096}};
  const int deaf = desk.connect();
  BOOST_REQUIRE(desk.watcher.wait([&] { return desk.watcher.joined.size() == 1; }));
  for (int n = 0; n < 2000; ++n)
    desk.open->send(desk.watcher.joined.front(), std::string(1000, 'x'));
  BOOST_TEST(desk.watcher.wait([&] { return desk.watcher.left.size() == 1; }));
  const int endless = desk.connect();
  desk.say(endless, std::string(3000, 'y'));
  BOOST_TEST(desk.watcher.wait([&] { return desk.watcher.left.size() == 2; }));
  ::close(deaf);
  ::close(endless);
}

BOOST_AUTO_TEST_CASE(a_path_that_is_too_long_is_an_error) {
  const auto made = open_hands_socket({.path = "/tmp/" + std::string(200, 'x')});
  BOOST_REQUIRE(!made);
  BOOST_TEST((made.error().code == messages::error_code::path_too_long));
}
