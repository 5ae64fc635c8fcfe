// The thread behind a schedule.
#include "tools/schedule.hpp"

#include <utility>

namespace tools {

schedule::schedule(std::function<std::uint64_t()> work, std::function<std::uint64_t()> now_ms,
                   std::uint64_t first_ms, std::chrono::milliseconds looks_every)
    : work_(std::move(work)), now_ms_(std::move(now_ms)), first_ms_(first_ms), looks_every_(looks_every),
      thread_([this] { run(); }) {}

schedule::~schedule() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ended_.notify_one();
  thread_.join();
}

void schedule::run() {
  for (auto next = first_ms_;;) {
    if (now_ms_() >= next) next = work_();
    std::unique_lock lock(mutex_);
    if (ended_.wait_for(lock, looks_every_, [this] { return ending_; })) return;
  }
}

} // namespace tools
