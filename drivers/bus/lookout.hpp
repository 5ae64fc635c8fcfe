// The eyes of sockets whose owner has no thread of its own: an actor is sent for when there is something to read.
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

namespace bus {

/// A thread that only looks: it calls on_ready once when a descriptor becomes readable, and then rests until it is told
/// to watch again. It touches no socket: ZMQ_FD stays readable until the owner has read (libzmq's manual, ZMQ_FD), so
/// the owner lets it rest while it works (what it sends to itself should wake nobody), and reads all there is before it
/// calls watch(). Watching and resting cost a system call and wake nobody. One thread at a time, but for the one that
/// calls on_ready.
class lookout {
public:
  explicit lookout(std::function<void()> on_ready);
  ~lookout();
  lookout(const lookout&) = delete;
  lookout& operator=(const lookout&) = delete;

  /// From now on these, instead of those before.
  void watch(const std::vector<int>& descriptors);
  /// on_ready may be called once more: it may be on its way.
  void rest();

private:
  void run();
  void arm(std::uint32_t events);

  std::function<void()> on_ready_;
  std::vector<int> watched_;
  int sockets_; ///< an epoll set of what is watched …
  int eyes_;    ///< … which the thread waits for in this one, once each time
  int ended_;   ///< an eventfd
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

} // namespace bus
