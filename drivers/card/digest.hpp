// SHA-256, for marks of cards and for what they sign.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace drivers::card {

std::array<std::uint8_t, 32> sha256(std::span<const std::uint8_t> bytes);

} // namespace drivers::card
