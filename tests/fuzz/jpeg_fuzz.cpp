// Any bytes as a camera's frame: decoded within its bounds, or refused.
#include "drivers/face/decode.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto p = drivers::face::decode_jpeg({data, size});
  if (!p) return 0;
  const bool fits = p->width >= drivers::face::side_min && p->height >= drivers::face::side_min &&
                    std::uint64_t{p->width} * p->height <= drivers::face::frame_pixels_max;
  if (!fits || p->bgr.size() != std::size_t{3} * p->width * p->height) std::abort();
  return 0;
}
