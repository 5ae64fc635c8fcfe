// The readers on a bus: finding them, handing each to one user, opening their pipes. usb_bus is this host's USB.
#pragma once

#include "drivers/card/descriptor.hpp"
#include "drivers/card/loop.hpp"
#include "drivers/card/pipe.hpp"
#include "messages/result.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

struct libusb_device;

namespace drivers::card {

class usb_context;

/// Where a reader is, and what must be known to open it. A composite reader has several places, one for each interface;
/// they are never used at the same time (card-reader.md §2.4 no. 15), so they have one key.
struct usb_place {
  std::shared_ptr<usb_context> context; ///< lives as long as any device of it
  std::shared_ptr<libusb_device> device;
  std::uint8_t bus = 0, address = 0;
  std::string vendor_product; ///< "054c:0dc8"
  std::uint8_t product_text = 0;
  std::uint8_t interface_number = 0, interface_class = 0;
  std::uint8_t endpoint_out = 0, endpoint_in = 0, endpoint_interrupt = 0; ///< interrupt 0: none
  std::optional<ccid_descriptor> descriptor;

  std::pair<int, int> key() const { return {bus, address}; }
};

/// A pipe that can be closed, with what belongs to opening a device.
class usb_pipe : public pipe {
public:
  /// The name the device gives itself; empty when it does not.
  virtual void read_product_text(std::uint8_t index, std::function<void(std::string)> done) = 0;
  /// The class request GET_DATA_RATES: bit/s, at most 256 of them; empty when the reader does not tell.
  virtual void read_data_rates(std::function<void(std::vector<std::uint32_t>)> done) = 0;
  /// Ends every transfer, then lets go of the device. Callbacks of transfers come before @p done.
  virtual void close(std::function<void()> done) = 0;
};

/// Where readers are found, and who has which of them. On the loop's thread only.
class reader_bus {
public:
  virtual ~reader_bus() = default;

  /// Interfaces of readers that nobody has taken. @p match: "054c:0dc8", or empty.
  virtual std::vector<usb_place> free_readers(const std::string& match) = 0;
  /// Opens and claims: reader_busy, reader_lost, reader_failed (no permission and the like).
  virtual messages::result<std::shared_ptr<usb_pipe>> open(const usb_place& place) = 0;
  /// What is known of the bus led to a reader that could not be opened: the next search scans anew.
  virtual void distrust() = 0;

  bool is_taken(const usb_place& place) const { return taken_.contains(place.key()); }
  void take(const usb_place& place) { taken_.insert(place.key()); }
  void give_back(const usb_place& place) { taken_.erase(place.key()); }

  /// @p changed is raised when a device comes or goes, until removed.
  void add_listener(wake_up& changed) { listeners_.insert(&changed); }
  void remove_listener(wake_up& changed) { listeners_.erase(&changed); }
  void wake_listeners() {
    for (auto* listener : listeners_)
      listener->raise();
  }

private:
  std::set<std::pair<int, int>> taken_;
  std::set<wake_up*> listeners_;
};

/// The USB of this host; one for all users of a loop.
class usb_bus final : public reader_bus {
public:
  static std::shared_ptr<usb_bus> shared(const std::shared_ptr<event_loop>& loop);

  explicit usb_bus(std::weak_ptr<event_loop> loop) : loop_(std::move(loop)) {}

  /// Also readers that libusb has not heard of by udev.
  std::vector<usb_place> free_readers(const std::string& match) override;
  /// Taken ones too; the bus is scanned anew.
  std::vector<usb_place> readers(const std::string& match);
  messages::result<std::shared_ptr<usb_pipe>> open(const usb_place& place) override;
  void distrust() override { context_.reset(); }

private:
  std::vector<usb_place> readers_of(const std::shared_ptr<usb_context>& context, const std::string& match) const;
  std::vector<usb_place> without_taken(std::vector<usb_place> places) const;

  std::weak_ptr<event_loop> loop_;       ///< which outlives the bus: its users have both
  std::shared_ptr<usb_context> context_; ///< the newest; older ones live as long as a device of theirs is open
};

} // namespace drivers::card
