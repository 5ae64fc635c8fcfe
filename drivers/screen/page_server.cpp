// One thread, one io_context: connections of browsers. An HTTP connection becomes a live page by an upgrade.
#include "drivers/screen/page_server.hpp"

#include "drivers/screen/connected.hpp"
#include "drivers/screen/spoken.hpp"
#include "drivers/screen/token.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace drivers::screen {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
namespace ssl = asio::ssl;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using messages::failure;
using plain_stream = beast::tcp_stream;
using tls_stream = beast::ssl_stream<beast::tcp_stream>;

constexpr std::uint32_t header_bytes_max = 16 * 1024;
constexpr std::uint32_t body_bytes_max = 4 * 1024;
constexpr auto accept_again = std::chrono::milliseconds{100};
constexpr auto entry_wait_max = std::chrono::seconds{45}; // longer than account administration may take

class server final : public page_server {
public:
  server(page_server_options options, std::map<std::string, page_file, std::less<>> site)
      : options_(std::move(options)), site_(std::move(site)) {}
  ~server() override { stop(); }

  messages::result<void> listen();
  std::uint16_t port() const override { return port_; }
  std::size_t connections() const override { return connection_count_; }
  void watch(watcher& who) override;
  void send(page to, std::string line) override;
  void let_in(std::uint64_t n, const std::string& account, const messages::id& session) override;
  void answer_entry(std::uint64_t n, int status, std::string json) override;
  void end_session(const messages::id& session) override;
  void stop() override;

  // -- for the connections, on the server's thread -----------------------------------------------------------------

  const page_server_options& options() const { return options_; }
  house_rules& rules() { return *rules_; }
  watcher& heard_by() { return *watcher_; }
  void add(connected& c) {
    connections_.insert(&c);
    connection_count_ = connections_.size();
  }
  void remove(connected& c) {
    connections_.erase(&c);
    connection_count_ = connections_.size();
  }
  /// Its number; 0 when there are too many.
  page join(const std::shared_ptr<live_page>& who, const visitor& as);
  void leave(page p);
  /// False: too many wait already.
  bool ask(const std::shared_ptr<waiting_entry>& who, entry typed);
  void close_pages(const messages::id& session);
  void give_up(std::uint64_t n);
  void left_by_the_door(const visitor& who);

private:
  messages::result<void> load_keys();
  void accept();

  page_server_options options_;
  std::map<std::string, page_file, std::less<>> site_;
  std::unique_ptr<house_rules> rules_;
  std::set<connected*> connections_; // outlives io_, whose last handlers hold connections
  std::atomic<std::size_t> connection_count_{0};
  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  asio::steady_timer again_{io_};
  std::optional<ssl::context> tls_;
  std::uint16_t port_ = 0;
  watcher* watcher_ = nullptr;
  std::map<page, std::shared_ptr<live_page>> pages_;
  page last_page_ = 0;
  struct asked_entry {
    std::shared_ptr<waiting_entry> who;
    std::chrono::steady_clock::time_point at;
  };
  std::map<std::uint64_t, asked_entry> entries_; // in the order of their asking
  std::uint64_t last_entry_ = 0;
  std::mutex joining_;
  std::thread thread_;
};

beast::string_view text_of(std::string_view text) { return {text.data(), text.size()}; }
std::string text_from(beast::string_view text) { return {text.data(), text.size()}; }

// -- a page --------------------------------------------------------------------------------------------------------

/// One WebSocket. Keeps itself alive by what it waits for.
template <class Stream>
class live final : public live_page, public connected, public std::enable_shared_from_this<live<Stream>> {
public:
  live(server& owner, Stream&& stream, visitor who)
      : server_(owner), socket_(std::move(stream)), visitor_(std::move(who)) {
    server_.add(*this);
  }
  ~live() override { server_.remove(*this); }

  void start(const http::request<http::string_body>& asked) {
    beast::get_lowest_layer(socket_).expires_never();
    websocket::stream_base::timeout limits{};
    limits.handshake_timeout = std::chrono::seconds{10};
    limits.idle_timeout = std::chrono::seconds{30};
    limits.keep_alive_pings = true;
    socket_.set_option(limits);
    const bool has_camera = visitor_.kind == page_kind::patient && server_.options().frame;
    limits_ = {server_.options().line_bytes_max, has_camera ? server_.options().frame_bytes_max : 0};
    socket_.read_message_max(std::max(limits_.line_bytes_max, limits_.frame_bytes_max));
    buffer_.reserve(limits_.frame_bytes_max); // a buffer that grows leaves copies behind that nobody wipes
    socket_.async_accept(asked, [self = this->shared_from_this()](error_code wrong) {
      if (wrong) return;
      self->number_ = self->server_.join(self, self->visitor_);
      if (self->number_ != 0) self->read();
    });
  }

