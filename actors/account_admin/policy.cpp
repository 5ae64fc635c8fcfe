// Length, variety, and the list of passwords that everybody tries first.
#include "actors/account_admin/policy.hpp"

#include "messages/account.hpp"

#include <array>
#include <set>

namespace account_admin {
namespace {

/// In lower case; a password is bad when nothing but digits and signs stands around one of them.
constexpr std::array<std::string_view, 40> bad{
    "password", "passw0rd", "passwort",  "qwerty",  "qwertyuiop", "asdfghjkl", "zxcvbnm",   "letmein",
    "welcome",  "admin",    "administrator", "uketsuke", "kanri",  "iryou",     "iryo",      "byouin",
    "clinic",   "hospital", "reception", "sakura",  "doraemon",   "pokemon",   "iloveyou",  "aishiteru",
    "abcdef",   "abcdefgh", "abcdefghijkl", "abc",  "test",       "testtest",  "guest",     "master",
    "staff",    "monkey",   "dragon",    "football", "baseball",  "onshikaku", "shikaku",   "changeme"};

std::string letters_of(std::string_view text) {
  std::string letters;
  for (const char c : messages::account_key(text))
    if (!((c >= '0' && c <= '9') || (c > ' ' && c < '0') || (c > '9' && c < 'a') || (c > 'z' && c < 0x7f)))
      letters += c;
  return letters;
}

} // namespace

std::optional<std::string_view> unfit(const policy& rules, std::string_view account, std::string_view password) {
  if (password.size() > rules.bytes_max) return "too long";
  std::size_t characters = 0;
  std::set<char> different;
  for (const char c : password) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "control characters";
    characters += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    different.insert(c);
  }
  if (characters < rules.length_min) return "too short";
  if (different.size() < rules.different_min) return "too few different characters";
  const auto letters = letters_of(password);
  if (letters.empty()) return "nothing but digits and signs";
  if (letters == letters_of(account) || messages::account_key(password).find(messages::account_key(account)) !=
                                            std::string::npos)
    return "it holds the user ID";
  for (const auto one : bad)
    if (letters == one) return "everybody tries it first";
  return {};
}

} // namespace account_admin
