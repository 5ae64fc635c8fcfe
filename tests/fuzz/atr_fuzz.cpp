// Fuzz: an answer to reset is read within its bounds, or refused.
#include "drivers/card/atr.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drivers::card;
  const auto a = parse_atr({data, size});
  if (!a) {
    if (explain(a.error()).empty()) std::abort();
    return 0;
  }
  if (size > atr_size_max || a->historical.size() > 15) std::abort();
  if (a->ifsc == 0 || a->ifsc > 254 || a->bwi > 9 || a->cwi > 15) std::abort();
  return 0;
}
