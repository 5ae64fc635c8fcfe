// Pairs by libzmq's own functions.
#include "drivers/bus/curve.hpp"

#include <zmq.h>

#include <array>

namespace bus {

namespace {

using key_text = std::array<char, curve_key_characters + 1>;

} // namespace

curve_pair fresh_curve_pair() {
  key_text open{}, hidden{};
  if (zmq_curve_keypair(open.data(), hidden.data()) != 0) return {};
  return {open.data(), hidden.data()};
}

curve_pair curve_pair_of(std::span<const unsigned char, 32> secret) {
  key_text open{}, hidden{};
  zmq_z85_encode(hidden.data(), secret.data(), secret.size());
  if (zmq_curve_public(open.data(), hidden.data()) != 0) return {};
  return {open.data(), hidden.data()};
}

std::optional<std::string> public_half(const std::string& secret_key) {
  key_text open{};
  if (!is_curve_key(secret_key) || zmq_curve_public(open.data(), secret_key.c_str()) != 0) return std::nullopt;
  return open.data();
}

bool is_curve_key(std::string_view text) {
  std::array<unsigned char, 32> octets{};
  return text.size() == curve_key_characters && text.find('\0') == std::string_view::npos &&
         zmq_z85_decode(octets.data(), std::string{text}.c_str()) != nullptr;
}

std::string curve_text(std::string_view octets) {
  key_text text{};
  if (octets.size() != 32) return {};
  zmq_z85_encode(text.data(), reinterpret_cast<const unsigned char*>(octets.data()), octets.size());
  return text.data();
}

} // namespace bus
