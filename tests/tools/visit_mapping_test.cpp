// The mapping file of appointment files, and the QR code of an address.
#include "tests/test.hpp"

#include "tools/visit_mapping.hpp"

#include <unistd.h>

#include <fstream>

namespace {

using batch_scheduler::visit_column;

struct mapping_file {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("uketsuke-mapping-" + std::to_string(::getpid()) + ".toml");
  explicit mapping_file(const std::string& text) { std::ofstream{path} << text; }
  ~mapping_file() { std::filesystem::remove(path); }
  std::string trouble() const {
    const auto read = tools::read_visit_mapping(path);
    return read ? "" : messages::to_sentence(read.error());
  }
};
const std::string needed = "[columns]\ninsurer = 4\ncard_number = '番号'\nbirth_date = 'x'\nday = 'y'\n";

} // namespace

BOOST_AUTO_TEST_CASE(a_mapping_says_where_things_stand_and_what_words_mean) {
  const mapping_file file{"[file]\nencoding = 'cp932'\nseparator = 'tab'\ncare = 'home_visit'\n" + needed +
                          "[care]\n'外来' = 'outpatient'\n[words]\ncancelled = ['×']\n"};
  const auto read = tools::read_visit_mapping(file.path);
  BOOST_REQUIRE(read);
  BOOST_CHECK_EQUAL(read->separator, '\t');
  BOOST_CHECK_EQUAL(read->encoding, "cp932");
  BOOST_CHECK_EQUAL(read->columns[static_cast<std::size_t>(visit_column::insurer)], "4");
  BOOST_CHECK_EQUAL(read->columns[static_cast<std::size_t>(visit_column::card_number)], "番号");
  BOOST_CHECK(read->care_words.at("外来") == messages::care::outpatient);
  BOOST_CHECK(read->cancelled_words == std::vector<std::string>{"×"});
}

BOOST_AUTO_TEST_CASE(each_mistake_in_a_mapping_is_named) {
  const std::pair<std::string, std::string> wrong[]{
      {"[colums]\n", "columns, care and words"},
      {needed + "[file]\nencoding = 'latin1'\n", "encoding"},
      {needed + "[file]\nwidth = 3\n", "there is no such key"},
      {"[columns]\nname = 'x'\n", "insurer is missing"},
      {"[columns]\nsurname = 'x'\n", "there is no such column"},
      {"[columns]\ninsurer = 0\n", "number from 1"},
      {"[columns]\ninsurer = 1\ncard_number = 2\nbirth_date = 3\n", "day"},
      {needed + "[care]\n'x' = 'emergency'\n", "outpatient, home_visit or online"},
      {needed + "[words]\nyes = 'x'\n", "a list of words"},
      {"[columns\n", ""}};
  for (const auto& [text, part] : wrong) {
    const auto said = mapping_file{text}.trouble();
    BOOST_CHECK_MESSAGE(!said.empty() && said.find(part) != std::string::npos, text << " → " << said);
  }
  BOOST_CHECK(!tools::read_visit_mapping("/nowhere.toml"));
}
