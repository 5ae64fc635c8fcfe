// Pictures from bytes that nobody vouches for: JPEG 2000 from a card, JPEG from a camera. Every size is checked before
// memory is asked for. Runs in the engine's process only: decoders have a history of faults.
#pragma once

#include "messages/result.hpp"
#include "messages/wiped.hpp"

#include <cstdint>
#include <span>

namespace drivers::face {

/// Rows from top to bottom, each pixel blue, green, red.
struct picture {
  std::uint32_t width = 0, height = 0;
  messages::wiped_bytes bgr;
};

inline constexpr std::uint32_t side_min = 32, photo_side_max = 1000, frame_side_max = 4096;
inline constexpr std::uint64_t frame_pixels_max = 4'000'000;

/// JP2 or a bare codestream; 1 or 3 components of 8 bits or fewer, each side within side_min … photo_side_max.
/// Truncated data is refused. Error: picture_unfit.
messages::result<picture> decode_jpeg2000(std::span<const std::uint8_t> bytes);

/// Each side within side_min … frame_side_max, at most frame_pixels_max in all. Error: picture_unfit.
messages::result<picture> decode_jpeg(std::span<const std::uint8_t> bytes);

} // namespace drivers::face
