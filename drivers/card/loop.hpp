// The one thread on which every reader of the process is served: descriptors, timers, posted calls. No busy waiting.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace drivers::card {

/// Sleeps in epoll until something happens. Only post(), on_own_thread() and shared() may be called on other threads.
/// What is posted is bounded by those who post: each has at most a fixed number of calls under way.
class event_loop {
public:
  using call = std::function<void()>;
  using milliseconds = std::chrono::milliseconds;

  /// The loop of this process; it ends when the last user has let go of it, which must not happen on its thread.
  static std::shared_ptr<event_loop> shared();

  event_loop();
  ~event_loop();
  event_loop(const event_loop&) = delete;
  event_loop& operator=(const event_loop&) = delete;

  void post(call what);
  bool on_own_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

  using timer = std::pair<std::chrono::steady_clock::time_point, std::uint64_t>;
  timer after(milliseconds wait, call what);
  void cancel(const timer& which) { timers_.erase(which); }

  /// Calls @p ready whenever @p fd has one of @p events (as for poll), until forget().
  void watch(int fd, short events, call ready);
  void forget(int fd);

private:
  void run();
  void wait();
  void run_posted();
  void run_timers();

  int epoll_ = -1, wake_ = -1;
  std::mutex guard_; // of posted_ and ending_
  std::vector<call> posted_;
  bool ending_ = false;
  std::map<timer, call> timers_;
  std::uint64_t last_timer_ = 0;
  std::map<int, std::shared_ptr<call>> watched_;
  std::thread thread_;
};

/// Something one coroutine waits for. Used on the loop's thread only; its owner outlives the waiting.
class wake_up {
public:
  explicit wake_up(event_loop& loop) : loop_(loop) {}

  /// Ends the waiting, or the next one if nobody waits. The waiter goes on from the loop, not from inside this call.
  void raise();

  struct waiting {
    wake_up& of;
    std::chrono::milliseconds wait;
    bool await_ready() { return std::exchange(of.raised_, false); }
    void await_suspend(std::coroutine_handle<> who);
    void await_resume() {}
  };
  /// co_await: goes on when raised, or after @p wait; negative: only when raised.
  waiting next(std::chrono::milliseconds wait = std::chrono::milliseconds{-1}) { return {*this, wait}; }

private:
  event_loop& loop_;
  bool raised_ = false;
  std::coroutine_handle<> waiter_;
  event_loop::timer timer_{};
};

} // namespace drivers::card
