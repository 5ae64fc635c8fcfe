// What one WebSocket message of a page is, by its form and by whose page it came from. Pure.
#pragma once

#include "drivers/screen/port.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace drivers::screen {

/// `refused` ends the connection; digits (of the PIN, of 照合番号B) and frames are no messages and go where they belong.
enum class spoken : std::uint8_t { refused, line, pin, check_number, frame };

/// What may be said on a page's line.
struct speech_limits {
  std::size_t line_bytes_max = 64 * 1024;
  std::size_t frame_bytes_max = 0; ///< 0: this page has no camera
};

struct heard {
  spoken what{};
  std::string_view text; ///< of a line, or the digits
};

/// @p text: a text message; otherwise binary, which only a camera's frames are: JPEG by its first two bytes.
heard hear(page_kind whose, bool text, std::span<const std::uint8_t> message, const speech_limits& limits);

} // namespace drivers::screen
