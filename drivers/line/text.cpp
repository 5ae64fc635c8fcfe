// Small conversions of text on the line: base64, encodings, numbers.
#include "drivers/line/text.hpp"

#include <iconv.h>
#include <openssl/evp.h>

#include <array>

namespace drivers::line {
namespace {

/// One decoded character and the bytes it takes; 0 bytes when damaged.
struct decoded {
  char32_t character = 0;
  std::size_t size = 0;
};

decoded decode_one(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t n) { return static_cast<unsigned char>(text[at + n]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (size == 0 || first > 0xf4 || at + size > text.size()) return {};
  char32_t c = first & (0xffu >> (size + 1));
  for (std::size_t n = 1; n < size; ++n) {
    if ((byte(n) & 0xc0u) != 0x80u) return {};
    c = c << 6 | (byte(n) & 0x3fu);
  }
  const char32_t least = size == 2 ? 0x80 : size == 3 ? 0x800 : 0x10000;
  if (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return {};
  return {c, size};
}

std::optional<std::string> converted(std::string_view octets, const char* from, const char* to, std::size_t growth) {
  const iconv_t converter = iconv_open(to, from);
  if (converter == reinterpret_cast<iconv_t>(-1)) return std::nullopt;
  std::string text(octets.size() * growth + 4, '\0');
  char* in = const_cast<char*>(octets.data()); // iconv does not write to it
  char* out = text.data();
  std::size_t in_left = octets.size(), out_left = text.size();
  const auto done = iconv(converter, &in, &in_left, &out, &out_left);
  iconv_close(converter);
  if (done == static_cast<std::size_t>(-1)) return std::nullopt;
  text.resize(text.size() - out_left);
  return text;
}

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

} // namespace

std::string to_base64(const messages::bytes& octets) {
  std::string text((octets.size() + 2) / 3 * 4 + 1, '\0'); // EVP_EncodeBlock ends with a NUL
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), octets.data(), static_cast<int>(octets.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<messages::bytes> from_base64(std::string_view text) {
  std::string packed;
  packed.reserve(text.size());
  std::size_t padding = 0;
  for (const char c : text) {
    if (is_space(c)) continue;
    const bool letter =
        (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
    if (c == '=') ++padding;
    if ((!letter && c != '=') || (letter && padding > 0)) return std::nullopt;
    packed += c;
  }
  if (packed.size() % 4 != 0 || padding > 2) return std::nullopt;
  messages::bytes octets(packed.size() / 4 * 3);
  if (packed.empty()) return octets;
  const int size = EVP_DecodeBlock(octets.data(), reinterpret_cast<const unsigned char*>(packed.data()),
                                   static_cast<int>(packed.size()));
  if (size < 0) return std::nullopt;
  octets.resize(static_cast<std::size_t>(size) - padding); // EVP_DecodeBlock counts the padding as zeros
  return octets;
}

std::string digest_of(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned n = 0; n < size; ++n) {
    hex += "0123456789abcdef"[digest[n] >> 4];
    hex += "0123456789abcdef"[digest[n] & 15];
  }
  return hex;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (const auto c = static_cast<unsigned char>(text[at]); c != 0 && c < 0x80) { // most of a message is ASCII
      ++at;
      continue;
    }
    const auto one = decode_one(text, at);
    if (one.size == 0 || one.character == 0) return false;
    at += one.size;
  }
  return true;
}

std::optional<std::string> from_shift_jis(std::string_view octets) {
  return converted(octets, "CP932", "UTF-8", 3); // a half-width kana is one byte there and three here
}

std::optional<std::string> to_shift_jis(std::string_view utf8) { return converted(utf8, "UTF-8", "CP932", 1); }

bool is_digits(std::string_view text, std::size_t count) {
  return text.size() == count && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_plain(std::string_view text) {
  for (const unsigned char c : text)
    if (c < 0x20 || c == 0x7f) return false;
  return is_utf8(text);
}

std::size_t length_of(std::string_view utf8) {
  std::size_t characters = 0;
  for (const char c : utf8)
    characters += (static_cast<unsigned char>(c) & 0xc0u) != 0x80u;
  return characters;
}

std::string normalised(std::string_view number) {
  std::string text;
  for (std::size_t at = 0; at < number.size();) {
    const auto one = decode_one(number, at);
    const std::size_t size = one.size == 0 ? 1 : one.size;
    char32_t c = one.size == 0 ? static_cast<unsigned char>(number[at]) : one.character;
    if (c >= 0xff01 && c <= 0xff5e) c -= 0xfee0;                                           // full-width forms
    if (c == 0x2010 || c == 0x2011 || c == 0x2012 || c == 0x2013 || c == 0x2212) c = U'-'; // kinds of hyphen
    const bool space = c == U' ' || c == 0x3000 || c == U'\t';
    if (!space && c < 0x80) text += static_cast<char>(c);
    if (!space && c >= 0x80) text += number.substr(at, size);
    at += size;
  }
  const auto significant = text.find_first_not_of('0');
  return significant == std::string::npos ? std::string(text.empty() ? "" : "0") : text.substr(significant);
}

} // namespace drivers::line
