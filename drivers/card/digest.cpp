// SHA-256 by OpenSSL, as digest.hpp says.
#include "drivers/card/digest.hpp"

#include <exception>

#include <openssl/evp.h>

namespace drivers::card {

std::array<std::uint8_t, 32> sha256(std::span<const std::uint8_t> bytes) {
  std::array<std::uint8_t, 32> digest{};
  // fails only without memory, or without the default provider: then nothing here can be trusted
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) std::terminate();
  return digest;
}

} // namespace drivers::card
