// SIMULATED: the rig: a CCID device on a mocked USB node, following its slot, as rig.hpp says.
#include "drivers/card/card_authority.hpp"
#include "drivers/card/rig/usb_node.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include <dlfcn.h>

namespace drivers::card {

namespace {

/// Unplugged nodes that are kept until their user has surely let go.
constexpr std::size_t old_nodes_max = 4;

class rig final : public usb_rig {
public:
  rig(std::shared_ptr<virtual_slot> slot, rig_profile profile)
      : slot_(std::move(slot)), profile_(std::move(profile)), bed_(open_testbed()) {}
  rig(const rig&) = delete;
  rig& operator=(const rig&) = delete;
  ~rig() override {
    slot_->set_front({});
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock{guard_};
      ending_ = true;
    }
    woken_.notify_one();
    thread_.join();
  }

  messages::result<void> begin() {
    last_ = slot_->now();
    if (last_.plugged) {
      const auto plugged = attach();
      if (!plugged) return plugged;
    }
    slot_->set_front([this] { wake(); });
    thread_ = std::thread{[this] { run(); }};
    wake(); // for what happened before the front was set
    return {};
  }

  void plug() override { slot_->plug(); }
  void unplug() override { slot_->unplug(); }
  void misbehave(misdeed what) override {
    const std::lock_guard lock{guard_};
    if (device_) device_->misbehave(std::move(what));
  }

private:
  void wake() {
    {
      const std::lock_guard lock{guard_};
      woken_again_ = true;
    }
    woken_.notify_one();
  }

  messages::result<void> attach() {
    auto device = std::make_shared<ccid_device>(slot_, profile_);
    node_device behind{[this](ccid::octets setup) { return answer_control(profile_, setup); },
                       [device](ccid::octets request) {
                         auto answer =
                             device->listens(request) ? std::optional{device->receive(request)} : std::nullopt;
                         give_back_chance(); // this is umockdev's thread
                         return answer;
                       },
                       [this] { wake(); }};
    auto node = usb_node::plug(bed_, profile_, std::move(behind));
    if (!node) return messages::failure(node.error());
    node_ = std::move(*node);
    const std::lock_guard lock{guard_};
    device_ = std::move(device);
    return {};
  }

  void detach() {
    if (!node_) return;
    {
      const std::lock_guard lock{guard_};
      device_.reset();
    }
    node_->unplug();
    old_nodes_.push_back(std::move(node_));
    if (old_nodes_.size() > old_nodes_max) old_nodes_.pop_front();
  }

  /// The rig's thread: follows the slot and delivers what is late. umockdev's ioctls come on a thread of its own.
  void run() {
    std::unique_lock lock{guard_};
    while (!ending_) {
      woken_again_ = false;
      lock.unlock();
      const auto due = follow();
      lock.lock();
      const auto until = due.value_or(usb_node::time::max());
      const auto called = [this] { return woken_again_ || ending_; };
      if (due)
        woken_.wait_until(lock, until, called);
      else
        woken_.wait(lock, called);
    }
    lock.unlock();
    detach();
  }

  std::optional<usb_node::time> follow() {
    const auto now = slot_->now();
    const auto before = std::exchange(last_, now);
    const bool left = node_ && (!now.plugged || now.unplugged_count != before.unplugged_count);
    if (left) detach();
    if (!node_ && now.plugged) [[maybe_unused]]
      const auto plugged = attach(); // refused: tried again at the next change
    if (!node_) return std::nullopt;
    node_->interrupt([this] {
      auto message = device_->look(); // only this thread makes and drops the device
      return profile_.interrupt_endpoint ? message : wiped_bytes{};
    });
    return node_->deliver();
  }

  std::shared_ptr<virtual_slot> slot_;
  const rig_profile profile_;
  std::shared_ptr<usb_testbed> bed_;
  std::shared_ptr<ccid_device> device_;
  std::unique_ptr<usb_node> node_;
  std::deque<std::unique_ptr<usb_node>> old_nodes_;
  virtual_slot::state last_;

  std::mutex guard_;
  std::condition_variable woken_;
  bool woken_again_ = false, ending_ = false;
  std::thread thread_;
};

} // namespace

bool usb_rig::is_possible() {
  // preloaded means loaded already; umockdev's own question is answered by a running test bed only
  return dlopen("libumockdev-preload.so.0", RTLD_LAZY | RTLD_NOLOAD) != nullptr;
}

messages::result<std::unique_ptr<usb_rig>> usb_rig::start(std::shared_ptr<virtual_slot> slot, rig_profile profile) {
  if (!is_possible())
    return messages::failure(messages::error_code::wrong_value, "LD_PRELOAD",
                             "without libumockdev-preload.so.0: the emulated USB reader needs it");
  auto made = std::make_unique<rig>(std::move(slot), std::move(profile));
  const auto begun = made->begin();
  if (!begun) return messages::failure(begun.error());
  return made;
}

} // namespace drivers::card
