// What the driver found out about a reader, what it decided, and why: one value for the link, the status and the trace.
#pragma once

#include "drivers/card/descriptor.hpp"
#include "messages/bytes.hpp"
#include "messages/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace drivers::card {

enum class exchange_level : unsigned char { character, tpdu, short_apdu, extended_apdu };
std::string_view name_of(exchange_level level);

/// How a reader is spoken to. Sizes in bytes.
struct reader_profile {
  std::string model; ///< "SCR3310-NTTCom (04e6:511a)"
  std::uint8_t bus = 0, address = 0, interface_number = 0, interface_class = 0;
  ccid_descriptor descriptor;
  exchange_level level{};
  bool auto_voltage = false;             ///< else 5 V, 3 V, 1.8 V are tried, those of the descriptor
  bool sets_parameters = true;           ///< the reader does not by itself: SetParameters after power on
  bool makes_pps = false;                ///< the reader does not by itself: the driver asks the card for its speed
  bool announces_ifsd = false;           ///< the reader does not by itself: S(IFS request), at TPDU level only
  bool interrupts = false;               ///< tells by itself that a card comes or goes; else it is asked
  std::size_t message_size_max = 0;      ///< header included
  std::vector<std::uint32_t> data_rates; ///< bit/s; empty: any up to the descriptor's limit
};

/// How the card that was powered last is spoken to.
struct card_session {
  messages::bytes answer_to_reset;
  std::uint8_t slot = 0;
  std::uint8_t voltage = 0;        ///< bPowerSelect: 0 automatic, 1: 5 V, 2: 3 V, 3: 1.8 V
  std::uint8_t speed = 0x11;       ///< FI and DI in force, as far as the driver set them
  std::uint8_t ifsc = 0, ifsd = 0; ///< at TPDU level
  bool crc = false;
  std::int64_t answer_wait_ms = 0;
};

struct reader_status {
  reader_profile reader;
  std::optional<card_session> card; ///< none since the reader was attached or the card left
};

/// One thing that was decided, for people: "exchange", "TPDU", "dwFeatures 000101BA: blocks, T=1 is ours to speak".
struct decision {
  std::string what, decided, why;
};
std::vector<decision> explain(const reader_status& status);

/// What is known of an interface before it is opened.
struct found_interface {
  std::string model;
  std::uint8_t bus = 0, address = 0, interface_number = 0, interface_class = 0;
  std::optional<ccid_descriptor> descriptor;
  bool interrupts = false;
};

/// The profile of a reader, or reader_failed that names the model and what it lacks: T=1 (My Number cards speak nothing
/// else), blocks or APDUs to exchange, a message that holds a block.
messages::result<reader_profile> decide_profile(const found_interface& found);

} // namespace drivers::card
