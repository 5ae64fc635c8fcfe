// The class descriptor of a CCID interface: finding it and reading it. Pure; reader_profile.hpp decides what it means.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace drivers::card {

using octets = std::span<const std::uint8_t>;

inline constexpr std::size_t ccid_descriptor_size = 54;
inline constexpr std::uint8_t ccid_class = 0x0B, vendor_class = 0xFF;

/// The fields of the 54-byte descriptor that the driver uses (card-reader.md §2.1).
struct ccid_descriptor {
  std::uint8_t slot_max = 0;   ///< highest slot number; 0: one slot
  std::uint8_t voltages = 0;   ///< 1: 5 V, 2: 3 V, 4: 1.8 V
  std::uint32_t protocols = 0; ///< 1: T=0, 2: T=1
  std::uint32_t ifsd_max = 0;
  std::uint32_t features = 0;
  std::uint32_t message_size_max = 0;
  std::uint32_t default_clock_khz = 0;
  std::uint32_t data_rate_max = 0; ///< bit/s
  std::array<std::uint8_t, ccid_descriptor_size> as_given{}; ///< all of it, for a trace that is to be replayed
};

/// Finds and reads the descriptor among the extra descriptors of an interface (or of its last endpoint, where some
/// readers hang it). Nothing when there is none or its lengths do not add up.
std::optional<ccid_descriptor> find_descriptor(octets extra);

/// True for an interface that is a reader: class 0x0B, or class 0xFF with exactly one 54-byte descriptor, which is how
/// SCR3310-NTTCom and SCR331-DI-NTTCom come (card-reader.md §2.4 no. 1).
bool is_reader(std::uint8_t interface_class, octets extra);

} // namespace drivers::card
