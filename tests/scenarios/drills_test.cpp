// The drills of tools/simulated/stories, played through by hands on a clinic of real processes: what staff practise is
// what the clinic does.
#include "tests/test.hpp"

#include "messages/registry.hpp"
#include "tests/scenarios/support.hpp"
#include "tools/simulate/story.hpp"

#include <sstream>

using namespace scenarios;
using namespace messages;

namespace {

struct drilled_clinic {
  temporary_folder folder;
  std::unique_ptr<tools::clinic> clinic;

  std::vector<event_envelope> play(const std::string& story) {
    const auto file = source() / "tools/simulated/stories" / (story + ".story");
    const auto lines = tools::read_story(file);
    BOOST_REQUIRE(lines);
    auto options = small_clinic(folder.path());
    options.scripted_faces = tools::shows_faces(*lines);
    auto opened = tools::clinic::open(std::move(options));
    BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : to_sentence(opened.error())));
    clinic = std::move(*opened);
    std::ostringstream told;
    const auto played = tools::play_story(*clinic, file, told);
    BOOST_REQUIRE_MESSAGE(played, told.str() + (played ? "" : to_sentence(played.error())));
    clinic->close();
    return journal_of(folder.path() / "journal");
  }
};

template <class M> std::vector<std::pair<std::string, M>> by_desk(const std::vector<event_envelope>& journal) {
  std::vector<std::pair<std::string, M>> found;
  for (const auto& e : journal)
    if (auto m = body_as<M>(e)) found.emplace_back(e.desk, std::move(*m));
  return found;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_locked_pin_ends_in_a_visual_check_of_which_it_is_recorded_who_vouched, drilled_clinic) {
  const auto journal = play("drill-pin-blocked");
  const auto vouched = by_desk<identity_vouched>(journal);
  BOOST_REQUIRE_EQUAL(vouched.size(), 1u);
  BOOST_TEST(vouched.front().second.account == "Staff01");
  const auto modes = by_desk<desk_mode_switched>(journal);
  BOOST_REQUIRE_EQUAL(modes.size(), 2u);
  BOOST_TEST((modes.front().second.mode == desk_mode::visual_check && !modes.front().second.card.empty()));
  BOOST_TEST((modes.back().second.mode == desk_mode::unattended));
  const auto proven = by_desk<identity_proven>(journal);
  BOOST_REQUIRE_EQUAL(proven.size(), 1u);
  BOOST_TEST((proven.front().second.method == identity_method::visual));
}

BOOST_FIXTURE_TEST_CASE(an_outage_at_nine_holds_nobody_and_everybody_is_asked_afterwards, drilled_clinic) {
  const auto journal = play("drill-outage-at-nine");
  BOOST_TEST(by_desk<eligibility_not_asked>(journal).size() == 2u);
  BOOST_TEST(by_desk<walk_in_kept>(journal).size() == 2u);
}

BOOST_FIXTURE_TEST_CASE(twins_at_two_desks_get_each_their_own_number, drilled_clinic) {
  const auto journal = play("drill-twins");
  const auto wanted = by_desk<registration_requested>(journal);
  BOOST_REQUIRE_EQUAL(wanted.size(), 2u);
  BOOST_TEST((wanted.front().second.patient != wanted.back().second.patient));
  for (const auto& [desk, c] : by_desk<consents_recorded>(journal))
    BOOST_TEST((c.choices.surgery == (desk == "desk-1" ? choice::given : choice::refused)));
}

BOOST_FIXTURE_TEST_CASE(an_insurance_that_is_not_valid_leads_to_the_window, drilled_clinic) {
  const auto journal = play("drill-invalid-insurance");
  std::vector<validity> judged;
  for (const auto& [desk, shown] : by_desk<answer_shown>(journal))
    judged.push_back(shown.judged);
  BOOST_TEST((judged == std::vector{validity::invalid, validity::newer_exists, validity::several}));
}

BOOST_FIXTURE_TEST_CASE(a_face_that_is_refused_is_decided_by_staff_or_falls_to_the_pin, drilled_clinic) {
  const auto journal = play("drill-face-refused");
  std::vector<face_outcome> outcomes;
  for (const auto& [desk, ended] : by_desk<face_attempt_ended>(journal))
    outcomes.push_back(ended.outcome);
  BOOST_TEST((outcomes == std::vector{face_outcome::unsure, face_outcome::different, face_outcome::unsure}));
  std::vector<bool> decided;
  for (const auto& e : journal)
    if (const auto m = body_as<face_decided>(e)) {
      decided.push_back(m->same_person);
      BOOST_TEST(e.account == "Staff01"); // who decided is recorded
    }
  BOOST_TEST((decided == std::vector{true, false}));
  std::vector<identity_method> proven;
  for (const auto& [desk, m] : by_desk<identity_proven>(journal))
    proven.push_back(m.method);
  BOOST_TEST((proven == std::vector{identity_method::face, identity_method::pin}));
}
