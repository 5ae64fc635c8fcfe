// Small conversions of text on the line: base64, encodings, numbers.
#pragma once

#include "messages/bytes.hpp"
#include "messages/japanese_time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drivers::line {

std::string to_base64(const messages::bytes& octets);
/// Strict: no characters outside the alphabet but white space around and inside, correct padding.
std::optional<messages::bytes> from_base64(std::string_view text);

/// Lower-case hexadecimal SHA-256 of @p text.
std::string digest_of(std::string_view text);

/// Whether @p text is UTF-8 without surrogates, overlong forms or NUL.
bool is_utf8(std::string_view text);

/// CP932, which is what Shift_JIS means in practice (oqs-interface.md §1.3), to UTF-8.
std::optional<std::string> from_shift_jis(std::string_view octets);
/// The other way; nullopt when a character cannot be said in CP932.
std::optional<std::string> to_shift_jis(std::string_view utf8);

using messages::japanese_time;

/// Exactly so many digits; no control characters.
bool is_digits(std::string_view text, std::size_t count);
bool is_plain(std::string_view text);

/// The characters, not the bytes, of a UTF-8 text.
std::size_t length_of(std::string_view utf8);

/// A 記号, 番号, 枝番 or 保険者番号 as it is compared: full-width digits, letters and hyphens made half-width, white
/// space and leading zeros dropped (oqs-interface.md §3, formats).
std::string normalised(std::string_view number);

} // namespace drivers::line
