// Writing frames down, as frame_trace.hpp says.
#include "drivers/card/frame_trace.hpp"

#include "drivers/card/apdu.hpp"
#include "drivers/card/t1.hpp"

#include <algorithm>

namespace drivers::card {

namespace {

constexpr std::uint8_t transfer = 0x6F, data_block = 0x80;
constexpr std::size_t status_word_size = 2;

/// @p hidden says which bytes are masked.
template <class Hidden> std::string write(const char* arrow, octets frame, Hidden hidden) {
  std::string text = arrow;
  text += " 000000";
  for (std::size_t i = 0; i < frame.size(); ++i)
    text += hidden(i) ? " **" : " " + apdu::hex(frame.subspan(i, 1));
  return text;
}

bool is_information(octets block) { return block.size() > t1::prologue_size && (block[1] & 0x80) == 0; }

} // namespace

secrecy secrecy_of(octets apdu) {
  const bool reads = apdu.size() >= 2 && apdu[1] >= 0xB0 && apdu[1] <= 0xB3; // READ BINARY and READ RECORD
  return {apdu::holds_pin(apdu), reads};
}

std::string describe_request(octets frame, const frame_content& content) {
  const bool secret = content.hidden.command && frame.size() > ccid::header_size && frame[0] == transfer;
  const auto body = secret ? frame.subspan(ccid::header_size) : octets{};
  const bool blocks = content.level == exchange_level::tpdu;
  if (!secret || (blocks && !is_information(body))) return write("->", frame, [](std::size_t) { return false; });
  const auto open = ccid::header_size + (blocks ? t1::prologue_size : 0) + content.shown;
  return write("->", frame, [open](std::size_t i) { return i >= open; });
}

std::string describe_reply(octets frame, const frame_content& content, bool stale) {
  const bool secret = (content.hidden.answer || stale) && frame.size() > ccid::header_size;
  if (stale && secret) return write("<-", frame, [](std::size_t i) { return i >= ccid::header_size; });
  const auto body = secret && frame[0] == data_block ? frame.subspan(ccid::header_size) : octets{};
  const bool blocks = content.level == exchange_level::tpdu;
  if (body.empty() || (blocks && !is_information(body))) return write("<-", frame, [](std::size_t) { return false; });
  const std::size_t begin = ccid::header_size + (blocks ? t1::prologue_size : 0);
  const std::size_t end = blocks ? std::min(begin + body[2], frame.size()) : frame.size();
  const bool more =
      blocks ? (body[1] & 0x20) != 0 : content.level == exchange_level::extended_apdu && ccid::more_follows(frame[9]);
  const bool ends = !more && end - begin >= status_word_size;
  const auto secret_end = ends ? end - status_word_size : end;
  return write("<-", frame, [=](std::size_t i) { return (i >= begin && i < secret_end) || i >= end; });
}

} // namespace drivers::card
