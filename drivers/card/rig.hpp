// SIMULATED: a CCID reader as a USB device under umockdev, so that libusb itself opens a virtual slot (library
// card_rig).
#pragma once

#include "drivers/card/virtual_ccid.hpp"
#include "messages/result.hpp"

#include <memory>

namespace drivers::card {

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
  /// Of the device that is plugged in now; forgotten when it is unplugged.
  virtual void misbehave(misdeed what) = 0;
};

} // namespace drivers::card
