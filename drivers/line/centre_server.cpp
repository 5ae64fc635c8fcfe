// The simulated centre behind HTTPS on this host.
#include "drivers/line/centre_server.hpp"

#include "drivers/line/profile.hpp"
#include "drivers/line/x509_text.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <array>
#include <chrono>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

namespace drivers::line {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
namespace http = boost::beast::http;
using boost::system::error_code;
using messages::failure;
using messages::result;
using tcp = asio::ip::tcp;

constexpr std::uint32_t header_bytes_max = 16 * 1024;
constexpr std::uint32_t farewell_ms_max = 1000;
constexpr std::uint32_t accept_again_ms = 100;

boost::beast::string_view text_of(std::string_view text) { return {text.data(), text.size()}; }

class server final : public centre_server {
public:
  server(centre_server_options options, std::unique_ptr<centre> served, ssl::context context)
      : options_(std::move(options)), centre_(std::move(served)), context_(std::move(context)) {}
  ~server() override { stop(); }

  error_code listen();
  std::uint16_t port() const override { return port_; }
  void behave(centre_behaviour behaviour) override;
  void stop() override;

private:
  class session;

  void accept();
  bool nobody_there();

  const centre_server_options options_;
  const std::unique_ptr<centre> centre_;
  ssl::context context_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  asio::steady_timer again_{io_};
  std::uint16_t port_ = 0;
  centre_behaviour behaviour_;                  // the thread's own
  std::set<std::shared_ptr<session>> sessions_; // the thread's own
  std::mutex joining_;
  std::thread thread_;
};

/// One connection of a clinic.
class server::session : public std::enable_shared_from_this<session> {
public:
  session(server& owner, tcp::socket socket)
      : server_(owner), tls_(std::move(socket), owner.context_), deadline_(owner.io_), delay_(owner.io_) {}

  void start() {
    limit(server_.options_.request_ms_max);
    tls_.async_handshake(ssl::stream_base::server, [self = shared_from_this()](error_code e) {
      if (self->closed_) return;
      if (e) return self->take_leave(); // the alert that says why is on its way
      self->greet();
    });
  }

  void close() {
    if (closed_) return;
    closed_ = true;
    error_code ignored;
    tls_.lowest_layer().close(ignored);
    deadline_.cancel();
    delay_.cancel();
    server_.sessions_.erase(shared_from_this());
  }

private:
  /// The connection is closed unless the next step comes within @p ms.
  void limit(std::uint32_t ms) {
    deadline_.expires_after(std::chrono::milliseconds(ms));
    deadline_.async_wait([self = shared_from_this()](error_code e) {
      if (!e) self->close();
    });
  }

  /// Ends our half and waits for theirs: closing with unread bytes would reset the connection and lose the alert.
  void take_leave() {
    error_code ignored;
    tls_.lowest_layer().shutdown(tcp::socket::shutdown_send, ignored);
    limit(farewell_ms_max);
    drain();
  }
  void drain() {
    tls_.next_layer().async_read_some(asio::buffer(drained_), [self = shared_from_this()](error_code e, std::size_t) {
      if (self->closed_) return;
      if (e) return self->close();
      self->drain();
    });
  }

  void greet() {
    const std::unique_ptr<X509, void (*)(X509*)> peer{SSL_get1_peer_certificate(tls_.native_handle()), X509_free};
    if (!peer) return close(); // cannot be: verification requires one
    client_ = subject_entry(peer.get(), NID_commonName);
    await();
  }

  /// Waits for the first byte of a request with one patience, and for the rest of it with another.
  void await() {
    parser_.emplace();
    parser_->body_limit(server_.options_.request_bytes_max);
    parser_->header_limit(header_bytes_max);
    limit(server_.options_.idle_ms_max);
    http::async_read_some(tls_, buffer_, *parser_, [self = shared_from_this()](error_code e, std::size_t) {
      if (self->closed_) return;
      if (e) return self->turn_away(e);
      self->limit(self->server_.options_.request_ms_max);
      self->read_rest();
    });
  }
  void read_rest() {
    if (parser_->is_done()) return handle();
    http::async_read(tls_, buffer_, *parser_, [self = shared_from_this()](error_code e, std::size_t) {
      if (self->closed_) return;
      if (e) return self->turn_away(e);
      self->handle();
    });
  }

  /// Says what is wrong with a request that is none, if the connection still carries anything, and closes.
  void turn_away(const error_code& e) {
    if (e == http::error::end_of_stream || e.category() == asio::error::get_system_category() ||
        e.category() == asio::error::get_ssl_category() || e == ssl::error::stream_truncated)
      return close();
    const auto status = e == http::error::body_limit     ? http::status::payload_too_large
                        : e == http::error::header_limit ? http::status::request_header_fields_too_large
                                                         : http::status::bad_request;
    respond(static_cast<unsigned>(status), {}, false);
  }

