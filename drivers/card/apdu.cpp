// Building and reading APDUs, as apdu.hpp says.
#include "drivers/card/apdu.hpp"

#include <algorithm>
#include <cassert>

namespace drivers::card::apdu {

wiped_bytes build(const command& c) {
  assert(c.data.size() <= data_size_max && c.le <= answer_size_max);
  wiped_bytes out;
  out.reserve(6 + c.data.size());
  out.insert(out.end(), {c.cla, c.ins, c.p1, c.p2});
  if (!c.data.empty()) {
    out.push_back(static_cast<std::uint8_t>(c.data.size()));
    out.insert(out.end(), c.data.begin(), c.data.end());
  }
  if (c.le > 0) out.push_back(static_cast<std::uint8_t>(c.le)); // 256 becomes 00
  return out;
}

namespace {

std::size_t big_endian(octets two) { return static_cast<std::size_t>(two[0] << 8 | two[1]); }

/// Body of an extended APDU: 00, then two bytes of Lc or Le.
bool parse_extended(command& c, octets body) {
  const auto first = big_endian(body.subspan(1, 2));
  body = body.subspan(3);
  if (body.empty()) {
    c.le = first == 0 ? 65536 : first;
    return true;
  }
  if (first == 0 || body.size() < first) return false;
  c.data = body.first(first);
  body = body.subspan(first);
  if (body.empty()) return true;
  if (body.size() != 2) return false;
  c.le = big_endian(body) == 0 ? 65536 : big_endian(body);
  return true;
}

} // namespace

std::optional<command> parse(octets apdu) {
  if (apdu.size() < 4 || apdu.size() > extended_size_max) return std::nullopt;
  command c{apdu[0], apdu[1], apdu[2], apdu[3], {}, 0};
  auto body = apdu.subspan(4);
  if (body.empty()) return c;
  if (body.size() == 1) {
    c.le = body[0] == 0 ? answer_size_max : body[0];
    return c;
  }
  if (body[0] == 0) {
    if (body.size() < 3 || !parse_extended(c, body)) return std::nullopt;
    return c;
  }
  const std::size_t lc = body[0];
  body = body.subspan(1);
  if (body.size() != lc && body.size() != lc + 1) return std::nullopt;
  c.data = body.first(lc);
  if (body.size() == lc + 1) c.le = body[lc] == 0 ? answer_size_max : body[lc];
  return c;
}

std::optional<answer> parse_answer(octets received) {
  if (received.size() < 2) return std::nullopt;
  const auto data = received.first(received.size() - 2);
  return answer{wiped_bytes(data.begin(), data.end()), static_cast<std::uint16_t>(big_endian(received.last(2)))};
}

std::optional<std::int64_t> tries_left(std::uint16_t sw) {
  if ((sw & 0xFFF0) == 0x63C0) return sw & 0xF;
  if (sw == 0x6983 || sw == 0x6984) return 0;
  return std::nullopt;
}

bool holds_pin(octets apdu) { return apdu.size() > 5 && (apdu[1] == ins_verify || apdu[1] == ins_change_pin); }

std::string describe(octets apdu) {
  std::string text = hex(apdu.first(std::min<std::size_t>(apdu.size(), 4)));
  const auto c = parse(apdu);
  if (!c) return text + " (" + std::to_string(apdu.size()) + " bytes)";
  if (!c->data.empty())
    text += c->ins == ins_select ? " " + hex(c->data) : " [" + std::to_string(c->data.size()) + " bytes]";
  if (c->le > 0) text += " le " + std::to_string(c->le);
  return text;
}

std::string hex(octets bytes) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string text;
  for (const auto b : bytes) {
    text.push_back(digits[b >> 4]);
    text.push_back(digits[b & 15]);
  }
  return text;
}

std::string hex(std::uint16_t sw) {
  const std::uint8_t two[] = {static_cast<std::uint8_t>(sw >> 8), static_cast<std::uint8_t>(sw)};
  return hex(octets{two});
}

std::optional<ber_head> parse_ber_head(octets bytes) {
  if (bytes.size() < 2) return std::nullopt;
  ber_head head{bytes[0], 1, 0};
  if ((bytes[0] & 0x1F) == 0x1F) {
    if ((bytes[1] & 0x80) != 0) return std::nullopt; // three-byte tags do not occur
    head = {static_cast<std::uint16_t>(big_endian(bytes)), 2, 0};
  }
  if (bytes.size() <= head.head_size) return std::nullopt;
  const auto length = bytes[head.head_size++];
  if (length < 0x80) {
    head.content_size = length;
    return head;
  }
  const std::size_t more = length & 0x7F;
  if (more == 0 || more > 2 || bytes.size() < head.head_size + more) return std::nullopt;
  for (std::size_t i = 0; i < more; ++i)
    head.content_size = head.content_size << 8 | bytes[head.head_size++];
  return head;
}

messages::result<std::size_t> certificate_size(octets head) {
  const auto odd = [&] {
    return messages::failure(messages::error_code::card_answer_odd,
                             hex(head.first(std::min<std::size_t>(head.size(), 4))),
                             "READ BINARY of the certificate's head");
  };
  if (head.size() < 4 || head[0] != 0x30 || head[1] != 0x82) return odd();
  const auto size = big_endian(head.subspan(2, 2)) + 4;
  if (size < certificate_size_min || size > certificate_size_max) return odd();
  return size;
}

} // namespace drivers::card::apdu
