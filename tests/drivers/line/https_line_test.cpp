// HTTPS to the centre: who is let in, who is believed, and that nothing is ever sent twice.
#include "tests/test.hpp"

#include "tests/drivers/line/support_rigs.hpp"

#include <openssl/ssl.h>

#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <thread>

using namespace line_test;
using messages::validity;

namespace {

const messages::insured_number see_mihon{"999901", "見本12", "3456", "02", "19840229"};

std::unique_ptr<line> open(const https_line_options& options) { return std::move(open_https_line(options).value()); }

template <auto Free> struct freer {
  template <class T> void operator()(T* p) const { Free(p); }
};

/// Whatever @p octets are, sent over TLS with the clinic's certificate; what comes back until the server closes.
std::string send_raw(const over_https& rig, const std::string& octets) {
  const std::unique_ptr<SSL_CTX, freer<SSL_CTX_free>> context{SSL_CTX_new(TLS_client_method())};
  SSL_CTX_use_certificate_chain_file(context.get(), rig.pki().client_certificate.c_str());
  SSL_CTX_use_PrivateKey_file(context.get(), rig.pki().client_key.c_str(), SSL_FILETYPE_PEM);
  const std::unique_ptr<BIO, freer<BIO_free_all>> stream{BIO_new_ssl_connect(context.get())};
  BIO_set_conn_hostname(stream.get(), ("127.0.0.1:" + std::to_string(rig.tcp_port())).c_str());
  if (BIO_do_connect(stream.get()) <= 0) return "no connection";
  BIO_write(stream.get(), octets.data(), static_cast<int>(octets.size()));
  std::string came;
  std::array<char, 4096> buffer{};
  for (int n = 0; (n = BIO_read(stream.get(), buffer.data(), buffer.size())) > 0;)
    came.append(buffer.data(), static_cast<std::size_t>(n));
  return came;
}

/// A TCP server that takes one connection, reads a little, says @p farewell and closes.
class rude_server {
public:
  explicit rude_server(std::string farewell) : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&here), sizeof here);
    ::listen(listener_, 1);
    socklen_t size = sizeof here;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &size);
    port_ = ntohs(here.sin_port);
    thread_ = std::thread{[this, farewell = std::move(farewell)] {
      const int peer = ::accept(listener_, nullptr, nullptr);
      char octets[4096];
      [[maybe_unused]] const auto read = ::read(peer, octets, sizeof octets);
      ::send(peer, farewell.data(), farewell.size(), MSG_NOSIGNAL);
      ::close(peer);
    }};
  }
  ~rude_server() {
    ::shutdown(listener_, SHUT_RDWR); // wakes accept() if nobody came
    thread_.join();
    ::close(listener_);
  }
  std::uint16_t port() const { return port_; }

private:
  int listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// OpenSSL's own sockets, used here to play a rude client, know no MSG_NOSIGNAL.
struct no_broken_pipes {
  no_broken_pipes() { std::signal(SIGPIPE, SIG_IGN); }
};

std::string post(const std::string& path, const std::string& body) {
  return "POST " + path +
         " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

} // namespace

BOOST_TEST_GLOBAL_FIXTURE(no_broken_pipes);

BOOST_AUTO_TEST_CASE(a_line_without_its_files_names_the_file) {
  over_https rig;
  for (const auto member :
       {&https_line_options::ca_file, &https_line_options::certificate_file, &https_line_options::key_file}) {
    auto options = rig.line_options();
    options.*member = rig.folder() / "absent.pem";
    const auto absent = open_https_line(options);
    BOOST_REQUIRE_EQUAL(code_of(absent), "certificate_problem");
    BOOST_CHECK_EQUAL(absent.error().args.front(), (rig.folder() / "absent.pem").string());
    std::ofstream(rig.folder() / "damaged.pem") << "-----BEGIN CERTIFICATE-----\nxx\n";
    options.*member = rig.folder() / "damaged.pem";
    BOOST_CHECK_EQUAL(code_of(open_https_line(options)), "certificate_problem");
  }
  auto unpaired = rig.line_options();
  unpaired.key_file = rig.pki().server_key;
  BOOST_CHECK_EQUAL(code_of(open_https_line(unpaired)), "certificate_problem");
  auto expired = rig.line_options();
  expired.now_ms = [] { return real_now_ms() + 40ull * 24 * 60 * 60 * 1000; };
  BOOST_CHECK_EQUAL(code_of(open_https_line(expired)), "certificate_problem");
}

BOOST_AUTO_TEST_CASE(a_foreign_client_certificate_is_turned_down_and_nothing_was_asked) {
  over_https rig;
  const auto foreign = make_throwaway_pki(rig.folder() / "foreign", institution, real_now_ms()).value();
  auto options = rig.line_options();
  options.certificate_file = foreign.client_certificate;
  options.key_file = foreign.client_key;
  const auto port = open(options);
  for (int n = 0; n < 5; ++n)
    BOOST_CHECK_EQUAL(code_of(ask(*port, typed(see_mihon))), "line_down");
  BOOST_CHECK(rig.ledger().empty());
}

