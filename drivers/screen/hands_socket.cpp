// One thread, one poll set: connections of scripted hands, their lines in and out.
#include "drivers/screen/hands_socket.hpp"

#include "drivers/screen/spoken.hpp"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

namespace drivers::screen {
namespace {

using messages::error_code;
using messages::failure;

/// What is typed on the pad arrives here first: overwritten before it is let go.
void wipe(std::string& text) {
  volatile char* p = text.data();
  for (std::size_t i = 0; i < text.size(); ++i)
    p[i] = 0;
  text.clear();
}

struct connection {
  int fd = -1;
  std::string in, out;
};

std::span<const std::uint8_t> octets_of(const std::string& line) {
  return {reinterpret_cast<const std::uint8_t*>(line.data()), line.size()};
}

class hands_socket final : public pages {
public:
  hands_socket(hands_options options, int listener, int wake)
      : options_(std::move(options)), listener_(listener), wake_(wake) {}

  ~hands_socket() override {
    stop();
    ::close(listener_);
    ::close(wake_);
    ::unlink(options_.path.c_str());
  }

  void watch(watcher& who) override {
    watcher_ = &who;
    thread_ = std::thread([this] { run(); });
  }

  void send(page to, std::string line) override {
    const std::lock_guard lock{mutex_};
    if (const auto found = connections_.find(to); found != connections_.end()) queue(found->second, line);
    kick();
  }

  void stop() override {
    if (!thread_.joinable()) return;
    stopping_ = true;
    kick();
    thread_.join();
    for (auto& [p, c] : connections_)
      ::close(c.fd);
    connections_.clear();
  }

private:
  void kick() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto n = ::write(wake_, &one, sizeof one); // full means: already kicked
  }

  /// Over the limit the page is dropped by run(): its descriptor is shut, and read() says so.
  void queue(connection& c, const std::string& line) {
    if (c.out.size() + line.size() > options_.waiting_bytes_max)
      ::shutdown(c.fd, SHUT_RDWR);
    else
      c.out.append(line).push_back('\n');
  }

  void run() {
    while (!stopping_) {
      std::vector<pollfd> polled{{wake_, POLLIN, 0}, {listener_, POLLIN, 0}};
      std::vector<page> of;
      {
        const std::lock_guard lock{mutex_};
        for (const auto& [p, c] : connections_) {
          polled.push_back({c.fd, static_cast<short>(c.out.empty() ? POLLIN : POLLIN | POLLOUT), 0});
          of.push_back(p);
        }
      }
      if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) return;
      if (polled[0].revents) {
        std::uint64_t kicks = 0;
        [[maybe_unused]] const auto n = ::read(wake_, &kicks, sizeof kicks);
      }
      for (std::size_t i = 0; i < of.size(); ++i) {
        if (polled[i + 2].revents & POLLOUT) write_some(of[i]);
        if (polled[i + 2].revents & (POLLIN | POLLHUP | POLLERR)) read_some(of[i]);
      }
      if (polled[1].revents) accept_one();
    }
  }

  void accept_one() {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    page joined = 0;
    {
      const std::lock_guard lock{mutex_};
      if (connections_.size() >= options_.pages_max) {
        ::close(fd);
        return;
      }
      joined = ++last_page_;
      connections_[joined].fd = fd;
    }
    watcher_->page_joined(joined, {});
  }

  void write_some(page p) {
    const std::lock_guard lock{mutex_};
    auto& c = connections_.at(p);
    const auto n = ::send(c.fd, c.out.data(), c.out.size(), MSG_NOSIGNAL);
    if (n > 0) c.out.erase(0, static_cast<std::size_t>(n));
  }

  void read_some(page p) {
    std::array<char, 4096> buffer{};
    auto& c = connection_of(p);
    const auto n = ::recv(c.fd, buffer.data(), buffer.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n > 0) c.in.append(buffer.data(), static_cast<std::size_t>(n));
    ::explicit_bzero(buffer.data(), buffer.size());
    bool good = n > 0;
    for (std::size_t end = 0; good && (end = c.in.find('\n')) != std::string::npos;) {
      std::string line = c.in.substr(0, end);
      std::fill_n(c.in.begin(), end, '\0');
      c.in.erase(0, end + 1);
      take_line(p, line);
    }
    good = good && c.in.size() <= options_.line_bytes_max;
    if (!good) drop(p);
  }

  void take_line(page p, std::string& line) {
    const auto [what, text] = hear(page_kind::hands, true, octets_of(line), {options_.line_bytes_max, 0});
    if (what != spoken::pin && what != spoken::check_number) return watcher_->page_said(p, std::move(line));
    auto digits = messages::secret::from(text);
    wipe(line);
    auto* into = what == spoken::pin ? options_.pin : options_.check_number;
    if (into && digits) into->put(std::move(*digits));
  }

  connection& connection_of(page p) {
    const std::lock_guard lock{mutex_};
    return connections_.at(p); // only this thread erases
  }

  void drop(page p) {
    {
      const std::lock_guard lock{mutex_};
      auto& c = connections_.at(p);
      ::close(c.fd);
      wipe(c.in);
      connections_.erase(p);
    }
    watcher_->page_left(p);
  }

  hands_options options_;
  int listener_, wake_;
  watcher* watcher_ = nullptr;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_; ///< connections_, and each connection's `out`
  std::map<page, connection> connections_;
  page last_page_ = 0;
};

} // namespace

messages::result<std::unique_ptr<pages>> open_hands_socket(hands_options options) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (options.path.size() >= sizeof address.sun_path) return failure(error_code::path_too_long, options.path);
  std::memcpy(address.sun_path, options.path.c_str(), options.path.size() + 1);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  ::unlink(options.path.c_str());
  const auto old_mask = ::umask(0177); // 0600 from its first moment
  const bool bound =
      listener >= 0 && ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::umask(old_mask);
  if (!bound || ::listen(listener, 8) != 0) {
    const std::string why = std::strerror(errno);
    if (listener >= 0) ::close(listener);
    return failure(error_code::write_failed, options.path, why);
  }
  return std::make_unique<hands_socket>(std::move(options), listener, ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
}

} // namespace drivers::screen
