// The scripted hands on a page: they come and go at any moment.
#include "tools/simulate/page.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

namespace {

/// A node's socket that takes every connection and never says a word.
struct silent_socket {
  silent_socket() {
    ::mkdtemp(folder.data());
    path = folder + "/screen";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    BOOST_REQUIRE_EQUAL(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    BOOST_REQUIRE_EQUAL(::listen(fd, 4096), 0);
  }
  ~silent_socket() {
    ::close(fd);
    std::filesystem::remove_all(folder);
  }
  std::string folder = (std::filesystem::temp_directory_path() / "uketsuke-page-XXXXXX").string(), path;
  int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
};

} // namespace

// Hung once in some hundred: the destructor came between connecting and keeping the connection, which nobody shut down.
BOOST_AUTO_TEST_CASE(hands_that_leave_while_they_connect_do_not_hang) {
  const silent_socket node;
  for (int n = 0; n < 2000; ++n) {
    const tools::page hands{node.path};
    if (n % 2 == 1) ::usleep(static_cast<useconds_t>(n % 50));
  }
}
