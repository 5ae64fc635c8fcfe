// The one thread of an engine.
#include "drivers/face/queued_engine.hpp"

namespace drivers::face {

using messages::error;
using messages::error_code;
using messages::failure;

void queued_engine::begin() {
  thread_ = std::thread([this] { work(); });
}

void queued_engine::enqueue(task what) {
  const std::lock_guard lock{mutex_};
  const bool too_many = waiting_ >= waiting_max;
  ++waiting_;
  queue_.push_back([this, too_many, what = std::move(what)](const error* why_not) {
    static const error busy{error_code::busy, {"face engine"}};
    what(too_many && !why_not ? &busy : why_not);
    const std::lock_guard again{mutex_};
    --waiting_;
  });
  changed_.notify_one();
}

void queued_engine::learn(messages::wiped_bytes photo, std::function<void(messages::result<void>)> done) {
  if (photo.size() > photo_bytes_max) messages::wiped_bytes{}.swap(photo); // refused like any other that is none
  auto held = std::make_shared<messages::wiped_bytes>(std::move(photo));
  enqueue([this, held, done = std::move(done)](const error* why_not) {
    done(why_not ? messages::result<void>{failure(*why_not)} : learn_now(*held));
  });
}

void queued_engine::look(messages::wiped_bytes frame, std::function<void(messages::result<frame_report>)> done) {
  if (frame.size() > frame_bytes_max) messages::wiped_bytes{}.swap(frame);
  auto held = std::make_shared<messages::wiped_bytes>(std::move(frame));
  enqueue([this, held, done = std::move(done)](const error* why_not) {
    done(why_not ? messages::result<frame_report>{failure(*why_not)} : look_now(*held));
  });
}

void queued_engine::forget() {
  const std::lock_guard lock{mutex_};
  queue_.push_back([this](const error*) { forget_now(); });
  changed_.notify_one();
}

void queued_engine::stop() {
  {
    const std::lock_guard lock{mutex_};
    ending_ = true;
    changed_.notify_one();
  }
  const std::lock_guard lock{joining_};
  if (thread_.joinable()) thread_.join();
}

bool queued_engine::ending() const {
  const std::lock_guard lock{mutex_};
  return ending_;
}

void queued_engine::work() {
  static const error stopped{error_code::face_engine_lost, {"stop"}};
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
    if (queue_.empty()) break;
    const auto next = std::move(queue_.front());
    queue_.pop_front();
    const bool ended = ending_;
    lock.unlock();
    next(ended ? &stopped : nullptr);
    lock.lock();
  }
  lock.unlock();
  forget_now();
}

} // namespace drivers::face
