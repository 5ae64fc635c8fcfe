// The loop over epoll, as loop.hpp says.
#include "drivers/card/loop.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <system_error>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace drivers::card {

std::shared_ptr<event_loop> event_loop::shared() {
  static std::mutex guard;
  static std::weak_ptr<event_loop> one;
  const std::lock_guard lock{guard};
  auto loop = one.lock();
  if (!loop) one = loop = std::make_shared<event_loop>();
  return loop;
}

event_loop::event_loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (epoll_ < 0 || wake_ < 0) throw std::system_error{errno, std::generic_category(), "epoll"};
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wake_;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
  thread_ = std::thread{[this] { run(); }};
}

event_loop::~event_loop() {
  assert(!on_own_thread());
  {
    const std::lock_guard lock{guard_};
    ending_ = true;
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(wake_, &one, sizeof one);
  thread_.join();
  close(epoll_);
  close(wake_);
}

void event_loop::post(call what) {
  {
    const std::lock_guard lock{guard_};
    posted_.push_back(std::move(what));
  }
  if (on_own_thread()) return; // it looks before it sleeps
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(wake_, &one, sizeof one); // full: it is awake anyway
}

event_loop::timer event_loop::after(milliseconds wait, call what) {
  const timer key{std::chrono::steady_clock::now() + wait, ++last_timer_};
  timers_.emplace(key, std::move(what));
  return key;
}

void event_loop::watch(int fd, short events, call ready) {
  epoll_event event{};
  event.events = static_cast<std::uint32_t>(events); // EPOLLIN … EPOLLHUP have the values of POLLIN … POLLHUP
  event.data.fd = fd;
  const bool known = watched_.contains(fd);
  watched_[fd] = std::make_shared<call>(std::move(ready));
  epoll_ctl(epoll_, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
}

void event_loop::forget(int fd) {
  watched_.erase(fd);
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
}

void event_loop::run() {
  for (;;) {
    run_posted();
    run_timers();
    {
      const std::lock_guard lock{guard_};
      if (ending_) return;
      if (!posted_.empty()) continue;
    }
    wait();
  }
}

void event_loop::wait() {
  int wait_ms = -1;
  if (!timers_.empty()) {
    const auto left = timers_.begin()->first.first - std::chrono::steady_clock::now();
    const auto ms = std::chrono::ceil<milliseconds>(left).count(); // rounded up: never a loop of zero waits
    wait_ms = static_cast<int>(std::clamp<std::int64_t>(ms, 0, 3600'000));
  }
  std::array<epoll_event, 16> events{};
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms);
  for (int i = 0; i < count; ++i) {
    const int fd = events[static_cast<std::size_t>(i)].data.fd;
    if (fd == wake_) {
      std::uint64_t n = 0;
      [[maybe_unused]] const auto got = read(wake_, &n, sizeof n);
      continue;
    }
    const auto found = watched_.find(fd);
    if (found == watched_.end()) continue;
    const auto ready = found->second; // kept alive: the call may forget its own descriptor
    (*ready)();
  }
}

void event_loop::run_posted() {
  std::vector<call> now;
  {
    const std::lock_guard lock{guard_};
    now.swap(posted_);
  }
  for (auto& what : now) {
    what();
    what = nullptr; // what it holds goes before the next one runs
  }
}

void event_loop::run_timers() {
  const auto now = std::chrono::steady_clock::now();
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    auto due = timers_.extract(timers_.begin());
    due.mapped()();
  }
}

void wake_up::raise() {
  if (!waiter_) {
    raised_ = true;
    return;
  }
  loop_.cancel(timer_);
  loop_.post([who = std::exchange(waiter_, nullptr)] { who.resume(); });
}

void wake_up::waiting::await_suspend(std::coroutine_handle<> who) {
  assert(!of.waiter_);
  of.waiter_ = who;
  if (wait.count() < 0) return;
  of.timer_ = of.loop_.after(wait, [&wake = of] { std::exchange(wake.waiter_, nullptr).resume(); });
}

} // namespace drivers::card
