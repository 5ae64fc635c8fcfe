// Real libusb, on USB devices emulated by umockdev, keeps the port's promises with each kind of reader.
#include "tests/test.hpp"

#include "drivers/card/rig.hpp"
#include "tests/drivers/card/profiles.hpp"

namespace {

struct usb_side final : conformance::side {
  usb_side(std::shared_ptr<drivers::card::virtual_slot> slot, const conformance::side_options& with) : options(with) {
    auto started = drivers::card::usb_rig::start(std::move(slot), conformance::profile_under_test(with));
    BOOST_REQUIRE(started.has_value());
    rig = std::move(*started);
  }
  std::unique_ptr<drivers::card::reader> open(drivers::card::trace_line trace) override {
    return drivers::card::make_usb_reader(conformance::quick_options(options, std::move(trace)));
  }
  conformance::side_options options;
  std::unique_ptr<drivers::card::usb_rig> rig;
};

} // namespace

std::unique_ptr<conformance::side> conformance::make_side(std::shared_ptr<virtual_slot> slot,
                                                          const side_options& options) {
  return std::make_unique<usb_side>(std::move(slot), options);
}
