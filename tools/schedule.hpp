// Work that comes round while a hub runs: on a thread of its own, by the clock of the wall.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

namespace tools {

/// Calls its work when its first time has come, and again whenever that has come which the work answered last.
class schedule {
public:
  static constexpr std::chrono::seconds usual{30};
  /// @p work answers when to call it next; both it and @p now_ms are in UTC milliseconds and are called on the thread.
  /// The clock is looked at every @p looks_every: it may be set while the thread sleeps.
  schedule(std::function<std::uint64_t()> work, std::function<std::uint64_t()> now_ms, std::uint64_t first_ms,
           std::chrono::milliseconds looks_every = usual);
  /// Waits for work that has begun.
  ~schedule();
  schedule(const schedule&) = delete;
  schedule& operator=(const schedule&) = delete;

private:
  void run();

  const std::function<std::uint64_t()> work_, now_ms_;
  const std::uint64_t first_ms_;
  const std::chrono::milliseconds looks_every_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool ending_ = false;
  std::thread thread_;
};

/// When what failed is tried again.
inline constexpr std::uint64_t schedule_retry_ms = 10 * 60'000;

} // namespace tools
