// Every case of the reference (oqs-interface.md §10) is a named test: the table in the room's README names them, and
// each name is a test that stands in the tree.
#include "tests/test.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

namespace {

const std::filesystem::path tree{UKETSUKE_SOURCE_DIR};

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The names of all test cases under @p folder.
std::set<std::string> cases_in(const std::filesystem::path& folder) {
  static const std::regex named{R"(BOOST_[A-Z_]*TEST_CASE[A-Z_]*\(\s*(\w+))"};
  std::set<std::string> names;
  for (const auto& e : std::filesystem::recursive_directory_iterator(folder)) {
    if (!e.path().string().ends_with("_test.cpp")) continue;
    const auto text = text_of(e.path());
    for (auto m = std::sregex_iterator(text.begin(), text.end(), named); m != std::sregex_iterator{}; ++m)
      names.insert((*m)[1]);
  }
  return names;
}

} // namespace

BOOST_AUTO_TEST_CASE(each_case_of_the_reference_has_a_test_of_that_name) {
  const auto readme = text_of(tree / "drivers/line/README.md");
  const auto begin = readme.find("## The cases of the reference"), end = readme.find("\n## ", begin + 1);
  BOOST_REQUIRE(begin != std::string::npos && end != std::string::npos);
  const auto section = readme.substr(begin, end - begin);
  const auto known = cases_in(tree / "tests");
  static const std::regex row{R"(\n\| ([^|]+) \| ([^|\n]+) \|)"}, name{R"(`(\w*_\w*_\w*)`)"};
  std::size_t rows = 0;
  for (auto r = std::sregex_iterator(section.begin(), section.end(), row); r != std::sregex_iterator{}; ++r) {
    const std::string said = (*r)[1], tests = (*r)[2];
    if (said == "case") continue;
    ++rows;
    const bool above = tests.starts_with("the same"); // as in the row before
    const auto begun = std::sregex_iterator(tests.begin(), tests.end(), name);
    BOOST_TEST((above || begun != std::sregex_iterator{}), said << " names no test");
    for (auto m = begun; m != std::sregex_iterator{}; ++m)
      BOOST_TEST(known.contains((*m)[1]), said << ": there is no test " << (*m)[1]);
  }
  BOOST_TEST(rows >= 20u); // 33 cases, some of them told together
}