BOOST_AUTO_TEST_CASE(a_servers_certificate_does_not_serve_as_a_clients) {
  over_https rig;
  auto options = rig.line_options();
  options.certificate_file = rig.pki().server_certificate;
  options.key_file = rig.pki().server_key;
  BOOST_CHECK_NE(code_of(ask(*open(options), typed(see_mihon))), "no error");
  BOOST_CHECK(rig.ledger().empty());
}

BOOST_AUTO_TEST_CASE(without_a_client_certificate_nobody_gets_an_answer) {
  over_https rig;
  const std::unique_ptr<SSL_CTX, freer<SSL_CTX_free>> context{SSL_CTX_new(TLS_client_method())};
  const std::unique_ptr<BIO, freer<BIO_free_all>> stream{BIO_new_ssl_connect(context.get())};
  BIO_set_conn_hostname(stream.get(), ("127.0.0.1:" + std::to_string(rig.tcp_port())).c_str());
  char octet = 0;
  const auto request = post(path_of(function::challenge), "");
  const bool answered = BIO_do_connect(stream.get()) > 0 &&
                        BIO_write(stream.get(), request.data(), static_cast<int>(request.size())) > 0 &&
                        BIO_read(stream.get(), &octet, 1) > 0;
  BOOST_CHECK(!answered);
}

BOOST_AUTO_TEST_CASE(a_centre_of_another_authority_is_not_spoken_to) {
  over_https rig;
  auto options = rig.line_options();
  options.ca_file = make_throwaway_pki(rig.folder() / "foreign", institution, real_now_ms()).value().ca_certificate;
  BOOST_CHECK_EQUAL(code_of(ask(*open(options), typed(see_mihon))), "line_down");
  BOOST_CHECK(rig.ledger().empty());
}

BOOST_AUTO_TEST_CASE(a_centre_of_another_name_is_not_spoken_to) {
  over_https rig;
  auto options = rig.line_options();
  options.host = "127.0.0.2"; // reaches nobody, or somebody whose certificate does not say so
  BOOST_CHECK_EQUAL(code_of(ask(*open(options), typed(see_mihon))), "line_down");
  options.host = "127.0.0.1";
  BOOST_CHECK_EQUAL(code_of(ask(*open(options), typed(see_mihon))), "no error");
}

BOOST_AUTO_TEST_CASE(a_real_node_leaves_a_simulated_centre_before_it_has_said_a_word) {
  over_https rig;
  auto options = rig.line_options();
  options.simulated_allowed = false;
  const auto port = open(options);
  BOOST_CHECK_EQUAL(code_of(ask(*port, typed(see_mihon))), "simulated_centre");
  BOOST_CHECK_EQUAL(code_of(obtain(*port)), "simulated_centre");
  BOOST_CHECK(rig.ledger().empty());
}

BOOST_AUTO_TEST_CASE(a_header_alone_gives_a_simulated_centre_away) {
  const incoming reply{200, true, "<XmlMsg/>"};
  BOOST_CHECK_EQUAL(code_of(read_challenge({institution, false}, reply)), "simulated_centre");
  BOOST_CHECK_EQUAL(code_of(read_challenge({institution, true}, reply)), "line_unreadable");
}

BOOST_AUTO_TEST_CASE(a_kept_connection_that_went_stale_is_replaced_and_nothing_is_sent_twice) {
  over_https rig;
  const auto first = typed(see_mihon), second = typed(see_mihon);
  BOOST_REQUIRE_EQUAL(code_of(ask(rig.port(), first)), "no error");
  rig.stop_centre(); // closes the kept connection
  rig.start_centre();
  BOOST_REQUIRE_EQUAL(code_of(ask(rig.port(), second)), "no error");
  const auto ledger = rig.ledger();
  BOOST_REQUIRE_EQUAL(ledger.size(), 2u);
  for (const auto& entry : ledger)
    BOOST_CHECK_EQUAL(entry.times_seen, 1u);
}

BOOST_AUTO_TEST_CASE(a_connection_lost_after_sending_is_an_unknown_outcome_not_a_second_request) {
  over_https rig;
  rig.behave({.answer_delay_ms = 0, .silent = true, .down_requests = 0});
  const auto question = typed(see_mihon);
  auto promise = std::make_shared<std::promise<std::string>>();
  rig.port().ask(question, wait_ms, [promise](messages::result<answer> r) { promise->set_value(code_of(r)); });
  while (rig.ledger().empty())
    std::this_thread::yield(); // until the centre has it
  rig.stop_centre();
  BOOST_CHECK_EQUAL(promise->get_future().get(), "line_silent");
  BOOST_CHECK_EQUAL(rig.ledger().front().times_seen, 1u);
}

