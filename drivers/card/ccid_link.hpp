// A transport over a CCID reader: its slots, which of them has the card, and who tells that a card comes or goes.
#pragma once

#include "drivers/card/ccid_slot.hpp"
#include "drivers/card/loop.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace drivers::card {

/// What the link notices by itself.
struct link_events {
  std::function<void(bool present, bool exchanged)> slot_changed;
  std::function<void(messages::error)> reader_lost; ///< once; the pipe is of no use any more
  std::function<void(const card_session&)> card_powered;
  frame_line frames;
};

/// All slots of one reader. A desk serves one patient: the slot where a card came first is the one that counts until
/// that card leaves; then another slot with a card. On the loop's thread; commands queue in the order of asking.
class ccid_link final : public transport {
public:
  ccid_link(event_loop& loop, std::shared_ptr<pipe> over, reader_profile how, link_limits limits, link_events events);

  /// Wakes the reader: up to three GetSlotStatus, the later ones short, so that toggle bits and stale frames of an
  /// earlier user are worked off (card-reader.md §2.4 no. 3). True when a card is there.
  task<exchange<bool>> warm_up();
  /// Asks whether a card is there, for readers without an interrupt endpoint. Skipped while a command runs.
  task<nothing> poll();
  bool tells_changes() const { return listening_; }
  const reader_profile& profile() const { return profile_; }

  task<exchange<messages::bytes>> power_on() override;
  task<exchange<wiped_bytes>> transmit(wiped_bytes apdu) override;

private:
  using milliseconds = std::chrono::milliseconds;

  void notice(const ccid::frame& f);
  void tell(std::uint8_t slot, bool present, bool exchanged);

  event_loop& loop_;
  const reader_profile profile_;
  link_events events_;
  ccid_channel channel_;
  std::vector<std::unique_ptr<ccid_slot>> slots_;
  std::uint8_t current_ = 0;
  async_lock lock_;
  bool listening_ = false, ready_ = false;
};

} // namespace drivers::card
