// The pages' server against good and bad browsers: origins, files, sign-in, floods.
#include "tests/test.hpp"

#include "tests/drivers/screen/support_clients.hpp"

#include "drivers/line/throwaway_pki.hpp"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace screen_test;

namespace {

struct served {
  site_folder site;
  messages::secret_slot pin, check_number;
  std::mutex frames_mutex;
  std::vector<messages::wiped_bytes> frames;
  heard watcher;
  std::unique_ptr<page_server> open;

  explicit served(std::size_t connections_max = 512) {
    auto o = site.options();
    o.pin = &pin;
    o.check_number = &check_number;
    o.frame = [this](messages::wiped_bytes frame) {
      const std::lock_guard lock{frames_mutex};
      frames.push_back(std::move(frame));
    };
    o.connections_max = connections_max;
    auto made = open_page_server(std::move(o));
    BOOST_REQUIRE(made);
    open = std::move(*made);
    open->watch(watcher);
  }
  ~served() { open->stop(); }
  std::string host() const { return "127.0.0.1:" + std::to_string(open->port()); }
  std::string origin() const { return "http://" + host(); }
  got ask(const std::string& method, const std::string& target, const std::string& more = {},
          const std::string& body = {}) const {
    return request(open->port(), method + " " + target + " HTTP/1.1\r\nHost: " + host() +
                                     "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
                                     "\r\n" + more + "\r\n" + body);
  }
  got sign_in(const std::string& account, const std::string& password, const std::string& from) const {
    return ask("POST", "/sign-in", "Origin: " + from + "\r\nContent-Type: application/json\r\n",
               R"({"account":")" + account + R"(","password":")" + password + R"("})");
  }
};

std::string cookie_in(const got& answer) {
  const auto at = answer.head.find("Set-Cookie: ");
  if (at == std::string::npos) return {};
  return answer.head.substr(at + 12, answer.head.find(';', at) - at - 12);
}

} // namespace

BOOST_FIXTURE_TEST_CASE(files_are_served_and_nothing_beside_them, served) {
  BOOST_TEST(ask("GET", "/patient").status == 200);
  BOOST_TEST(ask("GET", "/words/ja.json").body == "{}");
  BOOST_TEST(ask("GET", "/").status == 302);
  for (const auto target : {"/monitor", "/nothing", "/../patient.html", "/words/../../etc/passwd", "/%2e%2e/x", "//etc",
                            "/patient.html/", "/words"})
    BOOST_TEST(ask("GET", target).status == 404, target);
  BOOST_TEST(ask("DELETE", "/patient").status == 405);
  BOOST_TEST(ask("HEAD", "/patient").body.empty());
}

BOOST_FIXTURE_TEST_CASE(every_answer_forbids_what_pages_do_not_need, served) {
  for (const auto target : {"/patient", "/nothing"}) {
    const auto answer = ask("GET", target);
    for (const auto header : {"Cache-Control: no-store", "Content-Security-Policy: default-src 'none'",
                              "X-Content-Type-Options: nosniff", "frame-ancestors 'none'", "camera=()"})
      BOOST_TEST(answer.head.find(header) != std::string::npos, target << " lacks " << header);
  }
}

BOOST_FIXTURE_TEST_CASE(a_page_opens_from_its_own_origin_only, served) {
  int status = 0;
  for (const auto* from : {"", "http://evil.example", "null", "https://127.0.0.1"})
    BOOST_TEST((open_page(open->port(), "patient", from, "", &status) == nullptr && status == 403), from);
  BOOST_TEST(open_page(open->port(), "patient", origin(), "") != nullptr);
}

BOOST_FIXTURE_TEST_CASE(another_name_for_this_address_is_refused, served) {
  const auto answer = request(open->port(), "GET /patient HTTP/1.1\r\nHost: rebound.example\r\n\r\n");
  BOOST_TEST(answer.status == 421);
}

