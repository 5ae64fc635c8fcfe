// A QR code (二次元コード) of an address, for terminals and for paper.
#pragma once

#include "messages/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace drivers::screen {

class qr_code {
public:
  /// Error correction M (15 %). `too_large` beyond 2,000 bytes.
  static messages::result<qr_code> of(std::string_view text);

  int width() const { return width_; } ///< modules, without the margin
  bool dark(int x, int y) const { return dark_[static_cast<std::size_t>(y * width_ + x)]; }

  /// Two rows a line in half blocks, light on dark terminals and dark on light ones alike, with its margin.
  std::string for_terminal() const;
  /// A picture with a title for screen readers.
  std::string as_svg(std::string_view title) const;

private:
  int width_ = 0;
  std::vector<bool> dark_;
};

} // namespace drivers::screen
