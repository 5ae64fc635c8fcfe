// What every engine has in common: one thread, calls in order, a bounded queue, an end that answers what waits.
#pragma once

#include "drivers/face/port.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace drivers::face {

/// An engine says what it does with one photo and one frame; these run on the one thread, one after another.
class queued_engine : public engine {
public:
  void learn(messages::wiped_bytes photo, std::function<void(messages::result<void>)> done) override;
  void look(messages::wiped_bytes frame, std::function<void(messages::result<frame_report>)> done) override;
  void forget() override;
  void stop() override;

protected:
  virtual messages::result<void> learn_now(const messages::wiped_bytes& photo) = 0;
  virtual messages::result<frame_report> look_now(const messages::wiped_bytes& frame) = 0;
  virtual void forget_now() = 0;
  /// Once, before anything else: members of the derived class are there.
  void begin();
  bool ending() const;

private:
  using task = std::function<void(const messages::error* why_not)>;
  void enqueue(task what);
  void work();

  mutable std::mutex mutex_;
  std::mutex joining_;
  std::condition_variable changed_;
  std::deque<task> queue_;
  int waiting_ = 0; ///< learn and look among the tasks
  bool ending_ = false;
  std::thread thread_;
};

} // namespace drivers::face
