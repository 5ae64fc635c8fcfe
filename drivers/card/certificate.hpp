// What a card's certificate says and what it is worth at a moment. Pure functions over OpenSSL; safe from any thread.
#pragma once

#include "messages/bytes.hpp"
#include "messages/result.hpp"
#include "messages/values.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace drivers::card {

/// Read from a certificate. Times in seconds since 1970, UTC.
struct certificate_facts {
  std::int64_t valid_from_s = 0, valid_until_s = 0;
  bool rsa = false; ///< the next generation of cards has elliptic curves (card-reader.md §1.5)
  std::size_t key_bits = 0;
};

/// card_answer_odd when it is no X.509 certificate in DER, or anything follows it.
messages::result<certificate_facts> read_certificate(std::span<const std::uint8_t> der);

/// What the certificate is worth at @p now_s. Three calendar months before its end it expires soon; within three months
/// after it, it proves who is there and opens no medical information (oqs-interface.md: 3 months grace).
messages::certificate_standing standing_at(const certificate_facts& facts, std::int64_t now_s);

/// True when one of @p authorities (DER) issued @p der, by name, key identifier and signature, and may issue. Validity
/// in time is not asked here: standing_at tells.
bool chains_to(std::span<const std::uint8_t> der, const std::vector<messages::bytes>& authorities);

/// @p time_s moved by calendar months; a day that the month lacks becomes its last one.
std::int64_t months_later(std::int64_t time_s, int months);

} // namespace drivers::card