  void send(std::shared_ptr<const std::string> line) override {
    if (closing_) return;
    waiting_bytes_ += line->size();
    if (waiting_bytes_ > server_.options().waiting_bytes_max) return close(); // it does not read
    waiting_.push_back(std::move(line));
    if (waiting_.size() == 1) write();
  }
  void close() override {
    closing_ = true;
    close_now();
  }
  void close_now() override { beast::get_lowest_layer(socket_).close(); }
  const visitor& who() const override { return visitor_; }

private:
  void read() {
    socket_.async_read(buffer_, [self = this->shared_from_this()](error_code wrong, std::size_t) {
      if (wrong || self->closing_ || !self->take()) return self->leave();
      self->read();
    });
  }

  /// One message. What was read is overwritten before it is let go: it may be a PIN, or a face.
  bool take() {
    auto* at = static_cast<std::uint8_t*>(buffer_.data().data());
    const auto size = buffer_.size();
    const auto [what, text] = hear(visitor_.kind, socket_.got_text(), {at, size}, limits_);
    switch (what) {
    case spoken::refused: break;
    case spoken::line: server_.heard_by().page_said(number_, std::string{text}); break;
    case spoken::pin: put(server_.options().pin, text); break;
    case spoken::check_number: put(server_.options().check_number, text); break;
    case spoken::frame: server_.options().frame(messages::wiped_bytes(at, at + size)); break;
    }
    messages::wipe(at, size);
    buffer_.consume(size);
    return what != spoken::refused;
  }

  void put(messages::secret_slot* into, std::string_view digits) const {
    auto held = messages::secret::from(digits);
    const auto& at_home = server_.options().pin_at_home;
    if (held && visitor_.kind == page_kind::patient && into) into->put(std::move(*held));
    if (held && visitor_.kind == page_kind::home_reception && at_home) at_home(number_, std::move(*held));
  }

  void write() {
    socket_.text(true);
    socket_.async_write(asio::buffer(*waiting_.front()), [self = this->shared_from_this()](error_code wrong, auto) {
      if (wrong) return self->close();
      self->waiting_bytes_ -= self->waiting_.front()->size();
      self->waiting_.pop_front();
      if (!self->waiting_.empty()) self->write();
    });
  }

  void leave() {
    closing_ = true;
    if (number_ != 0) server_.leave(number_);
    number_ = 0;
  }

  server& server_;
  websocket::stream<Stream> socket_;
  visitor visitor_;
  speech_limits limits_;
  beast::flat_buffer buffer_;
  std::deque<std::shared_ptr<const std::string>> waiting_;
  std::size_t waiting_bytes_ = 0;
  page number_ = 0;
  bool closing_ = false;
};

// -- a connection --------------------------------------------------------------------------------------------------

/// One HTTP connection: requests one after another, until it becomes a page.
template <class Stream>
class visit final : public connected, public waiting_entry, public std::enable_shared_from_this<visit<Stream>> {
public:
  visit(server& owner, Stream&& stream) : server_(owner), stream_(std::move(stream)) { server_.add(*this); }
  ~visit() override { server_.remove(*this); }

  void start() {
    expire();
    if constexpr (std::is_same_v<Stream, tls_stream>)
      stream_.async_handshake(ssl::stream_base::server, [self = this->shared_from_this()](error_code wrong) {
        if (!wrong) self->read();
      });
    else
      read();
  }
  void close_now() override {
    if (!moved_) beast::get_lowest_layer(stream_).close();
  }
  void answered(const answer& said) override { reply(said, false); }

private:
  void expire() {
    beast::get_lowest_layer(stream_).expires_after(std::chrono::milliseconds{server_.options().request_ms_max});
  }

  void read() {
    expire();
    parser_.emplace();
    parser_->header_limit(header_bytes_max);
    parser_->body_limit(body_bytes_max);
    http::async_read(stream_, buffer_, *parser_, [self = this->shared_from_this()](error_code wrong, std::size_t) {
      if (wrong == http::error::header_limit || wrong == http::error::body_limit) return self->refuse(413);
      if (!wrong) self->handle();
    });
  }

