// Any bytes as the photo of a card: decoded within its bounds, or refused.
#include "drivers/face/decode.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto p = drivers::face::decode_jpeg2000({data, size});
  if (!p) return 0;
  const auto fits = [](std::uint32_t side) {
    return side >= drivers::face::side_min && side <= drivers::face::photo_side_max;
  };
  if (!fits(p->width) || !fits(p->height) || p->bgr.size() != std::size_t{3} * p->width * p->height) std::abort();
  return 0;
}
