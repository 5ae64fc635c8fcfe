// scrypt, HMAC and chance by OpenSSL: the one file of this room that names it.
#include "drivers/secrets/digests.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace drivers::secrets {
namespace {

using octets32 = std::array<unsigned char, 32>;

constexpr std::uint8_t form = 1;
constexpr std::size_t salt_at = 4, salt_size = 16, digest_at = salt_at + salt_size;
constexpr std::uint64_t memory_max = 512u << 20; ///< a verifier that asks for more is none

thread_local std::uint64_t work = 0;

/// OpenSSL fails for want of memory or entropy only: then nothing here can be promised.
void must(bool good) {
  if (!good) std::abort();
}

const unsigned char* octets(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

octets32 keyed(const std::string& key, std::string_view what, const std::string& account, std::string_view data) {
  std::string text{what};
  text += '\n' + account + '\n';
  text += data;
  octets32 digest{};
  unsigned size = 0;
  must(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), octets(text), text.size(), digest.data(), &size));
  OPENSSL_cleanse(text.data(), text.size());
  return digest;
}

bool is_affordable(cost c) {
  return c.log2_n >= 1 && c.log2_n < 32 && c.r >= 1 && c.p >= 1 && c.p <= 16 &&
         (std::uint64_t{128} * c.r << c.log2_n) <= memory_max;
}

octets32 digest_of(const std::string& key, const std::string& account, const messages::credential& password,
                   const unsigned char* salt, cost c) {
  octets32 stretched{};
  const auto& text = password.reveal();
  work += (std::uint64_t{c.r} * c.p) << c.log2_n;
  must(EVP_PBE_scrypt(text.data(), text.size(), salt, salt_size, std::uint64_t{1} << c.log2_n, c.r, c.p,
                      memory_max + (1 << 20), stretched.data(), stretched.size()) == 1);
  const auto digest = keyed(key, "password", account,
                            {reinterpret_cast<const char*>(stretched.data()), stretched.size()});
  OPENSSL_cleanse(stretched.data(), stretched.size());
  return digest;
}

constexpr std::string_view base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

std::string from_base32(std::string_view text) {
  std::string out;
  unsigned held = 0, bits = 0;
  for (const char c : text) {
    const auto at = base32.find(c);
    if (at == std::string_view::npos) continue;
    held = (held << 5 | static_cast<unsigned>(at)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    out += static_cast<char>(held >> bits & 0xff);
  }
  return out;
}

} // namespace

std::string fresh_octets(std::size_t size) {
  std::string made(size, '\0');
  must(RAND_bytes(reinterpret_cast<unsigned char*>(made.data()), static_cast<int>(size)) == 1);
  return made;
}

messages::bytes make_verifier(const std::string& key, const std::string& account, const messages::credential& password,
                              cost effort) {
  messages::bytes made{form, static_cast<std::uint8_t>(effort.log2_n), static_cast<std::uint8_t>(effort.r),
                       static_cast<std::uint8_t>(effort.p)};
  const auto salt = fresh_octets(salt_size);
  made.insert(made.end(), salt.begin(), salt.end());
  const auto digest = digest_of(key, account, password, octets(salt), effort);
  made.insert(made.end(), digest.begin(), digest.end());
  return made;
}

bool fits(const std::string& key, const std::string& account, const messages::credential& password,
          const messages::bytes& verifier, cost effort) {
  const cost said = verifier.size() == verifier_size ? cost{verifier[1], verifier[2], verifier[3]} : cost{0, 0, 0};
  const bool real = verifier.size() == verifier_size && verifier[0] == form && is_affordable(said);
  messages::bytes judged = verifier;
  if (!real) judged.assign(verifier_size, 0); // nobody's: hashed all the same
  const auto digest = digest_of(key, account, password, judged.data() + salt_at, real ? said : effort);
  return (CRYPTO_memcmp(digest.data(), judged.data() + digest_at, digest.size()) == 0) && real;
}

std::uint64_t work_done() { return work; }

messages::credential code_secret_of(const std::string& key, const std::string& account, const messages::bytes& nonce) {
  auto digest = keyed(key, "code", account, {reinterpret_cast<const char*>(nonce.data()), nonce.size()});
  std::string text;
  for (std::size_t bit = 0; bit < 160; bit += 5) { // 20 octets, as RFC 4226 asks for
    unsigned five = 0;
    for (std::size_t n = bit; n < bit + 5; ++n)
      five = five << 1 | (digest[n / 8] >> (7 - n % 8) & 1u);
    text += base32[five];
  }
  messages::credential secret{text};
  OPENSSL_cleanse(text.data(), text.size());
  OPENSSL_cleanse(digest.data(), digest.size());
  return secret;
}

std::string code_at(const messages::credential& secret, std::uint64_t step) {
  auto key = from_base32(secret.reveal());
  std::array<unsigned char, 8> counter{};
  for (std::size_t n = 0; n < 8; ++n)
    counter[n] = static_cast<unsigned char>(step >> (56 - 8 * n));
  std::array<unsigned char, 20> digest{};
  unsigned size = 0;
  must(HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), counter.data(), counter.size(), digest.data(),
            &size));
  OPENSSL_cleanse(key.data(), key.size());
  const auto at = digest[19] & 15u;
  const std::uint32_t number =
      (digest[at] & 0x7fu) << 24 | digest[at + 1u] << 16 | digest[at + 2u] << 8 | digest[at + 3u];
  const auto digits = std::to_string(number % 1'000'000);
  return std::string(6 - digits.size(), '0') + digits;
}

std::uint64_t step_of(const messages::credential& secret, const std::string& code, std::uint64_t utc_ms) {
  const auto now = utc_ms / code_step_ms;
  std::uint64_t found = 0;
  for (const auto step : {now - 1, now, now + 1}) {
    const auto right = code_at(secret, step);
    if (code.size() == right.size() && CRYPTO_memcmp(code.data(), right.data(), right.size()) == 0) found = step;
  }
  return found;
}

} // namespace drivers::secrets
