// Choosing parameters, as pps.hpp says.
#include "drivers/card/pps.hpp"

#include <algorithm>

namespace drivers::card {

namespace {

/// Clocks a bit at DI = 1 and the divisor, by FI and DI of TA1; 0: reserved (ISO/IEC 7816-3 tables 7 and 8).
constexpr std::array<int, 16> clock_factors = {372, 372, 558, 744,  1116, 1488, 1860, 0,
                                               0,   512, 768, 1024, 1536, 2048, 0,    0};
constexpr std::array<int, 16> rate_factors = {0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0};
constexpr std::uint8_t pps_first = 0xFF, pps1_present = 0x10, protocol_t1 = 1;
constexpr std::uint8_t guard_time_shortest = 255, guard_bits = 12, guard_bits_shortest = 11;
/// Longest block: 3 + 254 + 2.
constexpr double block_size_max = 259;
/// For USB and the reader's own work.
constexpr double extra_ms = 1000;
constexpr std::uint32_t usual_clock_khz = 4000;

struct factors {
  int f = 372, d = 1;
};
/// Nothing for a reserved value.
std::optional<factors> factors_of(std::uint8_t ta1) {
  const factors found{clock_factors[ta1 >> 4], rate_factors[ta1 & 0x0F]};
  if (found.f == 0 || found.d == 0) return std::nullopt;
  return found;
}

std::uint32_t clock_of(const reader_profile& reader) {
  return reader.descriptor.default_clock_khz != 0 ? reader.descriptor.default_clock_khz : usual_clock_khz;
}

/// Faster than the default, and the reader says that it can.
bool suits(std::uint8_t ta1, const reader_profile& reader) {
  const auto how = factors_of(ta1);
  if (!how) return false;
  const std::uint64_t clock_hz = std::uint64_t{clock_of(reader)} * 1000;
  const auto rate = clock_hz * static_cast<std::uint64_t>(how->d) / static_cast<std::uint64_t>(how->f);
  if (rate <= clock_hz / 372 || rate > reader.descriptor.data_rate_max) return false;
  const auto near = [rate](std::uint64_t offered) { return offered + 1 >= rate && offered <= rate + 1; }; // rounded
  return reader.data_rates.empty() || std::ranges::any_of(reader.data_rates, near);
}

/// The block waiting time, and both blocks at their slowest. Clocks in kHz, so that clocks / kHz are milliseconds.
std::chrono::milliseconds longest_answer(const atr& card, std::uint8_t speed, const reader_profile& reader) {
  const auto how = factors_of(speed).value_or(factors{});
  const double clock = clock_of(reader);
  const double bit_ms = how.f / (how.d * clock);
  const auto guard = card.tc1.value_or(0);
  const double sent_bits = guard == guard_time_shortest ? guard_bits_shortest : guard_bits + guard;
  const double received_bits = 11 + (1 << card.cwi);
  const double block_wait_ms = 11 * bit_ms + (1 << card.bwi) * 960.0 * 372 / clock;
  const double all = block_wait_ms + block_size_max * (sent_bits + received_bits) * bit_ms + extra_ms;
  return std::chrono::milliseconds{static_cast<std::int64_t>(all)};
}

} // namespace

card_parameters choose_parameters(const atr& card, const reader_profile& reader, bool fast) {
  card_parameters chosen;
  const bool specific = card.ta2.has_value();
  if (card.ta1 && (specific || (fast && suits(*card.ta1, reader)))) chosen.speed = *card.ta1;
  const bool other = chosen.speed != default_speed || card.first_protocol != protocol_t1;
  if (reader.makes_pps && !specific && other) {
    const bool faster = chosen.speed != default_speed;
    const auto pps0 = static_cast<std::uint8_t>(protocol_t1 | (faster ? pps1_present : 0));
    chosen.pps = {pps_first, pps0};
    if (faster) chosen.pps.push_back(chosen.speed);
    std::uint8_t sum = 0;
    for (const auto b : chosen.pps)
      sum ^= b;
    chosen.pps.push_back(sum);
  }
  const auto checksum = static_cast<std::uint8_t>(0x10 | (card.crc ? 1 : 0) | (card.inverse_convention ? 2 : 0));
  const auto waiting = static_cast<std::uint8_t>(card.bwi << 4 | card.cwi);
  chosen.t1 = {chosen.speed, checksum, card.tc1.value_or(0), waiting, 0, card.ifsc, 0};
  chosen.answer_wait = longest_answer(card, chosen.speed, reader);
  return chosen;
}

bool accepts_pps(std::span<const std::uint8_t> request, std::span<const std::uint8_t> answer) {
  return std::ranges::equal(request, answer);
}

} // namespace drivers::card