BOOST_FIXTURE_TEST_CASE(receptions_page_opens_after_signing_in_and_closes_after_signing_out, served) {
  int status = 0;
  BOOST_TEST((open_page(open->port(), "reception", origin(), "", &status) == nullptr && status == 401));
  BOOST_TEST((open_page(open->port(), "reception", origin(), "uketsuke=00", &status) == nullptr && status == 401));
  BOOST_TEST(sign_in("suzuki", "wrong", origin()).status == 401);
  BOOST_TEST(sign_in("suzuki", "sakura-3", "http://evil.example").status == 403);
  const auto good = sign_in("suzuki", "sakura-3", origin());
  BOOST_TEST(good.status == 204);
  BOOST_TEST(good.head.find("HttpOnly; SameSite=Strict") != std::string::npos);
  const auto cookie = cookie_in(good);
  BOOST_TEST(open_page(open->port(), "reception", origin(), cookie) != nullptr);
  BOOST_REQUIRE(watcher.wait([&] { return !watcher.visitors.empty(); }));
  BOOST_TEST(watcher.visitors.front().account == "suzuki");
  BOOST_TEST(ask("POST", "/sign-out", "Origin: " + origin() + "\r\nCookie: " + cookie + "\r\n").status == 204);
  BOOST_TEST((open_page(open->port(), "reception", origin(), cookie, &status) == nullptr && status == 401));
}

BOOST_FIXTURE_TEST_CASE(guessing_passwords_is_stopped, served) {
  for (int n = 0; n < house_rules::wrong_passwords_max; ++n)
    BOOST_TEST(sign_in("suzuki", "guess", origin()).status == 401);
  BOOST_TEST(sign_in("suzuki", "sakura-3", origin()).status == 429);
}

BOOST_FIXTURE_TEST_CASE(a_pin_from_receptions_page_goes_nowhere, served) {
  const auto cookie = cookie_in(sign_in("suzuki", "sakura-3", origin()));
  const auto page = open_page(open->port(), "reception", origin(), cookie);
  BOOST_REQUIRE(page);
  page->press_pin("7391");
  page->say("{}");
  BOOST_REQUIRE(watcher.wait([&] { return watcher.lines.size() == 1; }));
  BOOST_TEST(pin.take().empty());
}

