// A transport over a CCID reader at extended-APDU level: sequence numbers, time extensions, chaining, recovery.
#pragma once

#include "drivers/card/ccid.hpp"
#include "drivers/card/descriptor.hpp"
#include "drivers/card/loop.hpp"
#include "drivers/card/pipe.hpp"
#include "drivers/card/transport.hpp"

#include <functional>
#include <memory>

namespace drivers::card {

/// How long a reader may take.
struct link_limits {
  std::chrono::milliseconds answer_wait{3000}; ///< one answer; multiplied by a time extension
  std::chrono::milliseconds power_on_wait{60000};
  std::chrono::milliseconds write_wait{5000};
  std::chrono::milliseconds drain_wait{100};      ///< for what the interrupt pipe holds from before
  std::chrono::milliseconds resync_wait{100};     ///< second and third try of the warm-up
  std::chrono::milliseconds extended_wait{90000}; ///< of one command in all, extensions included
};

/// What the link notices by itself.
struct link_events {
  std::function<void(bool present, bool exchanged)> slot_changed;
  std::function<void(messages::error)> reader_lost; ///< once; the pipe is of no use any more
};

/// Slot 0 of one reader. On the loop's thread; commands queue in the order of asking.
class ccid_link final : public transport {
public:
  ccid_link(event_loop& loop, std::shared_ptr<pipe> over, profile how, link_limits limits, link_events events);

  /// Wakes the reader: up to three GetSlotStatus, the later ones short, so that toggle bits and stale frames of an
  /// earlier user are worked off (card-reader.md §2.4 no. 3). True when a card is there.
  task<exchange<bool>> warm_up();
  /// Asks whether a card is there, for readers without an interrupt endpoint. Skipped while a command runs.
  task<nothing> poll();
  bool tells_changes() const { return listening_; }

  task<exchange<messages::bytes>> power_on() override;
  task<exchange<wiped_bytes>> transmit(wiped_bytes apdu) override;

private:
  using milliseconds = std::chrono::milliseconds;
  struct question {
    ccid::request type{};
    std::array<std::uint8_t, 3> specific{};
    ccid::octets data{};
    milliseconds wait{};
  };

  task<exchange<ccid::frame>> run(question q);
  task<exchange<ccid::frame>> read_reply(ccid::request type, std::uint8_t sequence, milliseconds wait);
  task<exchange<ccid::frame>> get_status(milliseconds wait);
  task<exchange<ccid::frame>> send_blocks(const wiped_bytes& apdu);
  task<exchange<wiped_bytes>> collect(ccid::frame first);
  loss from(pipe_status status, ccid::request type);
  loss from(const ccid::frame& failed, ccid::request type);
  void notice(const ccid::frame& f);
  void tell(bool present, bool exchanged);
  void lose(messages::error why);

  event_loop& loop_;
  std::shared_ptr<pipe> pipe_;
  profile profile_;
  link_limits limits_;
  link_events events_;
  async_lock lock_;
  std::uint8_t sequence_ = 0;
  bool listening_ = false, ready_ = false, lost_ = false;
  bool present_ = false;
  bool powered_ = false; ///< the card is active and its exchanges are in step
};

} // namespace drivers::card
