// Where a card's photo waits, inside one desk's process, between the reader that read it and the face engine: it is in
// no message, file or log.
#pragma once

#include "messages/id.hpp"
#include "messages/wiped.hpp"

#include <mutex>

namespace messages {

/// Thread-safe. Holds at most one photo (JPEG 2000), of one placing of one card; a newer one wipes the older.
class photo_slot {
public:
  void put(id reader_session, wiped_bytes photo) {
    const std::lock_guard lock{mutex_};
    session_ = reader_session;
    photo_ = std::move(photo);
  }
  /// The photo of this very placing, which is then no longer here; empty when there is none.
  wiped_bytes take(id reader_session) {
    const std::lock_guard lock{mutex_};
    wiped_bytes taken;
    if (session_ == reader_session) taken.swap(photo_);
    return taken;
  }
  void wipe() {
    const std::lock_guard lock{mutex_};
    wiped_bytes{}.swap(photo_);
    session_ = {};
  }

private:
  std::mutex mutex_;
  id session_;
  wiped_bytes photo_;
};

} // namespace messages
