// How names, kana and numbers are compared although they are kept as received: width, small letters, voiced marks,
// blanks, leading zeros, and ● for a letter that the national system could not express (oqs-interface.md §1.3, §7).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace messages {

/// A 記号, 番号, 枝番 or 保険者番号: letters, digits and hyphens half-width, capitals, no blanks, no leading zeros.
std::string normal_number(std::string_view utf8);

/// A name in kana: full-width katakana, voiced marks joined, small letters made large, no blanks, one kind of hyphen.
std::string normal_kana(std::string_view utf8);

/// A name: no blanks, letters and digits half-width.
std::string normal_name(std::string_view utf8);

/// Whether two names can be the same: ● in either stands for exactly one letter.
bool same_name(std::string_view a, std::string_view b);

/// 64 bits that equal texts share (FNV-1a): for finding, never for proving. Not secret: it keeps texts out of keys.
std::uint64_t fingerprint(std::string_view octets);

/// Holds ● (U+25CF)?
bool has_unknown_letter(std::string_view utf8);

} // namespace messages
