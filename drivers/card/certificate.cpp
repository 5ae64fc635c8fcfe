// Reading and judging certificates with OpenSSL, as certificate.hpp says.
#include "drivers/card/certificate.hpp"

#include "drivers/card/apdu.hpp"

#include <chrono>
#include <memory>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace drivers::card {

namespace {

constexpr int grace_months = 3;

struct freed {
  void operator()(X509* c) const { X509_free(c); }
  void operator()(ASN1_TIME* t) const { ASN1_TIME_free(t); }
};
using certificate_ptr = std::unique_ptr<X509, freed>;

certificate_ptr from_der(std::span<const std::uint8_t> bytes) {
  if (bytes.size() > apdu::certificate_size_max) return nullptr;
  const auto* at = bytes.data();
  certificate_ptr read{d2i_X509(nullptr, &at, static_cast<long>(bytes.size()))};
  ERR_clear_error();
  return at == bytes.data() + bytes.size() ? std::move(read) : nullptr;
}

/// Nothing when the time is none.
bool to_seconds(const ASN1_TIME* time, std::int64_t& seconds) {
  const std::unique_ptr<ASN1_TIME, freed> epoch{ASN1_TIME_set(nullptr, 0)};
  int days = 0, rest = 0;
  if (!epoch || ASN1_TIME_diff(&days, &rest, epoch.get(), time) != 1) return false;
  seconds = std::int64_t{days} * 86'400 + rest;
  return true;
}

} // namespace

messages::result<certificate_facts> read_certificate(std::span<const std::uint8_t> der) {
  const auto odd = [](const char* what) {
    return messages::failure(messages::error_code::card_answer_odd, what, "READ BINARY of the certificate");
  };
  const auto c = from_der(der);
  if (!c) return odd("no certificate");
  certificate_facts facts;
  if (!to_seconds(X509_get0_notBefore(c.get()), facts.valid_from_s) ||
      !to_seconds(X509_get0_notAfter(c.get()), facts.valid_until_s))
    return odd("no validity");
  EVP_PKEY* key = X509_get0_pubkey(c.get());
  ERR_clear_error();
  if (key == nullptr) return odd("no key");
  facts.rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
  facts.key_bits = static_cast<std::size_t>(EVP_PKEY_get_bits(key));
  return facts;
}

std::int64_t months_later(std::int64_t time_s, int months) {
  using namespace std::chrono;
  const sys_seconds at{seconds{time_s}};
  const auto day = floor<days>(at);
  auto moved = year_month_day{day} + std::chrono::months{months};
  if (!moved.ok()) moved = moved.year() / moved.month() / last;
  return (sys_days{moved} + (at - day)).time_since_epoch().count();
}

messages::certificate_standing standing_at(const certificate_facts& facts, std::int64_t now_s) {
  using messages::certificate_standing;
  if (now_s < facts.valid_from_s) return certificate_standing::not_yet_valid;
  if (now_s <= facts.valid_until_s)
    return now_s >= months_later(facts.valid_until_s, -grace_months) ? certificate_standing::expires_soon
                                                                     : certificate_standing::valid;
  return now_s <= months_later(facts.valid_until_s, grace_months) ? certificate_standing::expired_lately
                                                                  : certificate_standing::expired;
}

bool chains_to(std::span<const std::uint8_t> der, const std::vector<messages::bytes>& authorities) {
  const auto c = from_der(der);
  if (!c) return false;
  for (const auto& one : authorities) {
    const auto a = from_der(one);
    const bool issued = a && X509_check_issued(a.get(), c.get()) == X509_V_OK && X509_check_ca(a.get()) == 1 &&
                        X509_verify(c.get(), X509_get0_pubkey(a.get())) == 1;
    ERR_clear_error();
    if (issued) return true;
  }
  return false;
}

} // namespace drivers::card
