// SIMULATED: a CCID reader as a USB device under umockdev, so that libusb itself opens a virtual slot (library
// card_rig).
#pragma once

#include "drivers/card/virtual_slot.hpp"
#include "messages/result.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace drivers::card {

/// What the device says it is. The default is Sony's RC-S300 (card-reader.md §2.5).
struct rig_profile {
  std::uint16_t vendor = 0x054C, product = 0x0DC8;
  std::string manufacturer = "UKETSUKE", name = "Simulated FeliCa Port/PaSoRi";
  std::uint8_t interface_class = 0x0B;
  std::uint32_t features = 0x0004007E;  ///< dwFeatures: extended APDU
  std::uint32_t protocols = 2;          ///< T=1
  std::uint32_t message_size_max = 522; ///< smaller ones force chaining in both directions
  bool interrupt_endpoint = true;
  bool held_by_another = false; ///< as if pcscd had claimed it
};

/// One USB reader in front of @p slot, from start() to its end. It follows the slot: plug and unplug, place and remove
/// (NotifySlotChange), scripted faults. Several may run in one process.
class usb_rig {
public:
  /// Plugs the reader in if the slot says so. The process must have been started with
  /// LD_PRELOAD=libumockdev-preload.so.0, and libusb must not be in use yet; else wrong_value, no_reader.
  static messages::result<std::unique_ptr<usb_rig>> start(std::shared_ptr<virtual_slot> slot, rig_profile profile = {});
  /// True when this process was started with umockdev's preload library.
  static bool is_possible();

  virtual ~usb_rig() = default;
  virtual void plug() = 0;
  virtual void unplug() = 0;
};

} // namespace drivers::card
