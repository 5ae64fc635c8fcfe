// SIMULATED: what a CCID reader's firmware does, frame in, frames out, over a virtual slot. Pure but for the slot.
#pragma once

#include "drivers/card/ccid.hpp"
#include "drivers/card/rig.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

namespace drivers::card {

/// A frame for the bulk-IN pipe, and how long after the request it comes.
struct timed_frame {
  wiped_bytes bytes;
  std::chrono::milliseconds delay{0};
};

/// One slot at extended-APDU level. Not thread-safe.
class ccid_device {
public:
  ccid_device(std::shared_ptr<virtual_slot> slot, std::size_t message_size_max);

  /// The answers to one bulk-OUT transfer; none when the reader or the card is mute.
  std::vector<timed_frame> receive(ccid::octets request);
  /// Takes notice of the slot: a placed card is there only from now on, so that what the device answers and what it
  /// notifies agree. NotifySlotChange if that changed something, else nothing.
  wiped_bytes look();

private:
  struct head {
    std::uint8_t sequence = 0;
    std::uint8_t specific[3] = {};
  };
  wiped_bytes frame(ccid::reply type, const head& h, std::uint8_t status, std::uint8_t error, std::uint8_t chain,
                    ccid::octets data = {}) const;
  wiped_bytes power(const head& h, bool on);
  std::vector<timed_frame> transfer(const head& h, ccid::octets data);
  std::vector<timed_frame> run(const head& h);
  wiped_bytes next_block(const head& h);
  std::uint8_t card_status() const;

  std::shared_ptr<virtual_slot> slot_;
  std::size_t message_size_max_;
  bool powered_ = false;
  std::uint64_t noticed_card_ = 0; ///< placed_count of the card that was there when last looked; 0: none
  wiped_bytes command_, answer_;
  std::size_t answered_ = 0;
};

/// Device and configuration descriptors, as they stand in sysfs.
std::vector<std::uint8_t> make_descriptors(const rig_profile& profile);
/// The data of a control request on endpoint 0; empty: refused.
std::vector<std::uint8_t> answer_control(const rig_profile& profile, ccid::octets setup);

inline constexpr std::uint8_t rig_endpoint_out = 0x02, rig_endpoint_in = 0x81, rig_endpoint_interrupt = 0x83;

} // namespace drivers::card