  void handle() {
    const auto request = parser_->release();
    if (request.method() != http::verb::post)
      return respond(static_cast<unsigned>(http::status::method_not_allowed), {}, request.keep_alive());
    const auto target = request.target();
    auto reply = server_.centre_->handle({target.data(), target.size()}, client_, request.body());
    if (server_.behaviour_.silent) return limit(server_.options_.silence_ms_max);
    const auto keep_alive = request.keep_alive();
    if (server_.behaviour_.answer_delay_ms == 0)
      return respond(static_cast<unsigned>(reply.status), std::move(reply.xml), keep_alive);
    deadline_.cancel(); // slow on purpose is not stuck
    delay_.expires_after(std::chrono::milliseconds(server_.behaviour_.answer_delay_ms));
    delay_.async_wait([self = shared_from_this(), reply = std::move(reply), keep_alive](error_code e) mutable {
      if (!e && !self->closed_) self->respond(static_cast<unsigned>(reply.status), std::move(reply.xml), keep_alive);
    });
  }

  void respond(unsigned status, std::string xml, bool keep_alive) {
    response_ = {};
    response_.result(status);
    response_.version(11);
    response_.keep_alive(keep_alive);
    response_.set(text_of(profile::simulated_header), text_of(profile::simulated_value));
    response_.set(http::field::content_type, text_of(profile::content_type));
    response_.set(http::field::cache_control, "no-store");
    response_.body() = std::move(xml);
    response_.prepare_payload();
    limit(server_.options_.request_ms_max);
    http::async_write(tls_, response_, [self = shared_from_this()](error_code e, std::size_t) {
      if (self->closed_) return;
      if (e) return self->close();
      if (self->response_.need_eof()) return self->take_leave();
      self->await();
    });
  }

  server& server_;
  ssl::stream<tcp::socket> tls_;
  asio::steady_timer deadline_, delay_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  std::string client_; ///< CN of the client's certificate
  std::array<char, 1024> drained_{};
  bool closed_ = false;
};

error_code server::listen() {
  error_code e;
  const tcp::endpoint here{asio::ip::address_v4::loopback(), options_.port};
  acceptor_.open(here.protocol(), e);
  if (!e) acceptor_.set_option(tcp::acceptor::reuse_address(true), e); // a restart must not wait for TIME_WAIT
  if (!e) acceptor_.bind(here, e);
  if (!e) acceptor_.listen(asio::socket_base::max_listen_connections, e);
  if (!e) port_ = acceptor_.local_endpoint(e).port();
  if (e) return e;
  accept();
  thread_ = std::thread{[this] { io_.run(); }};
  return {};
}

void server::accept() {
  acceptor_.async_accept([this](error_code e, tcp::socket socket) {
    if (e == asio::error::operation_aborted) return;
    if (e) { // out of descriptors, say: looking again at once would only burn the processor
      again_.expires_after(std::chrono::milliseconds(accept_again_ms));
      again_.async_wait([this](error_code stopped) {
        if (!stopped) accept();
      });
      return;
    }
    if (!nobody_there() && sessions_.size() < options_.connections_max) {
      error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      const auto one = std::make_shared<session>(*this, std::move(socket));
      sessions_.insert(one);
      one->start();
    }
    accept();
  });
}

bool server::nobody_there() {
  if (behaviour_.down_requests == 0) return false;
  if (behaviour_.down_requests != centre_behaviour::down_for_good) --behaviour_.down_requests;
  return true;
}

void server::behave(centre_behaviour behaviour) {
  asio::post(io_, [this, behaviour] {
    behaviour_ = behaviour;
    if (behaviour.down_requests == 0) return;
    const auto open = sessions_; // a copy: closing takes a session out of the set
    for (const auto& one : open)
      one->close();
  });
}

void server::stop() {
  const std::lock_guard lock{joining_};
  if (!thread_.joinable()) return;
  asio::post(io_, [this] {
    error_code ignored;
    acceptor_.close(ignored);
    again_.cancel();
    const auto open = sessions_;
    for (const auto& one : open)
      one->close();
  });
  thread_.join(); // run() ends by itself when the last handler has ended
}

} // namespace

result<std::unique_ptr<centre_server>> serve_centre(centre_server_options options, std::unique_ptr<centre> served) {
  ssl::context context{ssl::context::tls_server};
  error_code e;
  const auto problem = [&](const std::filesystem::path& file) {
    return failure(messages::error_code::certificate_problem, file.string(), e.message());
  };
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_session_cache_mode(context.native_handle(), SSL_SESS_CACHE_OFF); // every connection shows its certificate
  SSL_CTX_set_num_tickets(context.native_handle(), 0);
  context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, e);
  context.load_verify_file(options.client_ca_file.string(), e);
  if (e) return problem(options.client_ca_file);
  context.use_certificate_chain_file(options.certificate_file.string(), e);
  if (e) return problem(options.certificate_file);
  context.use_private_key_file(options.key_file.string(), ssl::context::pem, e);
  if (e) return problem(options.key_file);
  const auto port = std::to_string(options.port);
  try {
    auto made = std::make_unique<server>(std::move(options), std::move(served), std::move(context));
    if (const auto trouble = made->listen()) return failure(messages::error_code::port_taken, port, trouble.message());
    return made;
  } catch (const std::exception& trouble) { // no thread, no descriptor
    return failure(messages::error_code::port_taken, port, trouble.what());
  }
}

} // namespace drivers::line