BOOST_FIXTURE_TEST_CASE(a_camera_frame_goes_to_the_camera_and_into_no_line, served) {
  const auto page = open_page(open->port(), "patient", origin(), "");
  BOOST_REQUIRE(page);
  const auto frame = "\xFF\xD8\xFF\xE0" + std::string(100'000, 'x'); // longer than any line may be
  page->show_frame(frame);
  page->say("number 12345678901234");
  page->say("{}");
  BOOST_REQUIRE(watcher.wait([&] { return !watcher.lines.empty(); }));
  BOOST_TEST(watcher.lines.size() == 1u);
  BOOST_TEST(!check_number.take().empty());
  const std::lock_guard lock{frames_mutex};
  BOOST_REQUIRE(frames.size() == 1u);
  BOOST_TEST(frames[0].size() == frame.size());
}

BOOST_FIXTURE_TEST_CASE(a_garbage_frame_and_one_of_3_megabytes_end_their_page_and_no_other, served) {
  const auto other = open_page(open->port(), "patient", origin(), "");
  BOOST_REQUIRE(other);
  const std::string jpeg = "\xFF\xD8\xFF\xE0";
  for (const auto& bad : {std::string{"garbage"}, std::string{"\0\0\0\0", 4}, jpeg + std::string(3 << 20, 'x')}) {
    const auto page = open_page(open->port(), "patient", origin(), "");
    BOOST_REQUIRE(page);
    page->show_frame(bad);
    BOOST_TEST(!page->read());
  }
  const auto cookie = cookie_in(sign_in("suzuki", "sakura-3", origin()));
  const auto reception = open_page(open->port(), "reception", origin(), cookie); // has no camera
  BOOST_REQUIRE(reception);
  reception->show_frame(jpeg);
  BOOST_TEST(!reception->read());
  other->say("{\"still\":1}");
  BOOST_TEST(watcher.wait([&] { return watcher.lines.size() == 1; }));
  const std::lock_guard lock{frames_mutex};
  BOOST_TEST(frames.empty());
}

BOOST_FIXTURE_TEST_CASE(what_is_no_http_ends_its_connection_and_no_other, served) {
  const auto page = open_page(open->port(), "patient", origin(), "");
  BOOST_REQUIRE(page);
  for (const auto& bad : {std::string{"\0\1\2\3\r\n\r\n", 8}, std::string(40'000, 'A'),
                          "GET / HTTP/1.1\r\n" + std::string(20'000, 'h') + ": x\r\n\r\n",
                          "POST /sign-in HTTP/1.1\r\nHost: " + host() + "\r\nContent-Length: 99999999\r\n\r\n",
                          std::string{"GET /live/patient HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"}})
    BOOST_TEST(request(open->port(), bad).status != 200);
  page->say("{\"still\":1}");
  BOOST_TEST(watcher.wait([&] { return watcher.lines.size() == 1; }));
}

BOOST_AUTO_TEST_CASE(ten_thousand_connections_leave_the_open_page_alone) {
  served s{64};
  const auto page = open_page(s.open->port(), "patient", s.origin(), "");
  BOOST_REQUIRE(page);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(s.open->port());
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::vector<int> held;
  for (int n = 0; n < 10'000; ++n) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    BOOST_REQUIRE(fd >= 0);
    const linger at_once{1, 0}; // no ports left waiting behind this test
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    (void)::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to);
    held.push_back(fd);
    if (held.size() < 200) continue; // a handful at once, ten thousand in all
    for (const int each : held)
      ::close(each);
    held.clear();
  }
  BOOST_TEST(s.open->connections() <= 64u);
  page->say("{\"still\":1}");
  BOOST_TEST(s.watcher.wait([&] { return s.watcher.lines.size() == 1; }));
}

BOOST_AUTO_TEST_CASE(beyond_this_host_pages_need_tls_and_no_developers_account) {
  const site_folder site;
  auto o = site.options();
  o.address = "0.0.0.0";
  const auto plain = open_page_server(o);
  BOOST_REQUIRE(!plain);
  BOOST_TEST((plain.error().code == messages::error_code::pages_beyond_host));
  const auto pki = drivers::line::make_throwaway_pki(site.path / "pki", "1310000001", 1'700'000'000'000);
  BOOST_REQUIRE(pki);
  o.certificate = pki->server_certificate.string();
  o.key = pki->server_key.string();
  o.development_account = true;
  const auto developers = open_page_server(o);
  BOOST_REQUIRE(!developers);
  BOOST_TEST((developers.error().code == messages::error_code::pages_beyond_host));
  o.address = "127.0.0.1";
  auto tls = open_page_server(o);
  BOOST_REQUIRE(tls);
  heard watcher;
  (*tls)->watch(watcher);
  // Plain HTTP is not answered where TLS is spoken.
  BOOST_TEST(request((*tls)->port(), "GET /patient HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").status != 200);
  (*tls)->stop();
}

BOOST_AUTO_TEST_CASE(a_folder_without_pages_and_a_port_in_use_are_errors) {
  const site_folder site;
  auto o = site.options();
  const auto first = open_page_server(o);
  BOOST_REQUIRE(first);
  o.port = (*first)->port();
  const auto second = open_page_server(o);
  BOOST_REQUIRE(!second);
  BOOST_TEST((second.error().code == messages::error_code::port_taken));
  o.folder = "/nowhere";
  BOOST_TEST((open_page_server(o).error().code == messages::error_code::file_unreadable));
}
