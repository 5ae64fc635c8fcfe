// Watchers as people use them: one check-in as a timeline, the board of desks, a hub that restarts, a watcher that
// stops reading.
#include "tests/test.hpp"

#include "messages/registry.hpp"
#include "tests/scenarios/support.hpp"
#include "tools/simulate/story.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

using namespace scenarios;
namespace fs = std::filesystem;

namespace {

struct watched_clinic {
  temporary_folder folder;
  std::unique_ptr<tools::clinic> clinic;

  watched_clinic() {
    auto o = small_clinic(folder.path());
    o.pages = false;
    auto opened = tools::clinic::open(std::move(o));
    BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : messages::to_sentence(opened.error())));
    clinic = std::move(*opened);
  }
  void play(const fs::path& story) const {
    std::ostringstream told;
    const auto played = tools::play_story(*clinic, story, told);
    BOOST_REQUIRE_MESSAGE(played, told.str() + (played ? "" : to_sentence(played.error())));
  }
  void play_text(const std::string& text) const {
    const auto file = folder.path() / "told.story";
    std::ofstream{file} << text;
    play(file);
  }
  std::vector<std::string> words(std::vector<std::string> more) const {
    std::vector<std::string> all{program().string(), "watch", "--run", clinic->run_folder().string()};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  finished watch(std::vector<std::string> more) const { return run(words(std::move(more))); }
  /// The whole journal as of now.
  std::string all() const { return watch({"--json", "--until-head"}).out; }
};

const char* const short_visit = "desk-1: see place_card\n"
                                "desk-1: place SIM000000000001\n"
                                "desk-1: see choose_method\n"
                                "desk-1: lift\n"
                                "desk-1: see place_card\n";

bool soon(const std::function<bool()>& holds) {
  for (int tries = 0; tries < 600; ++tries) {
    if (holds()) return true;
    ::usleep(20'000);
  }
  return false;
}

std::string checkin_in(const std::string& line) {
  const auto at = line.find(R"("checkin":")");
  return at == std::string::npos ? "" : line.substr(at + 11, 32);
}

} // namespace

BOOST_FIXTURE_TEST_CASE(one_check_in_is_told_as_a_timeline_with_its_causes, watched_clinic) {
  play(source() / "tools/simulated/stories/first-visit.story");
  const auto asked = watch({"--json", "--until-head", "--topic", "eligibility.question_asked"}).out;
  const auto checkin = checkin_in(asked);
  BOOST_TEST_REQUIRE(checkin.size() == 32u, asked);
  const auto told = watch({"--until-head", "--checkin", checkin});
  BOOST_TEST(told.status == 0, told.err);
  BOOST_TEST(told.out.find("checkin.card_placed") != std::string::npos);
  BOOST_TEST(told.out.find("checkin.ended") != std::string::npos);
  BOOST_TEST(told.out.find("because of a command made ") != std::string::npos, told.out);
  BOOST_TEST(told.out.find(" steps in ") != std::string::npos);
  BOOST_TEST(told.out.find("desk-2") == std::string::npos); // nobody else's
}

BOOST_FIXTURE_TEST_CASE(a_watcher_goes_on_where_it_was_when_the_hub_is_started_again, watched_clinic) {
  const auto file = folder.path() / "live.json";
  background live{words({"--json"}), file};
  play_text(short_visit);
  for (int n = 0; n < 3; ++n) {
    const auto starts = clinic->starts_of("hub");
    clinic->kill("hub");
    BOOST_REQUIRE(soon([&] { return clinic->starts_of("hub") > starts; }));
    play_text(short_visit);
  }
  const auto whole = all();
  BOOST_TEST(soon([&] { return text_of(file).starts_with(whole); }));
  BOOST_TEST(std::ranges::count(whole, '\n') > 20);
}

BOOST_FIXTURE_TEST_CASE(a_watcher_that_stops_reading_costs_nobody_anything_and_then_has_it_all, watched_clinic) {
  const auto file = folder.path() / "slow.json";
  background slow{words({"--json"}), file};
  BOOST_REQUIRE(soon([&] { return !text_of(file).empty(); }));
  ::kill(slow.pid(), SIGSTOP);
  for (int n = 0; n < 5; ++n)
    play_text(short_visit);
  const auto whole = all();
  BOOST_TEST(!text_of(file).starts_with(whole));
  ::kill(slow.pid(), SIGCONT);
  BOOST_TEST(soon([&] { return text_of(file).starts_with(whole); }));
}

BOOST_FIXTURE_TEST_CASE(the_board_of_desks_is_there_at_once_and_follows, watched_clinic) {
  play_text("desk-1: see place_card\ndesk-2: see place_card\n");
  const auto once = watch({"--board", "--until-head"});
  BOOST_TEST(once.status == 0, once.err);
  BOOST_TEST(once.out.find("desk-1  ") != std::string::npos);
  BOOST_TEST(std::ranges::count(once.out, '\n') == 2);
  const auto file = folder.path() / "board";
  background follows{words({"--board"}), file};
  BOOST_REQUIRE(soon([&] { return text_of(file) == once.out; }));
  play_text("desk-1: unplug\n");
  BOOST_TEST(soon([&] { return text_of(file).size() > once.out.size(); }));
  const auto change = text_of(file).substr(once.out.size());
  BOOST_TEST(change.starts_with("desk-1  "), change);
  BOOST_TEST(change.find("desk-2") == std::string::npos);
}
