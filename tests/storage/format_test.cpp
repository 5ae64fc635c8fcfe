// Pins the bytes of the data folder: the worked example of storage/FORMAT.md, and what is refused as no entry.
#include "tests/test.hpp"

#include "tests/storage/support.hpp"

#include "storage/entry.hpp"
#include "storage/head_mark.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

using namespace storage_test;
using messages::error_code;

namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::string hexadecimal(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += digits[static_cast<std::uint8_t>(c) >> 4];
    text += digits[static_cast<std::uint8_t>(c) & 15];
  }
  return text;
}

/// The bytes of the first ```hex block after @p title: what follows ";" on a line is a remark.
std::string example(std::string_view title) {
  const auto document = text_of(std::filesystem::path{UKETSUKE_SOURCE_DIR} / "storage/FORMAT.md");
  auto at = document.find("```hex", document.find(title)) + 7;
  std::string digits;
  bool remark = false;
  for (; document.at(at) != '`'; ++at) {
    if (document[at] == ';') remark = true;
    if (document[at] == '\n') remark = false;
    if (!remark && std::isxdigit(static_cast<unsigned char>(document[at]))) digits += document[at];
  }
  return digits;
}

std::string example_entry() {
  messages::event_envelope event;
  event.v = 1;
  event.index = 7;
  event.time_ms = 1'700'000'000'000;
  event.topic = "desk.opened";
  event.node = "hub";
  event.desk = "desk-1";
  return storage::entry_header(0, 3, event.topic) + messages::encode(event);
}

} // namespace

BOOST_AUTO_TEST_SUITE(format)

BOOST_AUTO_TEST_CASE(the_worked_example_of_the_document_is_what_is_written) {
  BOOST_TEST(hexadecimal(example_entry()) == example("## An entry, worked out"));
}

BOOST_AUTO_TEST_CASE(an_entry_gives_back_what_it_was_made_of) {
  const auto bytes = example_entry();
  const auto entry = storage::parse_entry(7, bytes);
  BOOST_REQUIRE(entry.has_value());
  BOOST_TEST(entry->key_id == 0u);
  BOOST_TEST(entry->chain_tag == std::string_view(std::string(32, '\0')));
  BOOST_TEST(entry->previous_of_topic == 3u);
  BOOST_TEST(entry->topic == "desk.opened");
  BOOST_TEST(messages::decode_event(entry->envelope)->desk == "desk-1");
}

BOOST_AUTO_TEST_CASE(every_cut_before_the_envelope_is_no_entry_and_a_later_format_is_told_apart) {
  const auto bytes = example_entry();
  for (std::size_t size = 0; size <= 61; ++size)
    BOOST_TEST(
        (storage::parse_entry(7, std::string_view{bytes}.substr(0, size)).error().code == error_code::journal_damaged));
  auto later = bytes;
  later[0] = 2;
  BOOST_TEST((storage::parse_entry(7, later).error().code == error_code::newer_version));
  BOOST_TEST((storage::parse_entry(3, bytes).error().code == error_code::journal_damaged)); // its previous is itself
}

BOOST_AUTO_TEST_CASE(the_head_mark_is_the_text_in_the_document) {
  temporary_folder folder;
  BOOST_REQUIRE(storage::write_head_mark(folder.path, {120, 1}).has_value());
  const auto text = text_of(folder.path / "head");
  BOOST_TEST_MESSAGE(text);
  const auto document = text_of(std::filesystem::path{UKETSUKE_SOURCE_DIR} / "storage/FORMAT.md");
  BOOST_TEST(document.find("```\n" + text + "```") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
