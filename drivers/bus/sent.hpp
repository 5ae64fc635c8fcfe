// What became of a frame that was sent without waiting.
#pragma once

#include <cstdint>

namespace bus {

enum class sent : std::uint8_t {
  done,
  full, ///< the peer's queue is full, or (dealer) nobody is connected
  gone  ///< the peer is not connected (router)
};

} // namespace bus
