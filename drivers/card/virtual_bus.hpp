// SIMULATED: a bus with one CCID reader, in process: the real driver, down to its frames, without USB and umockdev.
#pragma once

#include "drivers/card/port.hpp"
#include "drivers/card/virtual_ccid.hpp"

#include <memory>

namespace drivers::card {

/// A reader in front of a slot; it follows the slot as the umockdev rig does (rig.hpp).
class virtual_bus {
public:
  static std::shared_ptr<virtual_bus> make(std::shared_ptr<virtual_slot> slot, rig_profile profile);
  virtual ~virtual_bus() = default;
  /// Of the device that is plugged in now. Thread-safe.
  virtual void misbehave(misdeed what) = 0;
  /// The port over the reader on this bus; one at a time.
  virtual std::unique_ptr<reader> make_reader(usb_options options) = 0;
};

} // namespace drivers::card
