// The in-process virtual reader keeps the port's promises.
#include "tests/test.hpp"

#include "tests/drivers/card/conformance.hpp"

namespace {

struct virtual_side final : conformance::side {
  explicit virtual_side(std::shared_ptr<drivers::card::virtual_slot> s) : slot(std::move(s)) {}
  std::unique_ptr<drivers::card::reader> open(drivers::card::trace_line trace) override {
    return drivers::card::make_virtual_reader(slot, std::move(trace));
  }
  std::shared_ptr<drivers::card::virtual_slot> slot;
};

} // namespace

std::unique_ptr<conformance::side> conformance::make_side(std::shared_ptr<virtual_slot> slot, const side_options&) {
  return std::make_unique<virtual_side>(std::move(slot));
}

BOOST_AUTO_TEST_CASE(a_reader_that_nobody_watches_ends_as_well) {
  const auto port = make_virtual_reader(std::make_shared<virtual_slot>());
  std::promise<bool> answered;
  port->identify([&](const auto& found) { answered.set_value(found.has_value()); });
  BOOST_TEST(!answered.get_future().get());
}
