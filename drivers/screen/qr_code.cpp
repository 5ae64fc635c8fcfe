// libqrencode's modules as text and as SVG.
#include "drivers/screen/qr_code.hpp"

#include <qrencode.h>

#include <memory>

namespace drivers::screen {

using messages::error_code;
using messages::failure;

namespace {

constexpr std::size_t text_bytes_max = 2'000;
constexpr int margin = 4; ///< modules of quiet, as the standard wants

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text)
    safe += c == '<' ? "&lt;" : c == '&' ? "&amp;" : c == '"' ? "&quot;" : std::string(1, c);
  return safe;
}

} // namespace

messages::result<qr_code> qr_code::of(std::string_view text) {
  if (text.size() > text_bytes_max) return failure(error_code::too_large, "address", std::to_string(text_bytes_max));
  const std::unique_ptr<QRcode, decltype(&QRcode_free)> made{
      QRcode_encodeString(std::string{text}.c_str(), 0, QR_ECLEVEL_M, QR_MODE_8, 1), &QRcode_free};
  if (!made) return failure(error_code::wrong_value, "address", "no QR code can be made of it");
  qr_code code;
  code.width_ = made->width;
  for (int n = 0; n < made->width * made->width; ++n)
    code.dark_.push_back((made->data[n] & 1) != 0);
  return code;
}

std::string qr_code::for_terminal() const {
  const auto at = [&](int x, int y) { return x >= 0 && y >= 0 && x < width_ && y < width_ && dark(x, y); };
  std::string text;
  for (int y = -margin; y < width_ + margin; y += 2) {
    text += "\033[30;47m"; // black on white, whatever the terminal's colours
    for (int x = -margin; x < width_ + margin; ++x)
      text += at(x, y) ? (at(x, y + 1) ? "█" : "▀") : (at(x, y + 1) ? "▄" : " ");
    text += "\033[0m\n";
  }
  return text;
}

std::string qr_code::as_svg(std::string_view title) const {
  const auto side = std::to_string(width_ + 2 * margin);
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + side + " " + side +
                    "\" role=\"img\"><title>" + escaped(title) + "</title><rect width=\"" + side + "\" height=\"" +
                    side + "\" fill=\"#fff\"/><path d=\"";
  for (int y = 0; y < width_; ++y)
    for (int x = 0; x < width_; ++x)
      if (dark(x, y)) svg += "M" + std::to_string(x + margin) + " " + std::to_string(y + margin) + "h1v1h-1z";
  return svg + "\" fill=\"#000\"/></svg>\n";
}

} // namespace drivers::screen
