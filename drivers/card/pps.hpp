// Which parameters a reader and a card agree on (ISO/IEC 7816-3 §9; card-reader.md §2.4 no. 9 to 11). Pure.
#pragma once

#include "drivers/card/atr.hpp"
#include "drivers/card/reader_profile.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace drivers::card {

/// FI and DI of a card that was asked for nothing: 372 clocks a bit.
inline constexpr std::uint8_t default_speed = 0x11;

/// What is to be set before the first APDU.
struct card_parameters {
  std::vector<std::uint8_t> pps;           ///< PPS request for the card; empty: none
  std::uint8_t speed = default_speed;      ///< in force afterwards
  std::array<std::uint8_t, 7> t1{};        ///< abProtocolDataStructure of SetParameters for T=1
  std::chrono::milliseconds answer_wait{}; ///< one block there and back, at worst
};

/// For T=1. @p fast: at the speed of the ATR if the reader can do it; else at the default one (a card that refused a
/// PPS is powered anew and spoken to so). In specific mode (TA2) the card's speed is what it is.
card_parameters choose_parameters(const atr& card, const reader_profile& reader, bool fast);

/// True when @p answer accepts the whole @p request (§9.3): then its speed is in force.
bool accepts_pps(std::span<const std::uint8_t> request, std::span<const std::uint8_t> answer);

} // namespace drivers::card
