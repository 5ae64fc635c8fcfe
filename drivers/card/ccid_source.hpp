// A source of transports over any bus with CCID readers: keeps one open, and finds it again when it was lost.
#pragma once

#include "drivers/card/port.hpp"
#include "drivers/card/transport.hpp"
#include "drivers/card/usb_bus.hpp"

#include <functional>
#include <memory>

namespace drivers::card {

/// @p open_bus is called on the loop's thread when the source starts.
std::unique_ptr<transport_source> make_ccid_source(std::shared_ptr<event_loop> loop,
                                                   std::function<std::shared_ptr<reader_bus>()> open_bus,
                                                   usb_options options);

} // namespace drivers::card
