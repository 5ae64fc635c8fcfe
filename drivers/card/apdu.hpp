// APDUs and the octets of cards: building and reading them. Pure; everything a card or reader sends is checked here.
#pragma once

#include "drivers/card/wiped.hpp"
#include "messages/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace drivers::card::apdu {

using octets = std::span<const std::uint8_t>;

/// Short APDUs only: some My Number cards know no others (card-reader.md §1.4).
inline constexpr std::size_t data_size_max = 255;
inline constexpr std::size_t answer_size_max = 256;
/// Extended ones are read only by the virtual card, which must refuse them properly.
inline constexpr std::size_t extended_size_max = 65544;

inline constexpr std::uint8_t ins_verify = 0x20, ins_change_pin = 0x24, ins_sign = 0x2A, ins_challenge = 0x84,
                              ins_select = 0xA4, ins_read_binary = 0xB0;

/// One command. `le` is the number of bytes wanted, 1 to 256 in a short APDU; 0: no Le field.
struct command {
  std::uint8_t cla = 0, ins = 0, p1 = 0, p2 = 0;
  octets data = {};
  std::size_t le = 0;
};

/// The octets of a short APDU. More than 255 bytes of data or 256 wanted is a fault of the caller (asserted).
wiped_bytes build(const command& c);

/// Reads a command (ISO 7816-4 cases 1 to 4, short and extended); nothing when lengths do not add up. `data` points
/// into @p apdu.
std::optional<command> parse(octets apdu);

/// What a card answered: data, then the status word.
struct answer {
  wiped_bytes data;
  std::uint16_t sw = 0;
};
std::optional<answer> parse_answer(octets received);

/// The tries left that a 63Cx, 6983 or 6984 tells; nothing for any other status word.
std::optional<std::int64_t> tries_left(std::uint16_t sw);

/// True when @p apdu carries a PIN (VERIFY or CHANGE with data).
bool holds_pin(octets apdu);

/// The header, and the lengths of the rest: what a trace may show. Data of VERIFY is never shown, nor any other data
/// but of SELECT, which names files.
std::string describe(octets apdu);

/// "9000"
std::string hex(std::uint16_t sw);
std::string hex(octets bytes);

/// The head of a BER-TLV element with a tag of 1 or 2 bytes and a length of 1, `81 xx` or `82 xx xx` (§1.2).
struct ber_head {
  std::uint16_t tag = 0;
  std::size_t head_size = 0; ///< bytes of tag and length
  std::size_t content_size = 0;
};
std::optional<ber_head> parse_ber_head(octets bytes);

/// The whole size of a certificate from its first 4 bytes, `30 82 hi lo` (§1.2). Anything else, or a size outside
/// certificate_size_min … certificate_size_max, is card_answer_odd.
inline constexpr std::size_t certificate_size_min = 260, certificate_size_max = 8192;
messages::result<std::size_t> certificate_size(octets head);

} // namespace drivers::card::apdu
