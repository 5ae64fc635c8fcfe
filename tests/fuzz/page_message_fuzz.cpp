// Any WebSocket message of any page, and any bytes on the socket of the engine's process: sorted within their limits,
// or refused. First byte: whose page; second: text or binary.
#include "drivers/face/engine_wire.hpp"
#include "drivers/screen/spoken.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

using drivers::screen::page_kind;
using drivers::screen::spoken;
namespace wire = drivers::face::wire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::span<const std::uint8_t> message{data + 2, size - 2};
  const drivers::screen::speech_limits limits{128, 64};
  const auto whose = static_cast<page_kind>(data[0] % 4);
  const bool text = data[1] % 2 != 0;
  const auto heard = drivers::screen::hear(whose, text, message, limits);
  if (heard.what == spoken::frame && (text || whose != page_kind::patient || message.size() > 64)) std::abort();
  if (heard.what != spoken::frame && heard.what != spoken::refused && (!text || message.size() > 128)) std::abort();
  if (heard.text.size() > message.size()) std::abort();

  if (message.size() >= wire::head_size) {
    const auto head = wire::parse_head(message.first<wire::head_size>());
    if (head && head->size > std::max(drivers::face::photo_bytes_max, drivers::face::frame_bytes_max)) std::abort();
  }
  if (message.size() >= wire::reply_size) {
    const auto reply = wire::parse_reply(message.first<wire::reply_size>());
    if (reply && (!(std::abs(reply->score) <= 1) ||
                  reply->sight >= messages::enumeration<messages::face_sight>::names.size()))
      std::abort();
  }
  return 0;
}
