// Real libusb, on a USB device emulated by umockdev, keeps the port's promises.
#include "tests/test.hpp"

#include "drivers/card/rig.hpp"
#include "tests/drivers/card/conformance.hpp"

namespace {

struct usb_side final : conformance::side {
  usb_side(std::shared_ptr<drivers::card::virtual_slot> slot, const drivers::card::rig_profile& profile, bool hurried)
      : impatient(hurried) {
    auto started = drivers::card::usb_rig::start(std::move(slot), profile);
    BOOST_REQUIRE(started.has_value());
    rig = std::move(*started);
  }
  std::unique_ptr<drivers::card::reader> open(drivers::card::trace_line trace) override {
    drivers::card::usb_options options;
    if (impatient) options.answer_wait_ms_max = conformance::impatience_ms;
    options.rescan_ms = 50;
    options.drain_ms = 5;
    options.trace = std::move(trace);
    return drivers::card::make_usb_reader(std::move(options));
  }
  bool impatient;
  std::unique_ptr<drivers::card::usb_rig> rig;
};

} // namespace

std::unique_ptr<conformance::side> conformance::make_side(std::shared_ptr<virtual_slot> slot,
                                                          const side_options& options) {
  drivers::card::rig_profile profile;
  if (options.small_blocks) profile.message_size_max = 42;
  return std::make_unique<usb_side>(std::move(slot), profile, options.impatient);
}
