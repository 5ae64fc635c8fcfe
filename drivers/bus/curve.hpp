// Keys of CURVE, the encryption of the bus between hosts: pairs, and what a connection needs of them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bus {

/// 32 octets as ZeroMQ writes them (Z85, RFC 32 of ZeroMQ).
inline constexpr std::size_t curve_key_characters = 40;

struct curve_pair {
  std::string public_key, secret_key; ///< 40 characters each
};

/// What one end has to know to reach the other: its own pair, and the hub's public key, by which it knows the hub.
struct curve_identity {
  curve_pair own;
  std::string hub_key;
};

/// From the operating system's random source; empty when libzmq was built without CURVE.
curve_pair fresh_curve_pair();
/// The pair whose secret half are these 32 octets.
curve_pair curve_pair_of(std::span<const unsigned char, 32> secret);
/// The public half of @p secret_key; nothing when it is no key.
std::optional<std::string> public_half(const std::string& secret_key);
bool is_curve_key(std::string_view text);
/// 32 octets as 40 characters.
std::string curve_text(std::string_view octets);

} // namespace bus
