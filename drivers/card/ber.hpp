// BER-TLV of cards: elements with tags of one or two bytes, read with bounds. Pure; certificates are OpenSSL's.
#pragma once

#include "drivers/card/apdu.hpp"
#include "drivers/card/wiped.hpp"
#include "messages/bytes.hpp"
#include "messages/personal.hpp"

#include <optional>
#include <vector>

namespace drivers::card {

/// Elements of one level that are read; a file with more is refused.
inline constexpr std::size_t ber_elements_max = 32;

/// One element; `content` points into what was read.
struct ber_element {
  std::uint16_t tag = 0;
  apdu::octets content;
};
/// The elements of one level, one after the other, nothing between and after them; nothing when they do not add up.
std::optional<std::vector<ber_element>> parse_ber(apdu::octets bytes);
/// The content of the first element with @p tag.
std::optional<apdu::octets> find_ber(const std::vector<ber_element>& in, std::uint16_t tag);

/// Appends an element. More than 65535 bytes of content are a fault of the caller (asserted).
void put_ber(messages::bytes& to, std::uint16_t tag, const messages::bytes& content);

/// Tags of the surface file (card-reader.md §1.2).
inline constexpr std::uint16_t surface_tag = 0xFF20, surface_offsets_tag = 0xDF21, surface_birth_tag = 0xDF22,
                               surface_sex_tag = 0xDF23, surface_key_tag = 0xDF24, surface_name_tag = 0xDF25,
                               surface_address_tag = 0xDF26, surface_photo_tag = 0xDF27, surface_signature_tag = 0xDF28,
                               surface_expiry_tag = 0xDF29, surface_code_tag = 0xDF2A;
inline constexpr std::size_t surface_size_max = 32768, photo_size_max = 16384;

/// What the surface file tells about the card's owner. Dates are yyyyMMdd.
struct surface_facts {
  messages::personal<wiped_bytes> photo; ///< JPEG 2000: JP2, or a bare codestream
  messages::personal<std::string> birth_date, expiry;
  messages::personal<std::string> sex; ///< 1 male, 2 female, 9 not applicable
};
/// card_answer_odd when the file does not add up, or holds no photo that begins as JPEG 2000 does.
messages::result<surface_facts> parse_surface(apdu::octets file);

} // namespace drivers::card