  void refuse(int status) {
    answer a;
    a.status = status;
    a.body = "too much";
    keep_alive_ = false;
    reply(a, false);
  }

  void handle() {
    auto& asked = parser_->get();
    keep_alive_ = asked.keep_alive();
    request_facts facts;
    facts.method = text_from(asked.method_string());
    facts.target = text_from(asked.target());
    facts.host = text_from(asked[http::field::host]);
    facts.origin = text_from(asked[http::field::origin]);
    facts.cookie = text_from(asked[http::field::cookie]);
    facts.content_type = text_from(asked[http::field::content_type]);
    facts.upgrade = websocket::is_upgrade(asked);
    error_code unknown;
    const auto other_end = beast::get_lowest_layer(stream_).socket().remote_endpoint(unknown);
    if (!unknown) facts.place = other_end.address().to_string();
    facts.body = std::move(asked.body());
    auto said = server_.rules().decide(facts);
    messages::wipe(facts.body.data(), facts.body.size()); // a password
    if (!said.refused.empty()) spdlog::warn("refused: {}, from {}", said.refused, facts.place);
    if (said.asks) {
      if (!server_.ask(this->shared_from_this(), std::move(*said.asks))) refuse(503);
      return;
    }
    if (said.left) server_.left_by_the_door(*said.left);
    if (!said.granted) return reply(said, asked.method() == http::verb::head);
    moved_ = true;
    std::make_shared<live<Stream>>(server_, std::move(stream_), *said.granted)->start(asked);
  }

  void reply(const answer& said, bool head) {
    response_ = {static_cast<http::status>(said.status), 11};
    for (const auto& [name, value] : server_.rules().headers())
      response_.set(text_of(name), text_of(value));
    if (!said.body.empty()) response_.set(http::field::content_type, text_of(said.type));
    if (!said.location.empty()) response_.set(http::field::location, text_of(said.location));
    if (!said.cookie.empty()) response_.set(http::field::set_cookie, text_of(said.cookie));
    response_.keep_alive(keep_alive_);
    response_.body() = said.body;
    response_.prepare_payload();
    if (head) response_.body().clear(); // the length stays: it is the one of the body that GET would bring
    expire();
    http::async_write(stream_, response_, [self = this->shared_from_this()](error_code wrong, std::size_t) {
      if (wrong || !self->keep_alive_) return self->close_now();
      self->read();
    });
  }

  server& server_;
  Stream stream_;
  beast::flat_buffer buffer_{header_bytes_max + body_bytes_max};
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  bool keep_alive_ = true, moved_ = false;
};

// -- the server ----------------------------------------------------------------------------------------------------

messages::result<void> server::load_keys() {
  tls_.emplace(ssl::context::tls_server);
  error_code wrong;
  tls_->set_options(ssl::context::no_sslv2 | ssl::context::no_sslv3 | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1,
                    wrong);
  tls_->use_certificate_chain_file(options_.certificate, wrong);
  if (wrong) return failure(messages::error_code::file_unreadable, options_.certificate, wrong.message());
  tls_->use_private_key_file(options_.key, ssl::context::pem, wrong);
  if (wrong) return failure(messages::error_code::file_unreadable, options_.key, wrong.message());
  return {};
}

messages::result<void> server::listen() {
  error_code wrong;
  const auto address = asio::ip::make_address(options_.address, wrong);
  if (wrong) return failure(messages::error_code::wrong_value, "address", options_.address);
  const bool tls = !options_.certificate.empty();
  if (!address.is_loopback() && (!tls || options_.development_account))
    return failure(messages::error_code::pages_beyond_host, options_.address);
  if (tls)
    if (auto loaded = load_keys(); !loaded) return loaded;
  const tcp::endpoint at{address, options_.port};
  acceptor_.open(at.protocol(), wrong);
  if (!wrong) acceptor_.set_option(tcp::acceptor::reuse_address(true), wrong);
  if (!wrong) acceptor_.bind(at, wrong);
  if (!wrong) acceptor_.listen(asio::socket_base::max_listen_connections, wrong);
  if (wrong) return failure(messages::error_code::port_taken, std::to_string(options_.port), wrong.message());
  port_ = acceptor_.local_endpoint(wrong).port();
  auto of = options_.of;
  of.tls = tls;
  options_.names.insert(options_.names.end(), {options_.address, "localhost"});
  for (const auto& name : options_.names)
    of.hosts.push_back(name + ":" + std::to_string(port_));
  if (port_ == (tls ? 443 : 80)) of.hosts.insert(of.hosts.end(), options_.names.begin(), options_.names.end());
  if (!of.token) of.token = fresh_token;
  if (!of.now_ms)
    of.now_ms = [] {
      const auto since = std::chrono::steady_clock::now().time_since_epoch();
      return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
    };
  rules_ = std::make_unique<house_rules>(std::move(of), std::move(site_));
  return {};
}

