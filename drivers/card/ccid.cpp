// CCID frames, as ccid.hpp says.
#include "drivers/card/ccid.hpp"

#include "drivers/card/apdu.hpp"

#include <algorithm>
#include <cassert>

namespace drivers::card::ccid {

wiped_bytes build(request type, std::uint8_t slot, std::uint8_t sequence, std::array<std::uint8_t, 3> specific,
                  octets data) {
  const auto size = static_cast<std::uint32_t>(data.size());
  wiped_bytes out;
  out.reserve(header_size + data.size());
  out.push_back(static_cast<std::uint8_t>(type));
  for (int shift = 0; shift < 32; shift += 8)
    out.push_back(static_cast<std::uint8_t>(size >> shift));
  out.insert(out.end(), {slot, sequence, specific[0], specific[1], specific[2]});
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

std::string_view explain(frame_fault fault) {
  switch (fault) {
  case frame_fault::too_short:
    return "a frame shorter than its header";
  case frame_fault::length_differs:
    return "a frame whose length is not what came";
  case frame_fault::unknown_type:
    return "a frame of unknown type";
  }
  return "a broken frame";
}

namespace {

std::uint64_t length_field(octets received) {
  std::uint64_t n = 0;
  for (std::size_t i = 4; i >= 1; --i)
    n = n << 8 | received[i];
  return n;
}

} // namespace

bool is_whole(octets received) {
  return received.size() >= header_size && header_size + length_field(received) == received.size();
}

tl::expected<frame, frame_fault> parse(octets received) {
  if (received.size() < header_size) return tl::unexpected{frame_fault::too_short};
  if (!is_whole(received)) return tl::unexpected{frame_fault::length_differs};
  if (received[0] < 0x80 || received[0] > 0x84) return tl::unexpected{frame_fault::unknown_type};
  frame f{static_cast<reply>(received[0]), received[5], received[6], received[7], received[8], received[9], {}};
  const auto data = received.subspan(header_size);
  f.data.assign(data.begin(), data.end());
  return f;
}

std::string explain_error(std::uint8_t error) {
  switch (error) {
  case 0x00:
    return "command not supported";
  case 0xE0:
    return "slot busy";
  case 0xEF:
    return "PIN entry cancelled";
  case 0xF0:
    return "PIN entry timed out";
  case 0xF2:
    return "busy with its own sequence";
  case 0xF3:
    return "protocol deactivated";
  case 0xF4:
    return "procedure byte conflict";
  case 0xF5:
    return "class not supported";
  case 0xF6:
    return "protocol not supported";
  case 0xF7:
    return "wrong checksum in the ATR";
  case 0xF8:
    return "wrong first byte in the ATR";
  case 0xFB:
    return "hardware error";
  case 0xFC:
    return "overrun";
  case 0xFD:
    return "parity error";
  case 0xFE:
    return "card mute";
  case 0xFF:
    return "command aborted";
  default:
    break;
  }
  const auto code = apdu::hex(octets{&error, 1});
  return error < 0x80 ? "wrong field at offset 0x" + code : "error 0x" + code;
}

std::optional<slot_notice> parse_notice(octets received, std::uint8_t slot) {
  const std::size_t at = 1 + slot / 4u;
  if (received.size() <= at || received[0] != 0x50) return std::nullopt;
  const auto bits = received[at] >> (slot % 4 * 2);
  return slot_notice{(bits & 1) != 0, (bits & 2) != 0};
}

std::vector<block> split(octets apdu, std::size_t block_size_max) {
  assert(block_size_max > 0);
  std::vector<block> blocks;
  if (apdu.size() <= block_size_max) return {block{apdu, level_whole}};
  for (std::size_t at = 0; at < apdu.size(); at += block_size_max) {
    const auto size = std::min(block_size_max, apdu.size() - at);
    const auto level = at == 0 ? level_first : at + size == apdu.size() ? level_last : level_middle;
    blocks.push_back({apdu.subspan(at, size), level});
  }
  return blocks;
}

} // namespace drivers::card::ccid
