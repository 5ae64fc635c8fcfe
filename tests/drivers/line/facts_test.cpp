// interface.json: what is in it, and what is said about a damaged one.
#include "tests/test.hpp"

#include "drivers/line/facts.hpp"
#include "tests/drivers/line/support.hpp"

#include <fstream>
#include <iterator>

using namespace line_test;

namespace {

std::string usual_text() {
  std::ifstream from(facts::default_file());
  return {std::istreambuf_iterator<char>(from), {}};
}
std::string complaint(const temporary_folder& folder, const std::string& what, const std::string& by) {
  auto text = usual_text();
  const auto at = text.find(what);
  BOOST_REQUIRE(at != std::string::npos);
  std::ofstream{folder / "interface.json"} << text.replace(at, what.size(), by);
  const auto read = facts::load(folder / "interface.json");
  return read ? "read" : messages::to_sentence(read.error());
}

} // namespace

BOOST_AUTO_TEST_CASE(each_function_has_its_names_both_ways) {
  const auto& f = *facts::usual();
  BOOST_CHECK_EQUAL(f.request_prefix({function::bulk_eligibility, 2}), "OQSmuquc02req_");
  BOOST_CHECK_EQUAL(f.result_prefix({function::drugs, 1}), "YZKsiquc01res_");
  const auto asked = f.call_of_request_file("OQSmuquc02req_202611220001.xml");
  BOOST_REQUIRE(asked);
  BOOST_CHECK(asked->first == (call{function::bulk_eligibility, 2}));
  BOOST_CHECK_EQUAL(asked->second, "202611220001");
  BOOST_CHECK(!f.call_of_request_file("OQSsiquc02req_1.xml")); // single: there is no second step
  BOOST_CHECK(!f.call_of_request_file("OQSsiquc01req_"));
  BOOST_CHECK_EQUAL(f.text_of("OQSCD006", "3"), "無効（新しい資格あり）");
  BOOST_CHECK_EQUAL(f.text_of("OQSCD006", "7"), "");
}

BOOST_AUTO_TEST_CASE(a_damaged_data_file_is_named_with_what_is_wrong_in_it) {
  temporary_folder folder;
  const auto has = [&](const std::string& said, const std::string& what) {
    BOOST_TEST(said.find(what) != std::string::npos, said);
  };
  has(complaint(folder, "\"times\"", "\"tides\""), "tides");
  has(complaint(folder, "\"scan_ms\": 500", "\"scan_ms\": 0"), "scan_ms has to be");
  has(complaint(folder, "OQSsiquc\"", "../siquc\""), "more than letters");
  has(complaint(folder, "{", ""), "interface.json");
  BOOST_CHECK_EQUAL(code_of(facts::load(folder / "missing.json")), "file_unreadable");
}
