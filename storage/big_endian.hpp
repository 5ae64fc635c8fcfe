// Integers in keys and entries: big-endian, so that the order of the bytes is the order of the numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace storage {

/// Appends the lowest @p size bytes of @p n to @p out, most significant first.
inline void put_big_endian(std::string& out, std::uint64_t n, unsigned size = 8) {
  for (unsigned i = size; i-- > 0;)
    out += static_cast<char>(static_cast<std::uint8_t>(n >> (8 * i)));
}

/// Reads all of @p bytes (at most 8).
inline std::uint64_t read_big_endian(std::string_view bytes) {
  std::uint64_t n = 0;
  for (const char c : bytes)
    n = n << 8 | static_cast<std::uint8_t>(c);
  return n;
}

/// The key of entry @p index.
inline std::string index_key(std::uint64_t index) {
  std::string key;
  put_big_endian(key, index);
  return key;
}

} // namespace storage
