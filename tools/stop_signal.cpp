// A signalfd and an eventfd: the two ways to end.
#include "tools/stop_signal.hpp"

#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <mutex>

namespace tools {

struct stop_signal::parts {
  int signals = -1, failed = -1;
  std::mutex mutex;
  std::optional<messages::error> why;
};

stop_signal::stop_signal() : parts_(new parts) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  parts_->signals = ::signalfd(-1, &set, SFD_CLOEXEC);
  parts_->failed = ::eventfd(0, EFD_CLOEXEC);
}

stop_signal::~stop_signal() {
  ::close(parts_->signals);
  ::close(parts_->failed);
  delete parts_;
}

void stop_signal::fail(const messages::error& why) {
  {
    const std::lock_guard lock{parts_->mutex};
    if (!parts_->why) parts_->why = why;
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(parts_->failed, &one, sizeof one);
}

std::optional<messages::error> stop_signal::wait() {
  pollfd fds[2] = {{parts_->signals, POLLIN, 0}, {parts_->failed, POLLIN, 0}};
  while (::poll(fds, 2, -1) < 0) {
  } // interrupted
  const std::lock_guard lock{parts_->mutex};
  return parts_->why;
}

} // namespace tools
