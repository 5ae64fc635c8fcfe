// The drawing in a room's README is the table it is drawn from.
#include "tests/test.hpp"

#include "actors/consent_session/transitions.hpp"
#include "actors/eligibility_gateway/transitions.hpp"
#include "actors/face_matcher/transitions.hpp"
#include "actors/reader/transitions.hpp"

#include <fstream>
#include <sstream>

namespace {

/// As tools/diagram.cpp prints it.
std::string drawn(const auto& table) {
  std::string text = "stateDiagram-v2\n";
  for (const auto& row : table)
    text += "  " + std::string{messages::name(row.from)} + " --> " + std::string{messages::name(row.to)} + " : " +
            std::string{messages::name(row.on)} + "\n";
  return text;
}

/// What stands between the fences of the only Mermaid drawing in the file.
std::string drawing_in(const std::string& readme) {
  std::ifstream file{std::filesystem::path{UKETSUKE_SOURCE_DIR} / readme};
  BOOST_REQUIRE_MESSAGE(file, readme << " cannot be read");
  std::stringstream all;
  all << file.rdbuf();
  const auto text = all.str();
  const std::string fence = "```mermaid\n";
  const auto begin = text.find(fence);
  BOOST_REQUIRE(begin != std::string::npos);
  const auto end = text.find("```", begin + fence.size());
  return text.substr(begin + fence.size(), end - begin - fence.size());
}

} // namespace

BOOST_AUTO_TEST_CASE(the_drawing_of_a_check_in_is_its_table) {
  BOOST_CHECK_EQUAL(drawing_in("actors/consent_session/README.md"), drawn(consent_session::table));
}

BOOST_AUTO_TEST_CASE(the_drawing_of_a_reader_is_its_table) {
  BOOST_CHECK_EQUAL(drawing_in("actors/reader/README.md"), drawn(reader::table));
}

BOOST_AUTO_TEST_CASE(the_drawing_of_a_face_is_its_table) {
  BOOST_CHECK_EQUAL(drawing_in("actors/face_matcher/README.md"), drawn(face_matcher::table));
}

BOOST_AUTO_TEST_CASE(the_drawing_of_a_question_is_its_table) {
  BOOST_CHECK_EQUAL(drawing_in("actors/eligibility_gateway/README.md"), drawn(eligibility_gateway::table));
}
