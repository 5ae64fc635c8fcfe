// What goes through the socket between a desk and its engine's process. The desk believes nothing it has not checked:
// the other side has looked at pictures that nobody vouches for.
#pragma once

#include "drivers/face/port.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace drivers::face::wire {

/// Before each request: what is asked, and how many bytes of picture follow.
enum class request : std::uint32_t { learn = 1, look = 2 };
struct request_head {
  request what{};
  std::uint32_t size = 0;
};
inline constexpr std::size_t head_size = 8;

/// `ready` comes once by itself, when the models are loaded and every door is closed.
enum class verdict : std::uint32_t { ready = 1, no_models, learnt, photo_unfit, photo_faceless, seen, broken };
struct reply {
  verdict how{};
  std::uint32_t sight = 0; ///< messages::face_sight, of `seen`
  float score = 0;
};
inline constexpr std::size_t reply_size = 12;

inline std::array<std::uint8_t, head_size> pack(const request_head& head) {
  std::array<std::uint8_t, head_size> octets{};
  std::memcpy(octets.data(), &head.what, 4);
  std::memcpy(octets.data() + 4, &head.size, 4);
  return octets;
}

/// Nothing when it asks what nobody asks, or for more than its kind may hold.
inline std::optional<request_head> parse_head(std::span<const std::uint8_t, head_size> octets) {
  std::uint32_t what = 0, size = 0;
  std::memcpy(&what, octets.data(), 4);
  std::memcpy(&size, octets.data() + 4, 4);
  if (what == static_cast<std::uint32_t>(request::learn) && size <= photo_bytes_max)
    return request_head{request::learn, size};
  if (what == static_cast<std::uint32_t>(request::look) && size <= frame_bytes_max)
    return request_head{request::look, size};
  return std::nullopt;
}

inline std::array<std::uint8_t, reply_size> pack(const reply& r) {
  std::array<std::uint8_t, reply_size> octets{};
  std::memcpy(octets.data(), &r.how, 4);
  std::memcpy(octets.data() + 4, &r.sight, 4);
  std::memcpy(octets.data() + 8, &r.score, 4);
  return octets;
}

/// Nothing when it says what cannot be: an unknown verdict or sight, a score that is none.
inline std::optional<reply> parse_reply(std::span<const std::uint8_t, reply_size> octets) {
  std::uint32_t how = 0;
  reply r;
  std::memcpy(&how, octets.data(), 4);
  std::memcpy(&r.sight, octets.data() + 4, 4);
  std::memcpy(&r.score, octets.data() + 8, 4);
  if (how < static_cast<std::uint32_t>(verdict::ready) || how > static_cast<std::uint32_t>(verdict::broken))
    return std::nullopt;
  r.how = static_cast<verdict>(how);
  if (r.sight >= messages::enumeration<messages::face_sight>::names.size()) return std::nullopt;
  if (!(r.score >= -1.0F && r.score <= 1.0F)) return std::nullopt;
  return r;
}

} // namespace drivers::face::wire