BOOST_AUTO_TEST_CASE(a_peer_that_speaks_no_tls_was_not_asked) {
  over_https rig;
  for (const char* farewell : {"", "HTTP/1.1 400 Bad Request\r\n\r\n", "\x15\x03\x01\x00\x02\x02\x28"}) {
    rude_server rude{farewell};
    auto options = rig.line_options();
    options.port = rude.port();
    BOOST_CHECK_EQUAL(code_of(ask(*open(options), typed(see_mihon))), "line_down");
  }
}

BOOST_AUTO_TEST_CASE(more_questions_than_the_limit_are_busy) {
  over_https rig;
  rig.behave({.answer_delay_ms = 0, .silent = true, .down_requests = 0});
  auto options = rig.line_options();
  options.in_flight_max = 2;
  const auto port = open(options);
  std::atomic<int> silent{0};
  for (int n = 0; n < 2; ++n)
    port->ask(typed(see_mihon), wait_ms,
              [&](messages::result<answer> r) { silent += code_of(r) == "line_silent" || code_of(r) == "line_down"; });
  BOOST_CHECK_EQUAL(code_of(ask(*port, typed(see_mihon))), "busy");
  port->stop(); // calls what is pending before it returns
  BOOST_CHECK_EQUAL(silent.load(), 2);
}

BOOST_AUTO_TEST_CASE(questions_at_the_same_time_all_get_their_own_answer) {
  over_https rig;
  rig.behave({.answer_delay_ms = 20, .silent = false, .down_requests = 0});
  std::vector<std::future<bool>> answers;
  for (int number : {1, 2, 3, 11, 12, 13}) {
    const auto question = question_of(person(number), obtain(rig.port()).value());
    auto promise = std::make_shared<std::promise<bool>>();
    answers.push_back(promise->get_future());
    rig.port().ask(question, wait_ms, [promise](messages::result<answer> r) {
      promise->set_value(r && r->typed.judged == validity::valid);
    });
  }
  for (auto& a : answers)
    BOOST_CHECK(a.get());
  BOOST_CHECK_EQUAL(rig.ledger().size(), 6u);
}

BOOST_AUTO_TEST_CASE(malformed_requests_get_a_clean_error) {
  over_https rig;
  const auto status = [](const std::string& came) { return came.substr(0, 12); };
  const auto path = path_of(function::eligibility);
  BOOST_CHECK_EQUAL(status(send_raw(rig, "NONSENSE\r\n\r\n")), "HTTP/1.1 400");
  BOOST_CHECK_EQUAL(status(send_raw(rig, post(path, "no xml"))), "HTTP/1.1 400");
  BOOST_CHECK_EQUAL(status(send_raw(rig, post(path, std::string("\0\xff\xfe<", 4)))), "HTTP/1.1 400");
  BOOST_CHECK_EQUAL(status(send_raw(rig, post("/elsewhere", "<XmlMsg/>"))), "HTTP/1.1 404");
  BOOST_CHECK_EQUAL(status(send_raw(rig, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")), "HTTP/1.1 405");
  BOOST_CHECK_EQUAL(status(send_raw(rig, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n")),
                    "HTTP/1.1 413");
  BOOST_CHECK_EQUAL(status(send_raw(rig, "POST / HTTP/1.1\r\nX: " + std::string(20000, 'x') + "\r\n\r\n")),
                    "HTTP/1.1 431");
  BOOST_CHECK(send_raw(rig, post(path, "")).find("X-Uketsuke-Simulated: yes") != std::string::npos);
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), typed(see_mihon))), "no error"); // still there
}

BOOST_AUTO_TEST_CASE(another_institution_than_the_certificates_is_refused) {
  over_https rig;
  auto options = rig.line_options();
  options.institution = "1319999998";
  const auto came = ask(*open(options), typed(see_mihon));
  BOOST_REQUIRE_EQUAL(code_of(came), "line_refused");
  BOOST_CHECK_EQUAL(came.error().args.front(), profile::other_institution.code);
  BOOST_CHECK(rig.ledger().empty());
}

BOOST_AUTO_TEST_CASE(a_taken_port_is_named) {
  over_https rig;
  temporary_folder folder;
  centre_world world{folder};
  centre_server_options options;
  options.port = rig.tcp_port();
  options.certificate_file = rig.pki().server_certificate;
  options.key_file = rig.pki().server_key;
  options.client_ca_file = rig.pki().ca_certificate;
  const auto second = serve_centre(options, world.open());
  BOOST_REQUIRE_EQUAL(code_of(second), "port_taken");
  BOOST_CHECK_EQUAL(second.error().args.front(), std::to_string(rig.tcp_port()));
}
