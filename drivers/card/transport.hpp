// The seam between the card conversation and the readers: APDUs go through a transport, transports come from a source.
#pragma once

#include "drivers/card/task.hpp"
#include "drivers/card/wiped.hpp"
#include "messages/bytes.hpp"
#include "messages/result.hpp"

#include <memory>
#include <string>

namespace drivers::card {

/// Why an exchange brought no answer, and whether the card may have got the command all the same.
struct loss {
  messages::error why;
  bool maybe_sent = false;
};
template <class T> using exchange = tl::expected<T, loss>;

inline tl::unexpected<loss> lost(messages::error why, bool maybe_sent) {
  return tl::unexpected<loss>{loss{std::move(why), maybe_sent}};
}

/// The way to the card in one slot of one attached reader. Everything happens on the loop's thread; every task ends,
/// also when the reader is unplugged or closed. Nothing is ever sent twice.
class transport {
public:
  virtual ~transport() = default;
  /// Powers the card, off first if it was on; the answer is the ATR.
  virtual task<exchange<messages::bytes>> power_on() = 0;
  /// One short APDU and its answer. After a loss with maybe_sent only power_on() brings the card back.
  virtual task<exchange<wiped_bytes>> transmit(wiped_bytes apdu) = 0;
};

/// What a source tells. Called on the loop's thread.
class source_watcher {
public:
  virtual ~source_watcher() = default;
  virtual void attached(std::shared_ptr<transport> reader, const std::string& model) = 0;
  virtual void detached(const messages::error& why) = 0;
  /// A card is (not) in the slot. @p exchanged: there may be another one than before.
  virtual void slot_changed(bool present, bool exchanged) = 0;
};

/// Finds a reader, keeps it open, and finds it again after it was lost.
class transport_source {
public:
  virtual ~transport_source() = default;
  virtual void start(source_watcher& watcher) = 0;
  /// Closes the reader; when it ends, nothing is told any more. No detached() is told for it.
  virtual task<nothing> stop() = 0;
};

} // namespace drivers::card
