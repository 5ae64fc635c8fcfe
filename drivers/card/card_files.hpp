// Which applications and files of a My Number card are used at all (card-reader.md §1.1). There is no way in this room
// to name another one: 個人番号 and what unlocks it are not here (tests/drivers/card/individual_number_test.cpp).
#pragma once

#include "messages/field.hpp"
#include "messages/values.hpp"

#include <array>
#include <cstdint>

namespace drivers::card {

using application_name = std::array<std::uint8_t, 10>;

/// 公的個人認証 (JPKI AP).
inline constexpr application_name jpki_application = {0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01};
/// 券面事項確認 AP, for the face on the card's surface only.
inline constexpr application_name surface_application = {0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x02};

/// Files of the JPKI application. The three of the digital signature are the virtual card's; of them the driver asks
/// the PIN's tries left.
enum class jpki_file : std::uint16_t {
  signing_certificate = 0x0001,
  signing_issuer = 0x0002,
  token = 0x0006,
  user_certificate = 0x000A,
  user_issuer = 0x000B,
  user_key = 0x0017,
  user_pin = 0x0018,
  signature_key = 0x001A,
  signing_pin = 0x001B
};

/// Files of the surface application: what lies on the card's face, and 照合番号B, which opens it. B is made of birth
/// date, year of expiry and security code; the other key to this file is the individual number and is not known here.
enum class surface_file : std::uint16_t { surface = 0x0002, check_number_b = 0x0012 };

} // namespace drivers::card
