// SIMULATED: the hands that put cards on a desk's virtual reader: a unix socket (0600) in the desk's process, one word
// a line: `place ID [as KIND] [photo NAME]`, `show WHO`, `lift`, `unplug`, `plug`; each answered `ok` or `error WHY`.
#pragma once

#include "drivers/camera/port.hpp"
#include "drivers/card/port.hpp"
#include "drivers/card/terminal.hpp"
#include "messages/result.hpp"
#include "tools/config.hpp"

#include <memory>

namespace tools {

class rig_hands {
public:
  /// Makes the slot, the emulated USB reader in front of it (config.usb) and the socket.
  static messages::result<std::unique_ptr<rig_hands>> open(const rig_config& config, std::uint64_t now_ms,
                                                           drivers::card::authorities trusted = {});
  virtual ~rig_hands() = default;
  /// The port that a reader actor uses: real libusb, or the virtual reader in process.
  virtual std::shared_ptr<drivers::card::reader> reader() = 0;
  /// What a certified terminal would do with the card that lies here.
  virtual std::shared_ptr<drivers::card::terminal> terminal() = 0;
  /// Sees whom the hands `show`, for the scripted face engine.
  virtual std::shared_ptr<drivers::camera::page_camera> camera() = 0;
};

} // namespace tools
