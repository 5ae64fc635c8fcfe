// Normal forms for comparing. What is no UTF-8 is compared byte by byte.
#include "messages/spelling.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace messages {
namespace {

constexpr char32_t unknown_letter = 0x25cf; // ●

std::u32string letters_of(std::string_view utf8) {
  std::u32string letters;
  for (std::size_t i = 0; i < utf8.size();) {
    const auto first = static_cast<unsigned char>(utf8[i]);
    const std::size_t length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1;
    char32_t letter = length == 1 ? first : first & (0x7fu >> length);
    bool whole = i + length <= utf8.size();
    for (std::size_t n = 1; whole && n < length; ++n) {
      const auto next = static_cast<unsigned char>(utf8[i + n]);
      whole = (next & 0xc0) == 0x80;
      letter = letter << 6 | (next & 0x3fu);
    }
    letters.push_back(whole ? letter : first);
    i += whole ? length : 1;
  }
  return letters;
}

std::string utf8_of(const std::u32string& letters) {
  std::string out;
  for (const auto c : letters) {
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (c < 0x800) {
      out += static_cast<char>(0xc0 | c >> 6);
      out += static_cast<char>(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
      out += static_cast<char>(0xe0 | c >> 12);
      out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
      out += static_cast<char>(0x80 | (c & 0x3f));
    } else {
      out += static_cast<char>(0xf0 | c >> 18);
      out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
      out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
      out += static_cast<char>(0x80 | (c & 0x3f));
    }
  }
  return out;
}

bool is_blank(char32_t c) { return c == U' ' || c == U'\t' || c == 0x3000 || c == 0xa0; }

/// Full-width ASCII made half-width.
char32_t half_width(char32_t c) { return c >= 0xff01 && c <= 0xff5e ? c - 0xfee0 : c; }

bool is_hyphen(char32_t c) {
  return c == U'-' || (c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0x30fc || c == 0xff70 || c == 0xff0d;
}

// U+FF66 … U+FF9D, half-width katakana, as full-width.
constexpr std::u32string_view wide = U"ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノ"
                                     U"ハヒフヘホマミムメモヤユヨラリルレロワン";
constexpr std::u32string_view voiced_from = U"カキクケコサシスセソタチツテトハヒフヘホウ";
constexpr std::u32string_view voiced_to = U"ガギグゲゴザジズゼゾダヂヅデドバビブベボヴ";
constexpr std::u32string_view plosive_from = U"ハヒフヘホ", plosive_to = U"パピプペポ";
constexpr std::u32string_view small = U"ァィゥェォャュョッヮヵヶ", large = U"アイウエオヤユヨツワカケ";

char32_t replaced(char32_t c, std::u32string_view from, std::u32string_view to) {
  const auto at = from.find(c);
  return at == std::u32string_view::npos ? c : to[at];
}

char32_t wide_kana(char32_t c) {
  if (c >= 0xff66 && c <= 0xff9d) c = wide[c - 0xff66];
  if (c >= 0x3041 && c <= 0x3096) c += 0x60; // hiragana
  return replaced(c, small, large);
}

} // namespace

std::string normal_number(std::string_view utf8) {
  std::u32string kept;
  for (auto c : letters_of(utf8)) {
    if (is_blank(c)) continue;
    c = is_hyphen(c) ? U'-' : half_width(c);
    kept += c >= U'a' && c <= U'z' ? c - 32 : c;
  }
  const auto first = std::min(kept.find_first_not_of(U'0'), kept.size());
  return utf8_of(kept.substr(first));
}

std::string normal_kana(std::string_view utf8) {
  std::u32string kept;
  for (const auto c : letters_of(utf8)) {
    if (is_blank(c)) continue;
    const bool voiced = c == 0xff9e || c == 0x3099 || c == 0x309b;
    const bool plosive = c == 0xff9f || c == 0x309a || c == 0x309c;
    if ((voiced || plosive) && !kept.empty()) {
      kept.back() =
          voiced ? replaced(kept.back(), voiced_from, voiced_to) : replaced(kept.back(), plosive_from, plosive_to);
      continue;
    }
    kept += is_hyphen(c) ? U'ー' : wide_kana(half_width(c));
  }
  return utf8_of(kept);
}

std::string normal_name(std::string_view utf8) {
  std::u32string kept;
  for (const auto c : letters_of(utf8))
    if (!is_blank(c)) kept += half_width(c);
  return utf8_of(kept);
}

bool same_name(std::string_view a, std::string_view b) {
  const auto x = letters_of(normal_name(a)), y = letters_of(normal_name(b));
  return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                    [](char32_t p, char32_t q) { return p == q || p == unknown_letter || q == unknown_letter; });
}

std::uint64_t fingerprint(std::string_view octets) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : octets)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

bool has_unknown_letter(std::string_view utf8) { return utf8.find("\xe2\x97\x8f") != std::string_view::npos; }

} // namespace messages
