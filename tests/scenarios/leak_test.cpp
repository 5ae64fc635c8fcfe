// A PIN is in no message, log or file; a patient's name is in no log. The card's PIN is a long sentinel.
// (That two seeded runs which differ only in the PIN write identical bytes is shown in tests/world.)
#include "tests/test.hpp"

#include "tests/scenarios/support.hpp"
#include "tools/simulate/story.hpp"

#include <sstream>

using namespace scenarios;

namespace {

constexpr std::string_view sentinel = "7391846205528174";
/// The patient of the story, as the answer names her.
constexpr std::string_view patient_name = "見本　花子", patient_kana = "ﾐﾎﾝ ﾊﾅｺ";

std::string hex_of(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : text)
    (hex += digits[static_cast<unsigned char>(c) >> 4]) += digits[c & 15];
  return hex;
}

std::vector<std::filesystem::path> files_with(const std::filesystem::path& folder, std::string_view what) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && text_of(entry.path()).find(what) != std::string::npos) found.push_back(entry.path());
  return found;
}

} // namespace

BOOST_AUTO_TEST_CASE(no_file_frame_or_log_holds_the_pin_and_no_log_a_patients_name) {
  const temporary_folder folder;
  auto options = small_clinic(folder.path());
  options.pin = sentinel;
  auto opened = tools::clinic::open(options);
  BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : messages::to_sentence(opened.error())));
  std::ostringstream told;
  const auto played = tools::play_story(**opened, source() / "tools/simulated/stories/first-visit.story", told);
  BOOST_REQUIRE_MESSAGE(played, told.str());
  const auto frames =
      run({program().string(), "watch", "--run", (*opened)->run_folder().string(), "--json", "--until-head"}).out;
  (*opened)->close();

  BOOST_TEST(frames.find(patient_name) != std::string::npos); // the search finds what is there
  BOOST_TEST(frames.find(sentinel) == std::string::npos);
  BOOST_TEST(told.str().find(sentinel) == std::string::npos);
  // The desks' configuration is where the simulation keeps its cards' PIN; it is no part of a real clinic.
  std::filesystem::remove_all(folder.path() / "config");
  for (const auto& form : {std::string{sentinel}, hex_of(sentinel)})
    for (const auto& file : files_with(folder.path(), form))
      BOOST_ERROR("the PIN stands in " << file);
  for (const auto& name : {patient_name, patient_kana})
    for (const auto& file : files_with(folder.path() / "logs", name))
      BOOST_ERROR("a patient's name stands in " << file);
}
