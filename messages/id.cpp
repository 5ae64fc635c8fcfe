// An id as 32 hexadecimal digits and back.
#include "messages/id.hpp"

namespace messages {

std::string id::text() const {
  static constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * size);
  for (const auto byte : bytes) {
    hex += digits[byte >> 4];
    hex += digits[byte & 15];
  }
  return hex;
}

std::optional<id> id::from_text(std::string_view hex) {
  if (hex.size() != 2 * size) return std::nullopt;
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  };
  id made;
  for (std::size_t i = 0; i < size; ++i) {
    const int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    made.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return made;
}

} // namespace messages
