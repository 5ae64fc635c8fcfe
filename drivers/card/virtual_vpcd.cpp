// SIMULATED: the front end for vpcd, as virtual_vpcd.hpp says.
#include "drivers/card/virtual_vpcd.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace drivers::card {

namespace {

using messages::error_code;

/// The control bytes; anything longer than one byte is an APDU.
constexpr std::uint8_t power_off = 0, power_on = 1, reset = 2, tell_atr = 4;
constexpr std::chrono::milliseconds connect_again{50};

class front final : public vpcd_front {
public:
  front(int socket, std::shared_ptr<virtual_card> card, std::function<void()> on_end)
      : socket_(socket), card_(std::move(card)), thread_([this, ended = std::move(on_end)] {
          while (serve_one()) {
          }
          card_->reset();
          if (ended) ended();
        }) {}
  front(const front&) = delete;
  front& operator=(const front&) = delete;
  ~front() override {
    shutdown(socket_, SHUT_RDWR); // wakes the thread
    thread_.join();
    close(socket_);
  }

private:
  bool receive(std::uint8_t* at, std::size_t size) {
    while (size > 0) {
      // vpcd writes length and content apart: without this each APDU waits 40 ms for an acknowledgement (§5)
      const int on = 1;
      setsockopt(socket_, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
      const auto n = recv(socket_, at, size, 0);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      at += n;
      size -= static_cast<std::size_t>(n);
    }
    return true;
  }

  bool send_message(apdu::octets content) {
    wiped_bytes out = {static_cast<std::uint8_t>(content.size() >> 8), static_cast<std::uint8_t>(content.size())};
    out.insert(out.end(), content.begin(), content.end());
    for (std::size_t sent = 0; sent < out.size();) {
      const auto n = send(socket_, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      sent += static_cast<std::size_t>(n);
    }
    return true;
  }

  bool serve_one() {
    std::uint8_t size[2] = {};
    if (!receive(size, sizeof size)) return false;
    wiped_bytes content(static_cast<std::size_t>(size[0] << 8 | size[1])); // it may hold a PIN
    if (!receive(content.data(), content.size())) return false;
    if (content.size() > 1) return send_message(card_->answer(content));
    if (content.empty()) return true;
    switch (content[0]) {
    case power_off:
    case power_on:
    case reset: card_->reset(); return true;
    case tell_atr: return send_message(card_->atr());
    default: return true; // a control byte of a later vpcd
    }
  }

  int socket_;
  std::shared_ptr<virtual_card> card_;
  std::thread thread_;
};

/// A connected socket; -1 when nobody is there yet.
int try_connect(const sockaddr_in& where) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0) return fd;
  close(fd);
  return -1;
}

} // namespace

messages::result<std::unique_ptr<vpcd_front>> vpcd_front::open(std::shared_ptr<virtual_card> card,
                                                               vpcd_options options) {
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(options.port);
  if (inet_pton(AF_INET, options.host.c_str(), &where.sin_addr) != 1)
    return messages::failure(error_code::wrong_value, "the address of vpcd", options.host);
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{options.connect_wait_ms_max};
  int fd = try_connect(where);
  while (fd < 0 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(connect_again);
    fd = try_connect(where);
  }
  if (fd < 0) return messages::failure(error_code::vpcd_silent, options.host + ":" + std::to_string(options.port));
  return std::make_unique<front>(fd, std::move(card), std::move(options.on_end));
}

} // namespace drivers::card
