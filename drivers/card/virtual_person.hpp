// SIMULATED: what is printed on a virtual card, and the octets of its surface file. Nobody here exists.
#pragma once

#include "messages/bytes.hpp"

#include <string>
#include <string_view>

namespace drivers::card {

/// Dates are yyyyMMdd.
struct virtual_person {
  std::string birth_date, expiry;
  std::string sex;           ///< 1 male, 2 female
  std::string security_code; ///< 4 digits on the card's face
};

/// The person behind an id, always the same for the same id.
virtual_person person_of(std::string_view person_id);

/// 照合番号B: birth date without its century, year of expiry, security code: 14 digits (card-reader.md §1.1).
std::string check_number_of(const virtual_person& person);

/// EF 0002 of the surface application (card-reader.md §1.2). The photo is a drawing, 60 × 80, JPEG 2000, unless another
/// one is given; pictures of text, key and signature are fillers of the right shape.
messages::bytes surface_of(const virtual_person& person, const messages::bytes& photo = {});

} // namespace drivers::card
