// The class descriptor of a CCID interface, and the one place that decides how a reader is spoken to.
#pragma once

#include "messages/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

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
};

/// Finds and reads the descriptor among the extra descriptors of an interface (or of its last endpoint, where some
/// readers hang it). Nothing when there is none or its lengths do not add up.
std::optional<ccid_descriptor> find_descriptor(octets extra);

/// True for an interface that is a reader: class 0x0B, or class 0xFF with exactly one 54-byte descriptor, which is how
/// SCR3310-NTTCom and SCR331-DI-NTTCom come (card-reader.md §2.4 no. 1).
bool is_reader(std::uint8_t interface_class, octets extra);

enum class exchange_level : std::uint8_t { character, tpdu, short_apdu, extended_apdu };

/// How one reader is spoken to.
struct profile {
  exchange_level level{};
  bool auto_voltage = false;
  std::uint8_t voltages = 0;        ///< as in the descriptor; tried 5 V, 3 V, 1.8 V without auto_voltage
  std::size_t message_size_max = 0; ///< header included
};

/// The profile of a reader, or reader_failed that names @p model and what it lacks. Today: one slot, T=1, exchange at
/// extended-APDU level; other levels are added here and in make_transport, nowhere else.
messages::result<profile> decide_profile(const ccid_descriptor& descriptor, const std::string& model);

} // namespace drivers::card
