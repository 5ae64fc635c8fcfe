// The answer to reset: what a card says about itself when it is powered (ISO/IEC 7816-3 §8; card-reader.md §1.4). Pure.
#pragma once

#include "messages/bytes.hpp"
#include "messages/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace drivers::card {

inline constexpr std::size_t atr_size_max = 33;

/// What the driver needs of an ATR. No card is known by it: SELECT and the token file tell.
struct atr {
  bool inverse_convention = false;
  std::optional<std::uint8_t> ta1; ///< clock and bit rate factors offered, FI in the high half, DI in the low one
  std::optional<std::uint8_t> tc1; ///< extra guard time; 255: as short as possible
  std::optional<std::uint8_t> ta2; ///< specific mode: the speed is what it is, no PPS (§1.4)
  std::uint8_t first_protocol = 0; ///< T of the first TD, which the card speaks when nobody asks for another
  bool offers_t1 = false;
  // of T=1, with the values that hold where the ATR is silent
  std::uint8_t ifsc = 32; ///< the card's longest information field
  std::uint8_t bwi = 4, cwi = 13;
  bool crc = false;
  messages::bytes historical;
};

enum class atr_fault : std::uint8_t { too_short, too_long, wrong_first_byte, cut_off, wrong_check, wrong_value };
std::string_view explain(atr_fault fault);

/// Reads at most atr_size_max bytes; bytes after the end of the ATR are no fault (some readers fill up). The check byte
/// must be right where the standard asks for one.
tl::expected<atr, atr_fault> parse_atr(std::span<const std::uint8_t> received);

} // namespace drivers::card
