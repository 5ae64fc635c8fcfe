// The loop of the lookout: wait, say so, rest.
#include "drivers/bus/lookout.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace bus {

namespace {

void change(int set, int operation, int fd, std::uint32_t events) {
  epoll_event what{};
  what.events = events;
  ::epoll_ctl(set, operation, fd, &what); // a descriptor that is closed has left the set by itself
}

} // namespace

lookout::lookout(std::function<void()> on_ready)
    : on_ready_(std::move(on_ready)), sockets_(::epoll_create1(EPOLL_CLOEXEC)), eyes_(::epoll_create1(EPOLL_CLOEXEC)),
      ended_(::eventfd(0, EFD_CLOEXEC)) {
  change(eyes_, EPOLL_CTL_ADD, ended_, EPOLLIN);
  change(eyes_, EPOLL_CTL_ADD, sockets_, 0);
  thread_ = std::thread([this] { run(); });
}

lookout::~lookout() {
  stopping_ = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(ended_, &one, sizeof one);
  thread_.join();
  for (const auto fd : {ended_, eyes_, sockets_})
    ::close(fd);
}

void lookout::watch(const std::vector<int>& descriptors) {
  if (descriptors != watched_) {
    for (const auto fd : watched_)
      change(sockets_, EPOLL_CTL_DEL, fd, 0);
    for (const auto fd : descriptors)
      change(sockets_, EPOLL_CTL_ADD, fd, EPOLLIN);
    watched_ = descriptors;
  }
  arm(EPOLLIN | EPOLLONESHOT);
}

void lookout::rest() { arm(0); }

void lookout::arm(std::uint32_t events) { change(eyes_, EPOLL_CTL_MOD, sockets_, events); }

void lookout::run() {
  epoll_event what{};
  while (!stopping_)
    if (::epoll_wait(eyes_, &what, 1, -1) == 1 && !stopping_) on_ready_();
}

} // namespace bus
