// Reading the class descriptor and deciding the profile, as descriptor.hpp says.
#include "drivers/card/descriptor.hpp"

#include "drivers/card/ccid.hpp"

#include <algorithm>

namespace drivers::card {

namespace {

constexpr std::uint8_t class_descriptor_type = 0x21;
constexpr std::uint32_t protocol_t1 = 2;
constexpr std::uint32_t feature_auto_voltage = 0x08;
constexpr std::uint32_t level_mask = 0x70000, level_tpdu = 0x10000, level_short = 0x20000, level_extended = 0x40000;
/// Smaller than the shortest useful block: a header and a SELECT by name.
constexpr std::uint32_t message_size_min = ccid::header_size + 16;

std::uint32_t little_endian(octets d, std::size_t at) {
  return static_cast<std::uint32_t>(d[at] | d[at + 1] << 8 | d[at + 2] << 16) | static_cast<std::uint32_t>(d[at + 3])
                                                                                    << 24;
}

exchange_level level_of(std::uint32_t features) {
  switch (features & level_mask) {
  case level_tpdu:
    return exchange_level::tpdu;
  case level_short:
    return exchange_level::short_apdu;
  case level_extended:
    return exchange_level::extended_apdu;
  default:
    return exchange_level::character;
  }
}

const char* name_of(exchange_level level) {
  switch (level) {
  case exchange_level::character:
    return "single characters";
  case exchange_level::tpdu:
    return "TPDU level";
  case exchange_level::short_apdu:
    return "short APDU level";
  case exchange_level::extended_apdu:
    return "extended APDU level";
  }
  return "an unknown level";
}

} // namespace

std::optional<ccid_descriptor> find_descriptor(octets extra) {
  while (extra.size() >= 2) {
    const std::size_t size = extra[0];
    if (size < 2 || size > extra.size()) return std::nullopt;
    // some readers of class 0xFF number the type otherwise; the length tells (libccid accepts both)
    if (size == ccid_descriptor_size && (extra[1] == class_descriptor_type || extra.size() == size)) {
      const auto d = extra.first(size);
      return ccid_descriptor{
          d[4], d[5], little_endian(d, 6), little_endian(d, 28), little_endian(d, 40), little_endian(d, 44)};
    }
    extra = extra.subspan(size);
  }
  return std::nullopt;
}

bool is_reader(std::uint8_t interface_class, octets extra) {
  if (interface_class == ccid_class) return true;
  return interface_class == vendor_class && extra.size() == ccid_descriptor_size && find_descriptor(extra).has_value();
}

messages::result<profile> decide_profile(const ccid_descriptor& descriptor, const std::string& model) {
  const auto unsuitable = [&](const std::string& what) {
    return messages::failure(messages::error_code::reader_failed, model + ": " + what, "opening it");
  };
  if ((descriptor.protocols & protocol_t1) == 0) return unsuitable("it speaks T=0 only, My Number cards speak T=1");
  const auto level = level_of(descriptor.features);
  if (level != exchange_level::extended_apdu)
    return unsuitable(std::string{"it exchanges at "} + name_of(level) + ", which is not supported yet");
  if (descriptor.slot_max != 0) return unsuitable("it has several slots, which is not supported yet");
  if (descriptor.message_size_max < message_size_min) return unsuitable("its messages are too short");
  const auto size = std::min<std::size_t>(descriptor.message_size_max, ccid::message_size_max);
  return profile{level, (descriptor.features & feature_auto_voltage) != 0, descriptor.voltages, size};
}

} // namespace drivers::card
