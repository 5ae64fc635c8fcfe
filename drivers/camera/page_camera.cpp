// Frames from the patient's page: passed on to whoever waits, never kept.
#include "drivers/camera/port.hpp"

#include <mutex>
#include <utility>

namespace drivers::camera {
namespace {

class frames_of_page final : public page_camera {
public:
  void next(std::function<void(messages::wiped_bytes)> taken) override {
    const std::lock_guard lock{mutex_};
    waits_ = std::move(taken);
  }
  void rest() override {
    const std::lock_guard lock{mutex_};
    waits_ = nullptr;
  }
  void put(messages::wiped_bytes frame) override {
    if (frame.empty() || frame.size() > frame_bytes_max) return;
    std::function<void(messages::wiped_bytes)> taken;
    {
      const std::lock_guard lock{mutex_};
      taken = std::exchange(waits_, nullptr);
    }
    if (taken) taken(std::move(frame));
  }

private:
  std::mutex mutex_;
  std::function<void(messages::wiped_bytes)> waits_;
};

} // namespace

std::shared_ptr<page_camera> make_page_camera() { return std::make_shared<frames_of_page>(); }

} // namespace drivers::camera
