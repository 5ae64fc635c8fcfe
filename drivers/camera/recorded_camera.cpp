// SIMULATED: a camera that shows what was recorded.
#include "drivers/camera/port.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace drivers::camera {
namespace {

class recorded final : public camera {
public:
  explicit recorded(std::vector<messages::wiped_bytes> frames)
      : frames_(std::move(frames)), thread_([this] { play(); }) {}
  ~recorded() override {
    {
      const std::lock_guard lock{mutex_};
      ending_ = true;
      changed_.notify_one();
    }
    thread_.join();
  }
  void next(std::function<void(messages::wiped_bytes)> taken) override {
    const std::lock_guard lock{mutex_};
    waits_ = std::move(taken);
    changed_.notify_one();
  }
  void rest() override {
    const std::lock_guard lock{mutex_};
    waits_ = nullptr;
  }

private:
  void play() {
    std::unique_lock lock{mutex_};
    for (;;) {
      changed_.wait(lock, [this] { return ending_ || (waits_ && !frames_.empty()); });
      if (ending_) return;
      const auto taken = std::exchange(waits_, nullptr);
      auto frame = frames_[at_];
      if (at_ + 1 < frames_.size()) ++at_;
      lock.unlock();
      taken(std::move(frame));
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void(messages::wiped_bytes)> waits_;
  std::vector<messages::wiped_bytes> frames_;
  std::size_t at_ = 0;
  bool ending_ = false;
  std::thread thread_;
};

} // namespace

std::shared_ptr<camera> make_recorded_camera(std::vector<messages::wiped_bytes> frames) {
  return std::make_shared<recorded>(std::move(frames));
}

} // namespace drivers::camera
