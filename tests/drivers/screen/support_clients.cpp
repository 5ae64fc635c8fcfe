// Clients of hands' socket and of the pages' server.
#include "tests/drivers/screen/support_clients.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

namespace screen_test {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using tcp = asio::ip::tcp;

void heard::page_joined(page p, const visitor& who) {
  const std::lock_guard lock{mutex};
  joined.push_back(p);
  visitors.push_back(who);
  changed.notify_all();
}
void heard::page_said(page, std::string line) {
  const std::lock_guard lock{mutex};
  lines.push_back(std::move(line));
  changed.notify_all();
}
void heard::page_left(page p) {
  const std::lock_guard lock{mutex};
  left.push_back(p);
  changed.notify_all();
}

namespace {

class hands_client final : public client {
public:
  explicit hands_client(const std::string& path) {
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    std::strncpy(a.sun_path, path.c_str(), sizeof a.sun_path - 1);
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    BOOST_REQUIRE(::connect(fd_, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0);
  }
  ~hands_client() override { leave(); }
  void say(const std::string& line) override {
    const auto text = line + "\n";
    [[maybe_unused]] const auto sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
  }
  std::optional<std::string> read() override {
    for (;;) {
      if (const auto end = in_.find('\n'); end != std::string::npos) {
        auto line = in_.substr(0, end);
        in_.erase(0, end + 1);
        return line;
      }
      char buffer[4096];
      const auto n = ::recv(fd_, buffer, sizeof buffer, 0);
      if (n <= 0) return {};
      in_.append(buffer, static_cast<std::size_t>(n));
    }
  }
  void leave() override {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

private:
  int fd_ = -1;
  std::string in_;
};

class page_client final : public client {
public:
  bool open(std::uint16_t port, const std::string& kind, const std::string& origin, const std::string& cookie) {
    socket_.next_layer().connect({asio::ip::make_address("127.0.0.1"), port});
    socket_.set_option(websocket::stream_base::decorator([&](websocket::request_type& asked) {
      if (!origin.empty()) asked.set(beast::http::field::origin, origin);
      if (!cookie.empty()) asked.set(beast::http::field::cookie, cookie);
    }));
    boost::system::error_code wrong;
    socket_.handshake("127.0.0.1:" + std::to_string(port), "/live/" + kind, wrong);
    return !wrong;
  }
  void say(const std::string& line) override {
    boost::system::error_code ignored;
    socket_.text(true);
    socket_.write(asio::buffer(line), ignored);
  }
  void show_frame(const std::string& octets) override {
    boost::system::error_code ignored;
    socket_.binary(true);
    socket_.write(asio::buffer(octets), ignored);
  }
  std::optional<std::string> read() override {
    beast::flat_buffer buffer;
    boost::system::error_code wrong;
    socket_.read(buffer, wrong);
    if (wrong) return {};
    return beast::buffers_to_string(buffer.data());
  }
  void leave() override {
    boost::system::error_code ignored;
    socket_.next_layer().close(ignored);
  }

private:
  asio::io_context io_;
  websocket::stream<tcp::socket> socket_{io_};
};

struct hands final : rig {
  std::string folder = (std::filesystem::temp_directory_path() / "uketsuke-hands-XXXXXX").string();
  hands(std::size_t line_bytes_max, std::size_t waiting_bytes_max) {
    BOOST_REQUIRE(::mkdtemp(folder.data()));
    auto made = open_hands_socket({.path = folder + "/screen",
                                   .pin = &pin,
                                   .pages_max = 32,
                                   .line_bytes_max = line_bytes_max,
                                   .waiting_bytes_max = waiting_bytes_max});
    BOOST_REQUIRE(made);
    open = std::move(*made);
    open->watch(watcher);
  }
  ~hands() override {
    open->stop();
    open.reset();
    std::filesystem::remove_all(folder);
  }
  std::unique_ptr<client> connect() override { return std::make_unique<hands_client>(folder + "/screen"); }
};

struct browser final : rig {
  site_folder site;
  std::uint16_t port = 0;
  browser(std::size_t line_bytes_max, std::size_t waiting_bytes_max) {
    auto o = site.options();
    o.pin = &pin;
    o.line_bytes_max = line_bytes_max;
    o.waiting_bytes_max = waiting_bytes_max;
    auto made = open_page_server(std::move(o));
    BOOST_REQUIRE(made);
    port = (*made)->port();
    open = std::move(*made);
    open->watch(watcher);
  }
  ~browser() override { open->stop(); }
  std::unique_ptr<client> connect() override {
    auto made = open_page(port, "patient", "http://127.0.0.1:" + std::to_string(port), "");
    BOOST_REQUIRE(made);
    return made;
  }
};

} // namespace

std::unique_ptr<rig> hands_rig(std::size_t line_bytes_max, std::size_t waiting_bytes_max) {
  return std::make_unique<hands>(line_bytes_max, waiting_bytes_max);
}
std::unique_ptr<rig> pages_rig(std::size_t line_bytes_max, std::size_t waiting_bytes_max) {
  return std::make_unique<browser>(line_bytes_max, waiting_bytes_max);
}

site_folder::site_folder() {
  auto pattern = (std::filesystem::temp_directory_path() / "uketsuke-site-XXXXXX").string();
  BOOST_REQUIRE(::mkdtemp(pattern.data()));
  path = pattern;
  std::filesystem::create_directory(path / "words");
  std::ofstream{path / "patient.html"} << "<!doctype html><title>patient</title>";
  std::ofstream{path / "reception.html"} << "<!doctype html><title>reception</title>";
  std::ofstream{path / "words" / "ja.json"} << "{}";
}
site_folder::~site_folder() { std::filesystem::remove_all(path); }

page_server_options site_folder::options() const {
  page_server_options o;
  o.folder = path.string();
  o.of.node = "desk-1";
  o.of.simulated = true;
  o.of.offers = {page_kind::patient, page_kind::reception};
  o.of.known = [](std::string_view account, std::string_view password) -> std::optional<std::string> {
    return account == "suzuki" && password == "sakura-3" ? std::optional<std::string>{"suzuki"} : std::nullopt;
  };
  return o;
}

got request(std::uint16_t port, const std::string& text) {
  asio::io_context io;
  tcp::socket socket{io};
  socket.connect({asio::ip::make_address("127.0.0.1"), port});
  boost::system::error_code wrong;
  asio::write(socket, asio::buffer(text), wrong);
  socket.shutdown(tcp::socket::shutdown_send, wrong);
  std::string all(64 * 1024, '\0');
  all.resize(asio::read(socket, asio::buffer(all), wrong));
  got answer;
  if (all.size() > 12) answer.status = std::atoi(all.c_str() + 9);
  const auto end = all.find("\r\n\r\n");
  answer.head = all.substr(0, end);
  if (end != std::string::npos) answer.body = all.substr(end + 4);
  return answer;
}

std::unique_ptr<client> open_page(std::uint16_t port, const std::string& kind, const std::string& origin,
                                  const std::string& cookie, int* status) {
  auto made = std::make_unique<page_client>();
  if (made->open(port, kind, origin, cookie)) return made;
  if (status) { // Beast keeps a refusal to itself: asked again by hand
    std::string asked = "GET /live/" + kind + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                        "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    if (!origin.empty()) asked += "Origin: " + origin + "\r\n";
    if (!cookie.empty()) asked += "Cookie: " + cookie + "\r\n";
    *status = request(port, asked + "\r\n").status;
  }
  return nullptr;
}

} // namespace screen_test
