// Finding and reading the class descriptor, as descriptor.hpp says.
#include "drivers/card/descriptor.hpp"

#include <algorithm>

namespace drivers::card {

namespace {

constexpr std::uint8_t class_descriptor_type = 0x21;

std::uint32_t little_endian(octets d, std::size_t at) {
  return static_cast<std::uint32_t>(d[at] | d[at + 1] << 8 | d[at + 2] << 16) | static_cast<std::uint32_t>(d[at + 3])
                                                                                    << 24;
}

} // namespace

std::optional<ccid_descriptor> find_descriptor(octets extra) {
  while (extra.size() >= 2) {
    const std::size_t size = extra[0];
    if (size < 2 || size > extra.size()) return std::nullopt;
    // some readers of class 0xFF number the type otherwise; the length tells (libccid accepts both)
    if (size == ccid_descriptor_size && (extra[1] == class_descriptor_type || extra.size() == size)) {
      const auto d = extra.first(size);
      ccid_descriptor read{d[4],
                           d[5],
                           little_endian(d, 6),
                           little_endian(d, 28),
                           little_endian(d, 40),
                           little_endian(d, 44),
                           little_endian(d, 10),
                           little_endian(d, 23)};
      std::ranges::copy(d, read.as_given.begin());
      return read;
    }
    extra = extra.subspan(size);
  }
  return std::nullopt;
}

bool is_reader(std::uint8_t interface_class, octets extra) {
  if (interface_class == ccid_class) return true;
  return interface_class == vendor_class && extra.size() == ccid_descriptor_size && find_descriptor(extra).has_value();
}

} // namespace drivers::card
