// The line to the national system over HTTPS.
#include "drivers/line/https_line.hpp"

#include "drivers/line/exchange.hpp"
#include "drivers/line/profile.hpp"
#include "drivers/line/tls_files.hpp"
#include "drivers/line/x509_text.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <chrono>
#include <deque>
#include <mutex>
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
using steady = std::chrono::steady_clock;
using tcp = asio::ip::tcp;

/// Beast 1.74 has a string_view of its own.
boost::beast::string_view text_of(std::string_view text) { return {text.data(), text.size()}; }

constexpr std::uint32_t header_bytes_max = 16 * 1024;

struct connection {
  ssl::stream<tcp::socket> tls;
  boost::beast::flat_buffer buffer;
  steady::time_point idle_since{};

  connection(asio::io_context& io, ssl::context& context) : tls(io, context) {}
  void close() {
    error_code ignored;
    tls.lowest_layer().close(ignored);
  }
  /// Whether nothing has arrived since the last answer. Anything that has, a farewell included, means: do not use it.
  bool quiet() {
    auto& socket = tls.lowest_layer();
    error_code trouble;
    socket.non_blocking(true, trouble);
    char one = 0;
    error_code seen;
    tls.next_layer().receive(asio::buffer(&one, 1), tcp::socket::message_peek, seen);
    return !trouble && seen == asio::error::would_block;
  }
};

/// Whether the peer's TLS layer turned our certificate down. In TLS 1.3 that is only heard when reading, after the
/// request was written; but a peer that has not finished the handshake has not looked at a byte of it.
bool certificate_turned_down(const error_code& e) {
  if (e.category() != asio::error::get_ssl_category()) return false;
  switch (ERR_GET_REASON(static_cast<unsigned long>(e.value()))) {
  case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
  case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
  case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
  case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
  case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
  case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
  case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
  case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
  case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE: return true;
  default: return false;
  }
}

class https_line final : public carried_line {
public:
  https_line(https_line_options options, ssl::context context)
      : carried_line({options.institution, options.simulated_allowed}), options_(std::move(options)),
        context_(std::move(context)), thread_([this] { io_.run(); }) {}
  ~https_line() override { stop(); }

  void stop() override;

private:
  class exchange;

  void carry(outgoing request, std::uint32_t wait_ms_max, arrival done) override;
  std::unique_ptr<connection> take_idle();
  void keep(std::unique_ptr<connection> used);

  const https_line_options options_;
  ssl::context context_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};

  std::mutex mutex_; // guards the two below; all that follows is the thread's own
  bool stopped_ = false;
  std::uint32_t in_flight_ = 0;

  std::set<std::shared_ptr<exchange>> exchanges_;
  std::deque<std::unique_ptr<connection>> idle_;
  std::mutex joining_; // stop() may be called twice, from two threads
  std::thread thread_; // last: runs when all else is made
};

/// One request and its answer on one connection. Everything in it happens on the line's thread.
class https_line::exchange : public std::enable_shared_from_this<exchange> {
public:
  exchange(https_line& owner, outgoing request, std::uint32_t wait_ms_max, arrival done)
      : line_(owner), wait_ms_max_(wait_ms_max), done_(std::move(done)), timer_(owner.io_), resolver_(owner.io_) {
    request_.method(http::verb::post);
    request_.target(text_of(request.path));
    request_.version(11);
    request_.set(http::field::host, owner.options_.host);
    request_.set(http::field::content_type, text_of(profile::content_type));
    request_.body() = std::move(request.body);
    request_.prepare_payload();
    const bool bulk_result = is_bulk(request.what.what) && request.what.step == 2;
    parser_.body_limit(bulk_result ? owner.options_.bulk_answer_bytes_max : owner.options_.answer_bytes_max);
    parser_.header_limit(header_bytes_max);
  }

  void start() {
    timer_.expires_after(std::chrono::milliseconds(wait_ms_max_));
    timer_.async_wait([self = shared_from_this()](error_code e) {
      if (!e) self->give_up("no answer in " + std::to_string(self->wait_ms_max_) + " ms");
    });
    connection_ = line_.take_idle();
    if (connection_) return send();
    fresh_ = true;
    connection_ = std::make_unique<connection>(line_.io_, line_.context_);
    resolver_.async_resolve(line_.options_.host, std::to_string(line_.options_.port),
                            [self = shared_from_this()](error_code e, tcp::resolver::results_type found) {
                              if (self->ended_) return;
                              if (e) return self->give_up("name look-up: " + e.message());
                              self->connect(found);
                            });
  }

  /// The outcome of what has not come to its end: everything hangs on whether a byte of the request may have left.
  void give_up(const std::string& why) {
    finish(failure(sent_ ? messages::error_code::line_silent : messages::error_code::line_down, why));
  }

private:
  void connect(const tcp::resolver::results_type& found) {
    asio::async_connect(connection_->tls.lowest_layer(), found,
                        [self = shared_from_this()](error_code e, const tcp::endpoint&) {
                          if (self->ended_) return;
                          if (e) return self->give_up(e.message());
                          self->greet();
                        });
  }

  void greet() {
    error_code ignored;
    connection_->tls.lowest_layer().set_option(tcp::no_delay(true), ignored);
    const auto& host = line_.options_.host;
    asio::ip::make_address(host, ignored);
    if (ignored) SSL_set_tlsext_host_name(connection_->tls.native_handle(), host.c_str()); // a name, not an address
    connection_->tls.set_verify_callback(ssl::host_name_verification(host));
    connection_->tls.async_handshake(ssl::stream_base::client, [self = shared_from_this()](error_code e) {
      if (self->ended_) return;
      if (e) return self->give_up("TLS: " + e.message());
      if (self->simulated_peer()) return self->finish(failure(messages::error_code::simulated_centre));
      self->send();
    });
  }

