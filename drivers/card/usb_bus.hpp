// The readers on the USB of this host: finding them, handing each to one user, opening their pipes. Names libusb.
#pragma once

#include "drivers/card/descriptor.hpp"
#include "drivers/card/loop.hpp"
#include "drivers/card/pipe.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

struct libusb_device;

namespace drivers::card {

class usb_context;

/// Where a reader is, and what must be known to open it.
struct usb_place {
  std::shared_ptr<usb_context> context; ///< lives as long as any device of it
  std::shared_ptr<libusb_device> device;
  std::uint8_t bus = 0, address = 0;
  std::string vendor_product; ///< "054c:0dc8"
  std::uint8_t product_text = 0;
  std::uint8_t interface_number = 0;
  std::uint8_t endpoint_out = 0, endpoint_in = 0, endpoint_interrupt = 0; ///< interrupt 0: none
  std::optional<ccid_descriptor> descriptor;

  std::pair<int, int> key() const { return {bus, address}; }
};

/// A pipe that can be closed, with what belongs to opening a device.
class usb_pipe : public pipe {
public:
  /// The name the device gives itself; empty when it does not.
  virtual void read_product_text(std::uint8_t index, std::function<void(std::string)> done) = 0;
  /// Ends every transfer, then lets go of the device. Callbacks of transfers come before @p done.
  virtual void close(std::function<void()> done) = 0;
};

/// Opens and claims: reader_busy, reader_lost, reader_failed (no permission and the like).
messages::result<std::shared_ptr<usb_pipe>> open_pipe(std::shared_ptr<event_loop> loop, const usb_place& place);

/// One for all users of a loop; on its thread only.
class usb_bus {
public:
  static std::shared_ptr<usb_bus> shared(event_loop& loop);

  explicit usb_bus(event_loop& loop) : loop_(loop) {}

  /// Readers that nobody has taken, whether libusb has heard of them by udev or not. @p match: "054c:0dc8", or empty.
  std::vector<usb_place> free_readers(const std::string& match);
  /// What is known of the bus led to a reader that could not be opened: the next search scans anew.
  void distrust() { context_.reset(); }
  void take(const usb_place& place) { taken_.insert(place.key()); }
  void give_back(const usb_place& place) { taken_.erase(place.key()); }

  /// @p changed is raised when a device comes or goes, until removed.
  void add_listener(wake_up& changed) { listeners_.insert(&changed); }
  void remove_listener(wake_up& changed) { listeners_.erase(&changed); }
  void wake_listeners();

private:
  std::vector<usb_place> readers_of(const std::shared_ptr<usb_context>& context, const std::string& match) const;

  event_loop& loop_;
  std::shared_ptr<usb_context> context_; ///< the newest; older ones live as long as a device of theirs is open
  std::set<std::pair<int, int>> taken_;
  std::set<wake_up*> listeners_;
};

} // namespace drivers::card
