// The table of errors: each has a number of its own and words for everyone who meets it.
#include "tests/test.hpp"

#include "messages/result.hpp"

#include <algorithm>
#include <set>

using namespace messages;

namespace {

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// English may use typographic quotes and nothing else beyond ASCII.
bool is_english(std::string text) {
  for (const std::string_view quote : {"“", "”"})
    for (auto at = text.find(quote); at != std::string::npos; at = text.find(quote))
      text.erase(at, quote.size());
  return is_ascii(text);
}

std::vector<std::string_view> texts_of(const error_description& row) {
  return {row.patient_ja, row.patient_en, row.staff_ja, row.staff_en, row.vendor_ja, row.vendor_en};
}

} // namespace

BOOST_AUTO_TEST_CASE(numbers_and_names_are_unique_and_stand_in_their_blocks) {
  std::set<int> numbers;
  std::set<std::string_view> names;
  int last = 0;
  for (const auto& row : all_errors()) {
    const int number = static_cast<int>(row.code);
    BOOST_TEST(numbers.insert(number).second, number);
    BOOST_TEST(names.insert(row.name).second, row.name);
    BOOST_TEST((number >= 101 && number < 700), number);
    BOOST_TEST(number > last, number << " stands after " << last);
    last = number;
  }
}

BOOST_AUTO_TEST_CASE(every_code_has_its_row_and_is_found_by_its_name) {
  for (const auto& row : all_errors()) {
    BOOST_TEST(&describe(row.code) == &row);
    BOOST_TEST((find_error(row.name) == row.code), row.name);
  }
  BOOST_TEST(!find_error("no_such_error"));
}

BOOST_AUTO_TEST_CASE(every_error_has_words_for_patient_staff_and_vendor_in_two_languages) {
  for (const auto& row : all_errors()) {
    for (const auto text : texts_of(row))
      BOOST_TEST(!text.empty(), row.name);
    BOOST_TEST(!is_ascii(row.patient_ja), row.name);
    BOOST_TEST(!is_ascii(row.staff_ja), row.name);
    for (const auto text : {row.patient_en, row.staff_en, row.vendor_en})
      BOOST_TEST(is_english(std::string{text}), text);
  }
}

BOOST_AUTO_TEST_CASE(the_patient_reads_no_number_and_no_cause) {
  for (const auto& row : all_errors())
    for (const auto text : {row.patient_ja, row.patient_en})
      BOOST_TEST(text.find('{') == std::string_view::npos, row.name);
}

BOOST_AUTO_TEST_CASE(arguments_are_filled_in_and_none_is_left_open) {
  for (const auto& row : all_errors()) {
    const error e{row.code, {"first", "second", "third", "fourth"}};
    for (const auto text : texts_of(row)) {
      const auto filled = fill_in(text, e);
      BOOST_TEST(filled.find('{') == std::string::npos, row.name << ": " << text);
      BOOST_TEST((text.find("{1}") == std::string_view::npos || filled.find("first") != std::string::npos), row.name);
    }
  }
  BOOST_TEST(to_sentence({error_code::busy, {"the reader"}}) == "“the reader” is busy; try again in a moment.");
}

BOOST_AUTO_TEST_CASE(a_missing_argument_is_a_question_mark_and_a_brace_in_one_stays) {
  BOOST_TEST(fill_in("{1} and {2}", {error_code::busy, {"one"}}) == "one and ?");
  BOOST_TEST(fill_in("{1}", {error_code::busy, {"{2}"}}) == "{2}");
  BOOST_TEST(fill_in("{x} {0} {1", {error_code::busy, {"one"}}) == "{x} {0} {1");
}

BOOST_AUTO_TEST_CASE(a_failure_is_a_value_with_its_arguments) {
  const auto why = []() -> result<int> { return failure(error_code::wrong_value, "desk", "受付"); }();
  BOOST_REQUIRE(!why);
  BOOST_TEST((why.error() == error{error_code::wrong_value, {"desk", "受付"}}));
}
