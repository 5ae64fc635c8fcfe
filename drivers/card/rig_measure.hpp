// How long the driver needs on the rig, beside a bare loop over libusb on the same rig (library card_rig).
#pragma once

#include "drivers/card/port.hpp"
#include "messages/result.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace drivers::card {

/// Microseconds of each round trip: one XfrBlock with SELECT of the JPKI application, and its answer 9000.
using trip_times = std::vector<double>;

/// Through the driver's transport: opened, powered, @p count exchanges, closed. @p match as in usb_options. Waits for
/// the port's thread. Errors: what the reader says; no_reader after ten seconds without one.
messages::result<trip_times> time_driver(const std::string& match, std::size_t count);
/// The same frames with libusb's blocking calls and nothing else: no sequence check, no wiping, no loop. For readers
/// at extended or short APDU level, where the APDU is the block. Errors: no_reader, reader_failed.
messages::result<trip_times> time_bare_libusb(const std::string& match, std::size_t count);

/// Milliseconds of one reading of a card that lies there.
struct reading_time {
  double identify_ms = 0; ///< power on, kind, tries, certificate
  double verify_ms = 0;
  double sign_ms = 0;
};
/// @p count readings through the port, with the PIN @p pin of a virtual card. Never for a real one.
messages::result<std::vector<reading_time>> time_readings(const std::string& match, const std::string& pin,
                                                          std::size_t count);

} // namespace drivers::card
