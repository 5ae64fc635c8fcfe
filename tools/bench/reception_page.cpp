// A WebSocket client of the least kind: loopback, unmasked text frames of a server, nothing written after the handshake
// but the answer to its pings.
#include "tools/bench/reception_page.hpp"

#include "messages/commands.hpp"
#include "messages/json.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>

namespace tools {

using namespace messages;

namespace {

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd >= 0 && ::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) return fd;
  ::close(fd);
  return -1;
}

bool write_all(int fd, const std::string& octets) {
  return ::send(fd, octets.data(), octets.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(octets.size());
}

/// The head of an answer; what follows it stays unread.
std::string read_head(int fd) {
  std::string head;
  for (char c = 0; !head.ends_with("\r\n\r\n") && head.size() < 16'384 && ::recv(fd, &c, 1, 0) == 1;)
    head += c;
  return head;
}

std::string cookie_of(std::uint16_t port, const std::string& host, const std::string& password) {
  const int fd = connect_to(port);
  const auto body = R"({"account":"development","password":")" + password + "\"}";
  write_all(fd, "POST /sign-in HTTP/1.1\r\nHost: " + host + "\r\nOrigin: http://" + host +
                    "\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " +
                    std::to_string(body.size()) + "\r\n\r\n" + body);
  const auto head = read_head(fd);
  ::close(fd);
  const auto at = head.find("Set-Cookie: ");
  return at == std::string::npos ? std::string{} : head.substr(at + 12, head.find(';', at) - at - 12);
}

} // namespace

result<std::unique_ptr<reception_page>> reception_page::open(const std::string& address, const std::string& password) {
  const auto colon = address.rfind(':');
  std::uint16_t port = 0;
  if (colon != std::string::npos) std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
  if (port == 0) return failure(error_code::wrong_value, "address", address);
  const auto host = "127.0.0.1:" + std::to_string(port);
  const auto cookie = cookie_of(port, host, password);
  const int fd = connect_to(port);
  const int at_once = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  write_all(fd, "GET /live/reception HTTP/1.1\r\nHost: " + host + "\r\nOrigin: http://" + host +
                    "\r\nCookie: " + cookie +
                    "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  if (read_head(fd).find(" 101 ") == std::string::npos) {
    ::close(fd);
    return failure(error_code::no_hub, address);
  }
  std::unique_ptr<reception_page> made{new reception_page{fd}};
  made->thread_ = std::thread([p = made.get()] { p->read_on(); });
  return made;
}

reception_page::~reception_page() {
  ::shutdown(fd_, SHUT_RDWR);
  if (thread_.joinable()) thread_.join();
  ::close(fd_);
}

void reception_page::read_on() {
  char buffer[65536];
  for (ssize_t n = 0; (n = ::recv(fd_, buffer, sizeof buffer, 0)) > 0;) {
    const auto at = std::chrono::steady_clock::now();
    in_.append(buffer, static_cast<std::size_t>(n));
    for (;;) {
      const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(in_[i]); };
      if (in_.size() < 2) break;
      std::size_t head = 2, size = octet(1) & 0x7f;
      if (size >= 126) {
        head = size == 126 ? 4 : 10;
        if (in_.size() < head) break;
        size = 0;
        for (std::size_t i = 2; i < head; ++i)
          size = size << 8 | octet(i);
      }
      if (in_.size() < head + size) break;
      const auto kind = octet(0) & 0x0f;
      if (kind == 1) take(in_.substr(head, size), at);
      if (kind == 9) write_all(fd_, std::string{"\x8a\x80\0\0\0\0", 6}); // a pong, masked with zeros
      in_.erase(0, head + size);
    }
  }
  const std::lock_guard lock{mutex_};
  over_ = true;
  changed_.notify_all();
}

void reception_page::take(const std::string& line, moment at) {
  const auto v = from_json(line);
  const auto* row = v ? v->find("checkin") : nullptr;
  const auto m =
      row ? message_from_json<show_at_reception>(*row) : result<show_at_reception>{failure(error_code::busy)};
  if (!m || m->outcome != question_outcome::answered) return;
  const std::lock_guard lock{mutex_};
  answered_.try_emplace(m->checkin, at);
  changed_.notify_all();
}

std::optional<reception_page::moment> reception_page::answered(const id& checkin, std::chrono::milliseconds most) {
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, most, [&] { return over_ || answered_.contains(checkin); });
  const auto found = answered_.find(checkin);
  return found == answered_.end() ? std::nullopt : std::optional{found->second};
}

} // namespace tools
