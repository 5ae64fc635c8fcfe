// WebSockets that speak nonsense, too much, or over TLS: an error or a close, and nobody else's page notices.
#include "tests/test.hpp"

#include "tests/drivers/screen/support_clients.hpp"

#include "drivers/line/throwaway_pki.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <sys/socket.h>
#include <sys/time.h>

#include <random>

using namespace screen_test;

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;

struct served {
  site_folder site;
  heard watcher;
  std::unique_ptr<page_server> open;

  served() {
    auto made = open_page_server(site.options());
    BOOST_REQUIRE(made);
    open = std::move(*made);
    open->watch(watcher);
  }
  ~served() { open->stop(); }
  std::string origin() const { return "http://127.0.0.1:" + std::to_string(open->port()); }
  std::unique_ptr<client> page() const {
    auto made = open_page(open->port(), "patient", origin(), "");
    BOOST_REQUIRE(made);
    return made;
  }
};

/// A socket that has become a WebSocket and writes whatever it likes.
class raw_page {
public:
  explicit raw_page(const served& s) {
    socket_.connect({asio::ip::make_address("127.0.0.1"), s.open->port()});
    const timeval patience{10, 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    write("GET /live/patient HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(s.open->port()) +
          "\r\nOrigin: " + s.origin() +
          "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    std::string head;
    for (char c = 0; !head.ends_with("\r\n\r\n") && ::recv(socket_.native_handle(), &c, 1, 0) == 1;)
      head += c;
    BOOST_REQUIRE(head.find(" 101 ") != std::string::npos);
  }
  void write(const std::string& octets) {
    boost::system::error_code over; // it may have been closed already
    asio::write(socket_, asio::buffer(octets), over);
  }
  /// Everything until the server ends it.
  std::string rest() {
    std::string all;
    char buffer[4096];
    for (ssize_t n = 0; (n = ::recv(socket_.native_handle(), buffer, sizeof buffer, 0)) > 0;)
      all.append(buffer, static_cast<std::size_t>(n));
    return all;
  }

private:
  asio::io_context io_;
  tcp::socket socket_{io_};
};

/// A masked frame as a browser writes it.
std::string frame(unsigned char first, const std::string& payload) {
  std::string f{static_cast<char>(first), static_cast<char>(0x80 | 127)};
  for (int shift = 56; shift >= 0; shift -= 8)
    f += static_cast<char>(static_cast<std::uint64_t>(payload.size()) >> shift & 0xff);
  return f + std::string(4, '\0') + payload; // a mask of zeros
}

/// The code of the close frame in @p octets; 0: there is none.
int close_code(const std::string& octets) {
  const auto at = octets.find(static_cast<char>(0x88));
  if (at == std::string::npos || octets.size() < at + 4) return 0;
  return static_cast<unsigned char>(octets[at + 2]) * 256 + static_cast<unsigned char>(octets[at + 3]);
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_message_of_three_megabytes_is_closed_as_too_big, served) {
  const auto other = page();
  raw_page big{*this};
  big.write(frame(0x81, std::string(3u << 20, 'x')));
  const auto said = big.rest();
  BOOST_TEST((said.empty() || close_code(said) == 1009)); // a reset may overtake the close
  other->say("{\"still\":1}");
  BOOST_TEST(watcher.wait([&] { return watcher.lines.size() == 1; }));
}

BOOST_FIXTURE_TEST_CASE(a_message_in_too_many_pieces_is_closed_as_too_big, served) {
  raw_page big{*this};
  for (int n = 0; n < 40; ++n)
    big.write(frame(n == 0 ? 0x01 : 0x00, std::string(4096, 'x')));
  BOOST_TEST(close_code(big.rest()) == 1009);
  BOOST_TEST(watcher.lines.empty());
}

BOOST_FIXTURE_TEST_CASE(garbage_frames_end_their_own_page_and_no_other, served) {
  const auto other = page();
  std::mt19937 chance{20261126};
  for (int n = 0; n < 60; ++n) {
    raw_page bad{*this};
    std::string octets(1 + chance() % 300, '\0');
    for (auto& c : octets)
      c = static_cast<char>(chance());
    octets.front() = static_cast<char>(0xF3); // reserved bits: no frame of any version
    bad.write(octets);
    (void)bad.rest(); // ends, or this test does not
  }
  raw_page unmasked{*this};
  unmasked.write(std::string{"\x81\x02{}", 4}); // a browser masks
  (void)unmasked.rest();
  raw_page binary{*this};
  binary.write(frame(0x82, "not text"));
  (void)binary.rest();
  other->say("{\"still\":1}");
  BOOST_REQUIRE(watcher.wait([&] { return !watcher.lines.empty(); }));
  BOOST_TEST(watcher.lines.size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_page_that_stops_in_the_middle_of_a_frame_holds_nobody_up, served) {
  raw_page slow{*this};
  slow.write(frame(0x81, std::string(1000, 'x')).substr(0, 500));
  const auto other = page();
  other->say("{\"still\":1}");
  BOOST_TEST(watcher.wait([&] { return watcher.lines.size() == 1; }));
}

BOOST_AUTO_TEST_CASE(over_tls_files_and_pages_are_served_to_who_believes_the_certificate) {
  const site_folder site;
  const auto pki = drivers::line::make_throwaway_pki(site.path / "pki", "1310000001",
                                                     static_cast<std::uint64_t>(std::time(nullptr)) * 1000);
  BOOST_REQUIRE(pki);
  auto o = site.options();
  o.certificate = pki->server_certificate.string();
  o.key = pki->server_key.string();
  auto tls = open_page_server(o);
  BOOST_REQUIRE(tls);
  heard watcher;
  (*tls)->watch(watcher);
  const auto host = "127.0.0.1:" + std::to_string((*tls)->port());
  asio::io_context io;
  asio::ssl::context trust{asio::ssl::context::tls_client};
  trust.load_verify_file(pki->ca_certificate.string());
  trust.set_verify_mode(asio::ssl::verify_peer);
  const tcp::endpoint at{asio::ip::make_address("127.0.0.1"), (*tls)->port()};
  {
    asio::ssl::stream<tcp::socket> stream{io, trust};
    stream.next_layer().connect(at);
    stream.handshake(asio::ssl::stream_base::client);
    beast::http::request<beast::http::empty_body> asked{beast::http::verb::get, "/patient", 11};
    asked.set(beast::http::field::host, host);
    beast::http::write(stream, asked);
    beast::flat_buffer buffer;
    beast::http::response<beast::http::string_body> answer;
    beast::http::read(stream, buffer, answer);
    BOOST_TEST(answer.result_int() == 200u);
  }
  beast::websocket::stream<asio::ssl::stream<tcp::socket>> page{io, trust};
  page.next_layer().next_layer().connect(at);
  page.next_layer().handshake(asio::ssl::stream_base::client);
  page.set_option(beast::websocket::stream_base::decorator(
      [&](beast::websocket::request_type& asked) { asked.set(beast::http::field::origin, "https://" + host); }));
  page.handshake(host, "/live/patient");
  page.text(true);
  page.write(asio::buffer(std::string{"{\"n\":1}"}));
  BOOST_TEST(watcher.wait([&] { return watcher.lines.size() == 1; }));
  (*tls)->stop();
}
