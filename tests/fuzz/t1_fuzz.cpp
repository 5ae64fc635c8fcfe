// Fuzz: whatever blocks a card sends, an exchange ends, and what is sent is always a block.
#include "drivers/card/t1.hpp"

#include <algorithm>
#include <cstdlib>

using namespace drivers::card;

namespace {

constexpr int steps_max = 2000;

/// Takes pieces off the input: a length, then so many bytes.
struct pieces {
  t1::octets left;
  t1::octets next() {
    if (left.empty()) return {};
    const auto size = std::min<std::size_t>(left[0], left.size() - 1);
    const auto piece = left.subspan(1, size);
    left = left.subspan(1 + size);
    return piece;
  }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const auto how = (data[0] & 1) != 0 ? t1::checksum::crc : t1::checksum::lrc;
  t1::protocol p{{how, static_cast<std::uint8_t>(data[1] == 0 || data[1] == 255 ? 32 : data[1])}};
  pieces input{{data + 3, size - 3}};
  const wiped_bytes command(1u + data[2], 7);
  auto now = (data[0] & 2) != 0 ? p.announce(254) : p.command(command);
  for (int i = 0; std::holds_alternative<t1::send>(now); ++i) {
    if (i > steps_max) std::abort();
    const auto& block = std::get<t1::send>(now).block;
    const auto b = t1::parse(block, how);
    if (!b || b->information.size() > t1::information_size_max) std::abort(); // what we send we could read
    const auto piece = input.next();
    if (piece.empty())
      now = p.unreadable();
    else
      now = p.received((data[0] & 4) != 0 && piece.size() > 1 ? t1::octets{t1::build(piece[0], piece.subspan(1), how)}
                                                              : piece);
  }
  return 0;
}
