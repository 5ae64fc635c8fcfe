// The primitives of sealing and of the chain: AES-256-GCM, HMAC-SHA-256, Ed25519, scrypt. OpenSSL stays in cipher.cpp.
//
// Pure but for chance (the system's); safe from any thread. A failure of OpenSSL itself (memory, entropy) ends the
// process: there is nothing that could be sealed without it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace storage {

/// 32 bytes that are wiped when they go.
class key_bytes {
public:
  static constexpr std::size_t size = 32;
  key_bytes() = default;
  key_bytes(const key_bytes&) = default;
  key_bytes& operator=(const key_bytes&) = default;
  ~key_bytes();
  /// Nothing when @p bytes are not 32.
  static std::optional<key_bytes> from(std::string_view bytes);
  static key_bytes fresh();
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes_.data()), size}; }
  const std::uint8_t* data() const { return bytes_.data(); }
  std::uint8_t* data() { return bytes_.data(); }

private:
  std::array<std::uint8_t, size> bytes_{};
};

std::string random_octets(std::size_t size);

/// What sealing adds: a nonce of 12 bytes (chance: a patient's key seals far fewer than 2³² values) and a tag of 16.
inline constexpr std::size_t sealing_bytes = 12 + 16;
/// @p before as it is, then nonce | ciphertext | tag. @p place is authenticated with it: a value moved elsewhere does
/// not open.
std::string seal(const key_bytes& key, std::string_view place, std::string_view clear, std::string_view before = {});
/// Nothing when the key, the place or a single bit is another.
std::optional<std::string> unseal(const key_bytes& key, std::string_view place, std::string_view sealed);

/// HMAC-SHA-256 under one key, over pieces. Not thread-safe; one per thread that chains.
class tagger {
public:
  static constexpr std::size_t tag_bytes = 32;
  explicit tagger(const key_bytes& key);
  ~tagger();
  tagger(tagger&&) noexcept;
  tagger& operator=(tagger&&) noexcept;
  std::string tag(std::initializer_list<std::string_view> pieces);

private:
  struct state;
  std::unique_ptr<state> state_;
};

std::string sha256(std::string_view bytes);

/// Ed25519; the private key is its 32-byte seed.
std::string public_key_of(const key_bytes& seed);
std::string sign(const key_bytes& seed, std::string_view text);
bool is_signed(std::string_view public_key, std::string_view text, std::string_view signature);

/// scrypt with N = 2^15, r = 8, p = 1: about 0.1 s and 32 MiB (stack.md §1).
key_bytes stretched(std::string_view passphrase, std::string_view salt);

} // namespace storage
