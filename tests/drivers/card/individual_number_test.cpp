// 個人番号 is never read: the code of the card room names neither the applications nor the files that hold it.
#include "tests/test.hpp"

#include "drivers/card/card_files.hpp"

#include <cctype>
#include <fstream>
#include <iterator>
#include <set>

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
  // the applications of the surface and of input support share this beginning (card-reader.md §1.1); one may be named
  const std::string beginning = std::string{"D39210"} + "0031", surface = std::string{"0001"} + "010402";
  const std::string authentication = std::string{"D392F0"} + "0026";
  int files = 0, naming = 0, surfaces = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{UKETSUKE_SOURCE_DIR "/drivers/card"}) {
    if (!entry.is_regular_file()) continue;
    const auto digits = digits_of(entry.path());
    for (auto at = digits.find(beginning); at != std::string::npos; at = digits.find(beginning, at + 1)) {
      BOOST_TEST(digits.substr(at + beginning.size(), surface.size()) == surface, entry.path());
      ++surfaces;
    }
    naming += digits.find(authentication) != std::string::npos;
    ++files;
  }
  BOOST_TEST(files > 20);
  // each in card_files.hpp and nowhere else: so this search does find what is there, and nothing goes past that list
  BOOST_TEST(naming == 1);
  BOOST_TEST(surfaces == 1);
}

BOOST_AUTO_TEST_CASE(of_the_surface_only_the_face_and_its_own_key_can_be_named) {
  // 0005 is a picture of the number, 0013 is the number as a key, 0001 has a PIN of its own (card-reader.md §1.1)
  std::ifstream in{UKETSUKE_SOURCE_DIR "/drivers/card/card_files.hpp"};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto at = text.find("enum class surface_file");
  BOOST_REQUIRE(at != std::string::npos);
  const auto list = text.substr(at, text.find('}', at) - at);
  std::set<std::string> named;
  for (auto n = list.find("0x"); n != std::string::npos; n = list.find("0x", n + 1))
    named.insert(list.substr(n, 6));
  const std::set<std::string> allowed = {"0x0002", "0x0012"};
  BOOST_CHECK(named == allowed);
  BOOST_CHECK(drivers::card::surface_application.back() == 0x02);
}

BOOST_AUTO_TEST_CASE(a_file_is_selected_by_its_name_in_the_list_and_in_no_other_way) {
  std::ifstream in{UKETSUKE_SOURCE_DIR "/drivers/card/my_number_card.cpp"};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto count = [&text](const std::string& what) {
    int n = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
      ++n;
    return n;
  };
  BOOST_TEST(count("apdu::ins_select") == 2); // an application of the list, a file of the list
  BOOST_TEST(count("select_named(") == 1);    // its definition; select_file() in the header calls it
  BOOST_TEST(count("select_file(static_cast") == 0);
  BOOST_TEST(count("static_cast<jpki_file>") == 0);
  BOOST_TEST(count("static_cast<surface_file>") == 0);
}