  /// Before anything about a patient is sent: a simulated centre's certificate says what it is.
  bool simulated_peer() const {
    if (line_.options_.simulated_allowed) return false;
    const std::unique_ptr<X509, void (*)(X509*)> peer{SSL_get1_peer_certificate(connection_->tls.native_handle()),
                                                      X509_free};
    return peer && subject_entry(peer.get(), NID_organizationName) == profile::simulated_organization;
  }

  void send() {
    sent_ = true;
    http::async_write(connection_->tls, request_, [self = shared_from_this()](error_code e, std::size_t) {
      if (self->ended_) return;
      // a server that turned our certificate down may already have closed: read on, its reason may still be there
      self->receive(e);
    });
  }

  void receive(error_code written) {
    http::async_read(connection_->tls, connection_->buffer, parser_,
                     [self = shared_from_this(), written](error_code e, std::size_t) {
                       if (self->ended_) return;
                       if (self->fresh_ && !self->parser_.got_some() && certificate_turned_down(e)) self->sent_ = false;
                       if (e == http::error::body_limit || e == http::error::header_limit)
                         return self->finish(failure(messages::error_code::line_unreadable, e.message()));
                       if (e || written) return self->give_up((e ? e : written).message());
                       self->arrive();
                     });
  }

  void arrive() {
    auto reply = parser_.release();
    const auto said = reply[text_of(profile::simulated_header)];
    incoming came{static_cast<int>(reply.result_int()), said == text_of(profile::simulated_value), {}};
    came.body = std::move(reply.body());
    if (reply.keep_alive()) reusable_ = true;
    finish(std::move(came));
  }

  void finish(result<incoming> came) {
    if (ended_) return;
    ended_ = true;
    timer_.cancel();
    resolver_.cancel();
    if (connection_ && reusable_ && came) line_.keep(std::move(connection_));
    if (connection_) connection_->close(); // cancels what is under way on it; the handlers still refer to it
    const auto self = shared_from_this();
    line_.exchanges_.erase(self);
    {
      const std::lock_guard lock{line_.mutex_};
      --line_.in_flight_;
    }
    const auto done = std::move(done_);
    done(std::move(came));
  }

  https_line& line_;
  const std::uint32_t wait_ms_max_;
  arrival done_;
  asio::steady_timer timer_;
  tcp::resolver resolver_;
  std::unique_ptr<connection> connection_;
  http::request<http::string_body> request_;
  http::response_parser<http::string_body> parser_;
  bool fresh_ = false; ///< the connection was made for this request
  bool sent_ = false;  ///< a byte of the request may have left
  bool reusable_ = false;
  bool ended_ = false;
};

void https_line::carry(outgoing request, std::uint32_t wait_ms_max, arrival done) {
  std::unique_lock lock{mutex_};
  if (stopped_ || in_flight_ >= options_.in_flight_max) {
    const bool stopped = stopped_;
    lock.unlock();
    return done(stopped ? failure(messages::error_code::line_down, "stopped")
                        : failure(messages::error_code::busy, "line"));
  }
  ++in_flight_;
  // posted under the lock: stop() posts after us, so that its handler finds every exchange that was let in
  asio::post(io_, [this, one = std::make_shared<exchange>(*this, std::move(request), wait_ms_max, std::move(done))] {
    exchanges_.insert(one);
    one->start();
  });
}

std::unique_ptr<connection> https_line::take_idle() {
  const auto oldest = steady::now() - std::chrono::milliseconds(options_.idle_ms_max);
  while (!idle_.empty()) {
    auto one = std::move(idle_.back()); // the freshest: the others get their chance to grow old
    idle_.pop_back();
    if (one->idle_since >= oldest && one->quiet()) return one;
  }
  return nullptr;
}

void https_line::keep(std::unique_ptr<connection> used) {
  used->idle_since = steady::now();
  idle_.push_back(std::move(used));
  if (idle_.size() > options_.idle_connections_max) idle_.pop_front();
}

void https_line::stop() {
  {
    const std::lock_guard lock{mutex_};
    if (!stopped_)
      asio::post(io_, [this] {
        const auto under_way = exchanges_; // a copy: giving up takes an exchange out of the set
        for (const auto& one : under_way)
          one->give_up("stopped");
        idle_.clear();
        io_.stop(); // a name look-up under way cannot be cancelled: nobody waits for it here
      });
    stopped_ = true;
  }
  const std::lock_guard lock{joining_};
  if (thread_.joinable()) thread_.join();
}

} // namespace

result<std::unique_ptr<line>> open_https_line(https_line_options options) {
  if (auto ok = check_certificate(options.ca_file, options.now_ms()); !ok) return failure(ok.error());
  if (auto ok = check_pair(options.certificate_file, options.key_file, options.now_ms()); !ok)
    return failure(ok.error());
  ssl::context context{ssl::context::tls_client};
  error_code e;
  const auto problem = [&](const std::filesystem::path& file) {
    return failure(messages::error_code::certificate_problem, file.string(), e.message());
  };
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  context.set_verify_mode(ssl::verify_peer, e);
  context.load_verify_file(options.ca_file.string(), e);
  if (e) return problem(options.ca_file);
  context.use_certificate_chain_file(options.certificate_file.string(), e);
  if (e) return problem(options.certificate_file);
  context.use_private_key_file(options.key_file.string(), ssl::context::pem, e);
  if (e) return problem(options.key_file);
  try {
    return std::make_unique<https_line>(std::move(options), std::move(context));
  } catch (const std::exception& trouble) { // no thread, no descriptor
    return failure(messages::error_code::line_down, trouble.what());
  }
}

} // namespace drivers::line
