// 個人番号 is never read: the code of the card room names neither the applications nor the files that hold it.
#include "tests/test.hpp"

#include <cctype>
#include <fstream>
#include <iterator>

namespace {

/// Only the hexadecimal digits of what may be written as 0xD3, 0x92 … or D3 92 … or "D392…".
std::string digits_of(const std::filesystem::path& file) {
  std::ifstream in{file};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '0' && i + 1 < text.size() && (text[i + 1] == 'x' || text[i + 1] == 'X')) {
      ++i;
      continue;
    }
    const auto c = static_cast<unsigned char>(text[i]);
    if (std::isxdigit(c))
      out.push_back(static_cast<char>(std::toupper(c)));
    else if (std::isalpha(c))
      out.push_back('_');
  }
  return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(no_source_names_an_application_that_holds_the_individual_number) {
  // the applications of surface data and input support share this beginning (card-reader.md §1.1)
  const std::string forbidden = std::string{"D39210"} + "0031";
  const std::string allowed = std::string{"D392F0"} + "0026";
  int files = 0, naming = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{UKETSUKE_SOURCE_DIR "/drivers/card"}) {
    if (!entry.is_regular_file()) continue;
    const auto digits = digits_of(entry.path());
    BOOST_TEST(digits.find(forbidden) == std::string::npos, entry.path());
    naming += digits.find(allowed) != std::string::npos;
    ++files;
  }
  BOOST_TEST(files > 20);
  BOOST_TEST(naming == 2); // the conversation and the virtual card: so this search does find what is there
}
