// Where the digits of one desk wait between the key press and the card: written by the screen, taken once by the
// reader.
#pragma once

#include "messages/secret.hpp"

#include <mutex>

namespace messages {

/// Thread-safe. Holds at most one secret; a newer one wipes the older.
class secret_slot {
public:
  void put(secret s) {
    const std::lock_guard lock{mutex_};
    held_ = std::move(s);
  }
  /// The secret, which is then no longer here; empty when none was put.
  secret take() {
    const std::lock_guard lock{mutex_};
    return std::move(held_);
  }
  void wipe() {
    const std::lock_guard lock{mutex_};
    held_.wipe();
  }

private:
  std::mutex mutex_;
  secret held_;
};

} // namespace messages
