// The identity of a message, a check-in, a question, an attempt: 48 bits of time and 80 of chance (design.md §3).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace messages {

/// Sixteen bytes; ordered by time of making first. An id of zeros means "none".
struct id {
  static constexpr std::size_t size = 16;
  std::array<std::uint8_t, size> bytes{};

  bool empty() const { return *this == id{}; }
  /// Milliseconds since 1970 (UTC) at which the id was made: how old a command is.
  std::uint64_t time_ms() const {
    std::uint64_t ms = 0;
    for (int i = 0; i < 6; ++i)
      ms = ms << 8 | bytes[static_cast<std::size_t>(i)];
    return ms;
  }
  /// 32 lower-case hexadecimal digits.
  std::string text() const;
  static std::optional<id> from_text(std::string_view hex);

  friend bool operator==(const id&, const id&) = default;
  friend auto operator<=>(const id&, const id&) = default;
};

/// An id made at @p time_ms from 80 bits of @p chance (the upper 16 bits of the second word are not used).
constexpr id make_id(std::uint64_t time_ms, std::uint64_t chance_low, std::uint16_t chance_high) {
  id made;
  for (std::size_t i = 0; i < 6; ++i)
    made.bytes[i] = static_cast<std::uint8_t>(time_ms >> (40 - 8 * i));
  made.bytes[6] = static_cast<std::uint8_t>(chance_high >> 8);
  made.bytes[7] = static_cast<std::uint8_t>(chance_high);
  for (std::size_t i = 0; i < 8; ++i)
    made.bytes[8 + i] = static_cast<std::uint8_t>(chance_low >> (56 - 8 * i));
  return made;
}

} // namespace messages

template <> struct std::hash<::messages::id> {
  // "::messages": std has a facet of that name
  std::size_t operator()(const ::messages::id& i) const noexcept {
    std::uint64_t low = 0;
    std::memcpy(&low, i.bytes.data() + 8, 8); // the random half
    return static_cast<std::size_t>(low);
  }
};
