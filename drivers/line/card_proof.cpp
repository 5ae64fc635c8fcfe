// Whether a signature proves that a card of the simulated card authority was there.
#include "drivers/line/card_proof.hpp"

#include "drivers/line/x509_text.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>

namespace drivers::line {
namespace {

using messages::error_code;
using messages::failure;
using messages::result;

template <auto Free> struct freer {
  template <class T> void operator()(T* p) const { Free(p); }
};
using x509_ptr = std::unique_ptr<X509, freer<X509_free>>;
using store_ptr = std::unique_ptr<X509_STORE, freer<X509_STORE_free>>;
using store_context_ptr = std::unique_ptr<X509_STORE_CTX, freer<X509_STORE_CTX_free>>;
using digest_context_ptr = std::unique_ptr<EVP_MD_CTX, freer<EVP_MD_CTX_free>>;
using time_ptr = std::unique_ptr<ASN1_TIME, freer<ASN1_TIME_free>>;

x509_ptr from_der(const messages::bytes& der) {
  const unsigned char* at = der.data();
  x509_ptr certificate{d2i_X509(nullptr, &at, static_cast<long>(der.size()))};
  if (at != der.data() + der.size()) certificate.reset(); // nothing may follow it
  return certificate;
}

bool chains_to(X509_STORE* store, X509* certificate, std::uint64_t now_ms) {
  store_context_ptr context{X509_STORE_CTX_new()};
  if (!context || X509_STORE_CTX_init(context.get(), store, certificate, nullptr) != 1) return false;
  X509_STORE_CTX_set_time(context.get(), 0, static_cast<time_t>(now_ms / 1000)); // the centre's clock, not the host's
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_PARTIAL_CHAIN);            // the file may name a lower authority
  return X509_verify_cert(context.get()) == 1;
}

bool signed_by(EVP_PKEY* key, const messages::bytes& value, const messages::bytes& signature) {
  digest_context_ptr context{EVP_MD_CTX_new()};
  return context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), value.data(), value.size()) == 1;
}

std::int64_t days_until_end(const X509* certificate, std::uint64_t now_ms) {
  const time_ptr now{ASN1_TIME_set(nullptr, static_cast<time_t>(now_ms / 1000))};
  int days = 0, seconds = 0;
  if (!now || ASN1_TIME_diff(&days, &seconds, now.get(), X509_get0_notAfter(certificate)) != 1) return 0;
  return days;
}

} // namespace

struct card_authority::inside {
  store_ptr store;
};

card_authority::card_authority(std::unique_ptr<inside> i) : inside_(std::move(i)) {}
card_authority::~card_authority() = default;

result<std::unique_ptr<card_authority>> card_authority::open(const std::filesystem::path& ca_file) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file{std::fopen(ca_file.c_str(), "re"), std::fclose};
  if (!file) return failure(error_code::certificate_problem, ca_file.string(), "cannot be opened");
  auto made = std::make_unique<inside>();
  made->store.reset(X509_STORE_new());
  int certificates = 0;
  while (x509_ptr one{PEM_read_X509(file.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(made->store.get(), one.get());
    ++certificates;
  }
  ERR_clear_error(); // the end of the file is an error to PEM_read
  if (certificates == 0) return failure(error_code::certificate_problem, ca_file.string(), "holds no certificate");
  return std::unique_ptr<card_authority>{new card_authority{std::move(made)}};
}

card_proof card_authority::check(const messages::bytes& certificate, const messages::bytes& challenge,
                                 const messages::bytes& signature, std::uint64_t now_ms) const {
  return judged(certificate, &challenge, &signature, now_ms);
}

card_proof card_authority::check(const messages::bytes& certificate, std::uint64_t now_ms) const {
  return judged(certificate, nullptr, nullptr, now_ms);
}

card_proof card_authority::judged(const messages::bytes& certificate, const messages::bytes* challenge,
                                  const messages::bytes* signature, std::uint64_t now_ms) const {
  card_proof proof;
  const auto card = from_der(certificate);
  EVP_PKEY* key = card ? X509_get0_pubkey(card.get()) : nullptr;
  const bool believed = key && EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= 2048 &&
                        X509_check_ca(card.get()) == 0 && chains_to(inside_->store.get(), card.get(), now_ms);
  if (believed && signature && !signed_by(key, *challenge, *signature)) proof.is = card_proof::outcome::wrong_signature;
  if (believed && proof.is != card_proof::outcome::wrong_signature)
    proof = {card_proof::outcome::proven, subject_entry(card.get(), NID_commonName),
             days_until_end(card.get(), now_ms)};
  ERR_clear_error();
  return proof;
}

} // namespace drivers::line
