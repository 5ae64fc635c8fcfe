// Bytes as hexadecimal digits, for names of files and for what is said of keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace storage {

/// Two lower-case digits a byte.
inline std::string hexadecimal(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    text += digits[static_cast<std::uint8_t>(c) >> 4];
    text += digits[static_cast<std::uint8_t>(c) & 15];
  }
  return text;
}

} // namespace storage
