// Which link is named, and in which words.
#include "tests/test.hpp"

#include "tools/diagnosis.hpp"

using namespace tools;

namespace {

std::vector<finding> all_fine() {
  std::vector<finding> chain;
  for (std::size_t n = 0; n < chain_links; ++n)
    chain.push_back({static_cast<chain_link>(n), standing::fine, ""});
  return chain;
}

} // namespace

BOOST_AUTO_TEST_CASE(each_broken_link_is_the_one_that_is_named) {
  BOOST_TEST(first_broken(all_fine()) == nullptr);
  for (std::size_t n = 0; n < chain_links; ++n) {
    auto chain = all_fine();
    chain[n].is = standing::broken;
    chain[n].detail = "seen just now";
    for (std::size_t behind = n + 1; behind < chain_links; ++behind)
      chain[behind].is = standing::unknown;
    BOOST_REQUIRE(first_broken(chain));
    BOOST_TEST((first_broken(chain)->of == static_cast<chain_link>(n)));
    const auto note = note_for_call_centre({"desk-1", "0.1", "", "2026-11-26 09:00:00"}, chain);
    BOOST_TEST(note.find(words_of(static_cast<chain_link>(n)).ja) != std::string::npos);
    BOOST_TEST(note.find("seen just now") != std::string::npos);
    BOOST_TEST(note.find("desk-1") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(of_several_the_nearest_to_the_patient_comes_first_and_a_warning_is_no_fault) {
  auto chain = all_fine();
  chain[9].is = chain[5].is = standing::broken;
  chain[1].is = standing::soon;
  BOOST_TEST((first_broken(chain)->of == chain_link::hub));
}

BOOST_AUTO_TEST_CASE(every_link_has_words_for_staff_in_two_languages_and_for_the_vendor) {
  for (std::size_t n = 0; n < chain_links; ++n) {
    const auto& w = words_of(static_cast<chain_link>(n));
    for (const auto words : {w.ja, w.en, w.staff_ja, w.staff_en, w.vendor})
      BOOST_TEST(!words.empty());
  }
}