void server::watch(watcher& who) {
  watcher_ = &who;
  accept();
  thread_ = std::thread([this] { io_.run(); });
}

void server::accept() {
  acceptor_.async_accept([this](error_code wrong, tcp::socket socket) {
    if (wrong == asio::error::operation_aborted) return;
    if (wrong) { // out of descriptors: those that are there go on
      again_.expires_after(accept_again);
      again_.async_wait([this](error_code stopped) {
        if (!stopped) accept();
      });
      return;
    }
    if (connections_.size() < options_.connections_max) {
      socket.set_option(tcp::no_delay(true), wrong);
      if (tls_)
        std::make_shared<visit<tls_stream>>(*this, tls_stream{std::move(socket), *tls_})->start();
      else
        std::make_shared<visit<plain_stream>>(*this, plain_stream{std::move(socket)})->start();
    }
    accept();
  });
}

page server::join(const std::shared_ptr<live_page>& who, const visitor& as) {
  if (pages_.size() >= options_.pages_max) return 0;
  if (!as.session.empty() && !rules_->is_open(as.session)) return 0;
  const auto number = ++last_page_;
  pages_[number] = who;
  watcher_->page_joined(number, as);
  return number;
}

void server::leave(page p) {
  pages_.erase(p);
  watcher_->page_left(p);
}

/// Whoever should have answered began anew meanwhile.
void server::give_up(std::uint64_t n) {
  drivers::screen::answer late;
  late.status = 503;
  late.body = "busy";
  entries_.extract(n).mapped().who->answered(late);
}

bool server::ask(const std::shared_ptr<waiting_entry>& who, entry typed) {
  const auto now = std::chrono::steady_clock::now();
  while (!entries_.empty() && now > entries_.begin()->second.at + entry_wait_max)
    give_up(entries_.begin()->first);
  if (entries_.size() >= options_.entries_max) return false;
  entries_[++last_entry_] = {who, now};
  watcher_->entry_asked(last_entry_, std::move(typed));
  return true;
}

void server::let_in(std::uint64_t n, const std::string& account, const messages::id& session) {
  asio::post(io_, [this, n, account, session] {
    const auto found = entries_.extract(n);
    if (!found.empty()) found.mapped().who->answered(rules_->let_in(account, session));
  });
}

void server::answer_entry(std::uint64_t n, int status, std::string json) {
  asio::post(io_, [this, n, status, json = std::move(json)]() mutable {
    answer said;
    said.status = status;
    said.type = "application/json";
    said.body = std::move(json);
    if (const auto found = entries_.extract(n); !found.empty()) found.mapped().who->answered(said);
  });
}

void server::close_pages(const messages::id& session) {
  if (session.empty()) return; // the development account's, whose pages are not told apart
  const auto all = pages_;
  for (const auto& [number, one] : all)
    if (one->who().session == session) one->close();
}

void server::end_session(const messages::id& session) {
  asio::post(io_, [this, session] {
    rules_->end_session(session);
    close_pages(session);
  });
}

void server::left_by_the_door(const visitor& who) {
  close_pages(who.session);
  if (!who.session.empty()) watcher_->session_left(who.account, who.session);
}

void server::send(page to, std::string line) {
  asio::post(io_, [this, to, line = std::make_shared<const std::string>(std::move(line))] {
    if (const auto found = pages_.find(to); found != pages_.end()) found->second->send(line);
  });
}

void server::stop() {
  const std::lock_guard lock{joining_};
  if (!thread_.joinable()) return;
  asio::post(io_, [this] {
    error_code ignored;
    acceptor_.close(ignored);
    again_.cancel();
    const auto all = connections_;
    for (auto* c : all)
      c->close_now();
    io_.stop();
  });
  thread_.join();
  entries_.clear();
  pages_.clear();
}

} // namespace

messages::result<std::unique_ptr<page_server>> open_page_server(page_server_options options) {
  auto site = read_site(options.folder);
  if (!site) return failure(site.error());
  auto made = std::make_unique<server>(std::move(options), std::move(*site));
  if (auto listening = made->listen(); !listening) return failure(listening.error());
  return made;
}

} // namespace drivers::screen
