// 256 bits of the kernel's chance, in hexadecimal digits.
#include "drivers/screen/token.hpp"

#include <sys/random.h>

#include <array>

namespace drivers::screen {

std::string fresh_token() {
  std::array<unsigned char, 32> chance{};
  for (std::size_t got = 0; got < chance.size();) {
    const auto n = ::getrandom(chance.data() + got, chance.size() - got, 0);
    if (n > 0) got += static_cast<std::size_t>(n);
  }
  std::string text;
  for (const auto byte : chance) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

} // namespace drivers::screen
