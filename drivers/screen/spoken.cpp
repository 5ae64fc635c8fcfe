// Telling lines, digits and frames apart.
#include "drivers/screen/spoken.hpp"

namespace drivers::screen {
namespace {

constexpr std::string_view pin_word = "pin ", number_word = "number ";

} // namespace

heard hear(page_kind whose, bool text, std::span<const std::uint8_t> message, const speech_limits& limits) {
  if (!text) {
    const bool jpeg = message.size() >= 4 && message[0] == 0xFF && message[1] == 0xD8;
    const bool taken = whose == page_kind::patient && jpeg && message.size() <= limits.frame_bytes_max;
    return {taken ? spoken::frame : spoken::refused, {}};
  }
  if (message.size() > limits.line_bytes_max) return {spoken::refused, {}};
  const std::string_view said{reinterpret_cast<const char*>(message.data()), message.size()};
  if (said.starts_with(pin_word)) return {spoken::pin, said.substr(pin_word.size())};
  if (said.starts_with(number_word) && whose == page_kind::home_reception) return {spoken::refused, {}};
  if (said.starts_with(number_word)) return {spoken::check_number, said.substr(number_word.size())};
  return {spoken::line, said};
}

} // namespace drivers::screen
