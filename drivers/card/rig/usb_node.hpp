// SIMULATED: one attachment of a USB device under umockdev: its node, its URBs, its leaving (card-reader.md §3).
#pragma once

#include "drivers/card/rig.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace drivers::card {

/// umockdev's test bed: one for the process, made with the first node.
class usb_testbed;
std::shared_ptr<usb_testbed> open_testbed();

/// What the node asks of the device behind it; called on umockdev's thread.
struct node_device {
  std::function<std::vector<std::uint8_t>(ccid::octets setup)> control;
  /// Nothing: the transfer is not taken, and stays under way.
  std::function<std::optional<std::vector<timed_frame>>(ccid::octets request)> bulk_out;
  /// Frames wait for their time: somebody has to call deliver().
  std::function<void()> scheduled;
};

/// From plug to unplug; a device that is plugged in again is a new node with a new number, as with the kernel. An
/// unplugged node must be kept until its user has let go of it: the last URBs are reaped after the disconnect.
class usb_node {
public:
  using time = std::chrono::steady_clock::time_point;

  static messages::result<std::unique_ptr<usb_node>> plug(std::shared_ptr<usb_testbed> bed, const rig_profile& profile,
                                                          node_device device);
  virtual ~usb_node() = default;
  virtual void unplug() = 0;
  /// Sends what @p make returns, if anything; it is called between two URBs, never beside one.
  virtual void interrupt(const std::function<wiped_bytes()>& make) = 0;
  /// Hands out the frames whose time has come; when the next one is due.
  virtual std::optional<time> deliver() = 0;
};

} // namespace drivers::card
