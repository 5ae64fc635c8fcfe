// A whole clinic's journal after its day, for tests of the commands that work on a stopped node's.
#pragma once

#include "messages/registry.hpp"
#include "tests/scenarios/support.hpp"
#include "tools/simulate/story.hpp"

#include <boost/test/unit_test.hpp>

#include <sstream>

namespace scenarios {

/// A clinic of two desks that one patient has visited; stopped.
struct after_a_visit {
  temporary_folder folder;
  std::filesystem::path data = folder.path() / "journal";

  after_a_visit() {
    auto clinic = tools::clinic::open(small_clinic(folder.path()));
    BOOST_REQUIRE_MESSAGE(clinic, (clinic ? "" : messages::to_sentence(clinic.error())));
    std::ostringstream told;
    const auto played = tools::play_story(**clinic, source() / "tools/simulated/stories" / "first-visit.story", told);
    BOOST_REQUIRE_MESSAGE(played, told.str() + (played ? "" : messages::to_sentence(played.error())));
    (*clinic)->close();
  }
  /// The program with @p words and --data.
  finished uketsuke(std::vector<std::string> words) const {
    words.insert(words.begin(), program().string());
    words.insert(words.end(), {"--data", data.string()});
    return run(words);
  }
  messages::id patient() const {
    for (const auto& event : journal_of(data))
      if (const auto answered = messages::body_as<messages::eligibility_answered>(event)) return answered->patient;
    return {};
  }
};

} // namespace scenarios
