// The stories of tools/simulated/stories, played on a clinic of real processes: hub, two desks with real libusb on an
// emulated reader, and the national system over TLS.
#include "tests/test.hpp"

#include "drivers/card/card_authority.hpp"
#include "messages/registry.hpp"
#include "tests/scenarios/support.hpp"
#include "tools/simulate/story.hpp"

#include <algorithm>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <iostream>
#include <sstream>

using namespace scenarios;
using namespace messages;

namespace {

struct played_clinic {
  temporary_folder folder;
  std::unique_ptr<tools::clinic> clinic;

  played_clinic() {
    auto opened = tools::clinic::open(small_clinic(folder.path()));
    BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : to_sentence(opened.error())));
    clinic = std::move(*opened);
  }
  void play(const std::string& story) {
    std::ostringstream told;
    const auto played = tools::play_story(*clinic, source() / "tools/simulated/stories" / (story + ".story"), told);
    BOOST_REQUIRE_MESSAGE(played, told.str() + (played ? "" : to_sentence(played.error())));
  }
  std::vector<event_envelope> close_and_read() {
    clinic->close();
    return journal_of(folder.path() / "journal");
  }
  std::string watch(std::vector<std::string> more) const {
    std::vector<std::string> words{program().string(), "watch", "--run", clinic->run_folder().string(), "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const auto done = run(words);
    BOOST_TEST_REQUIRE(done.status == 0, done.err);
    return done.out;
  }
};

template <class M> std::vector<M> all_of(const std::vector<event_envelope>& journal) {
  std::vector<M> found;
  for (const auto& e : journal)
    if (auto m = body_as<M>(e)) found.push_back(std::move(*m));
  return found;
}

std::vector<std::string> topics_of(const std::vector<event_envelope>& journal, const std::string& desk) {
  std::vector<std::string> topics;
  for (const auto& e : journal)
    if (e.desk == desk && !e.checkin.empty()) topics.push_back(e.topic);
  return topics;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(the_first_visit_of_the_quick_guide_stands_in_the_journal_step_by_step, played_clinic) {
  play("first-visit");
  const auto journal = close_and_read();
  for (std::size_t n = 0; n < journal.size(); ++n)
    BOOST_REQUIRE_EQUAL(journal[n].index, n + 1);
  const std::vector<std::string> first_desk{"checkin.card_placed",
                                            "checkin.identity_method_chosen",
                                            "checkin.pin_attempt_allowed",
                                            "checkin.pin_attempt_ended",
                                            "checkin.pin_attempt_allowed",
                                            "checkin.pin_attempt_ended",
                                            "checkin.identity_proven",
                                            "checkin.consents_recorded",
                                            "eligibility.question_asked",
                                            "eligibility.answered",
                                            "patient.match_stopped", // nobody known by these names
                                            "checkin.answer_shown",
                                            "checkin.registration_requested",
                                            "eligibility.question_asked",
                                            "line.registration_begun",
                                            "eligibility.reference_number_registered",
                                            "checkin.reference_settled",
                                            "checkin.card_return_awaited",
                                            "checkin.ended"};
  const auto seen = topics_of(journal, "desk-1");
  BOOST_TEST(seen == first_desk, boost::test_tools::per_element());

  const auto consents = all_of<consents_recorded>(journal);
  BOOST_REQUIRE_EQUAL(consents.size(), 2u);
  BOOST_TEST((consents[0].choices == consent_choices{choice::given, choice::given, choice::given, choice::refused,
                                                     choice::given, choice::refused}));
  const auto attempts = all_of<pin_attempt_ended>(journal);
  BOOST_REQUIRE_EQUAL(attempts.size(), 3u);
  BOOST_TEST((attempts[0].outcome == pin_outcome::wrong && attempts[0].tries_left == 2));
  const auto registered = all_of<reference_number_registered>(journal);
  BOOST_REQUIRE_EQUAL(registered.size(), 1u);
  BOOST_TEST(registered[0].number.reveal() == "0001234");
  const auto answers = all_of<eligibility_answered>(journal);
  BOOST_REQUIRE_EQUAL(answers.size(), 2u);
  BOOST_TEST(answers[1].answer.insurances.reveal().front().reference_number == "0001234");
  BOOST_TEST((answers[0].patient == answers[1].patient)); // the same card, recognised at another desk
}

BOOST_FIXTURE_TEST_CASE(watchers_that_start_at_different_moments_end_with_identical_files, played_clinic) {
  const auto early_file = folder.path() / "early.json";
  background early{{program().string(), "watch", "--run", clinic->run_folder().string(), "--json"}, early_file};
  play("first-visit");
  const auto late = watch({"--until-head"});
  BOOST_TEST(!late.empty());
  // The early one follows live: it has everything as soon as the last line is there.
  for (int tries = 0; tries < 500 && text_of(early_file) != late; ++tries)
    ::usleep(10'000);
  BOOST_TEST(text_of(early_file) == late);
  // The journal of the stopped node says the same once more; what the hub wrote after `late` follows it.
  clinic->close();
  const auto stopped = run({program().string(), "watch", "--data", (folder.path() / "journal").string(), "--json",
                            "--from", "1", "--until-head"});
  BOOST_TEST(stopped.status == 0, stopped.err);
  BOOST_TEST(stopped.out.starts_with(late));
}

BOOST_FIXTURE_TEST_CASE(a_subscriber_in_another_language_needs_forty_lines, played_clinic) {
  if (run({"/usr/bin/python3", "-c", "import zmq, msgpack"}).status != 0) {
    std::cerr << "SKIPPED: python3-zmq and python3-msgpack are missing\n";
    return;
  }
  play("first-visit");
  const auto at = "ipc://" + clinic->run_folder().string();
  const auto python = run({"/usr/bin/python3", (source() / "tools/examples/watch.py").string(), "--events",
                           at + "/events", "--replay", at + "/replay", "--until-head"});
  BOOST_TEST_REQUIRE(python.status == 0, python.err);
  const auto ours = watch({"--until-head"});
  BOOST_TEST(python.out == ours);
}

BOOST_FIXTURE_TEST_CASE(an_outage_is_unknown_when_asked_and_not_asked_when_nothing_was_signed, played_clinic) {
  play("outage");
  // The walk-in is asked by itself when the line is back.
  std::vector<event_envelope> journal;
  const auto settled = [&] {
    const auto lines = watch({"--until-head", "--topic", "eligibility.answered"});
    return std::ranges::count(lines, '\n') >= 2;
  };
  for (int tries = 0; tries < 200 && !settled(); ++tries)
    ::usleep(50'000);
  journal = close_and_read();
  BOOST_TEST(all_of<outcome_unknown>(journal).size() >= 1u);
  BOOST_TEST(all_of<eligibility_not_asked>(journal).size() == 1u);
  BOOST_TEST(all_of<walk_in_kept>(journal).size() == 1u);
  const auto answers = all_of<eligibility_answered>(journal);
  BOOST_REQUIRE_EQUAL(answers.size(), 2u);
  BOOST_TEST(answers[0].settled_late);
  std::map<id, int> asked;
  for (const auto& q : all_of<question_asked>(journal))
    ++asked[q.question];
  for (const auto& [question, times] : asked)
    BOOST_TEST(times == 1);
}

BOOST_FIXTURE_TEST_CASE(cards_that_need_a_word_lose_no_try_and_an_expired_certificate_asks_for_nothing_medical,
                        played_clinic) {
  play("cards-with-care");
  const auto journal = close_and_read();
  std::vector<std::string> errors;
  for (const auto& placed : all_of<card_placed>(journal))
    if (!placed.error.empty()) errors.push_back(placed.error);
  BOOST_TEST(errors == std::vector<std::string>{"card_mute"}, boost::test_tools::per_element());
  const auto attempts = all_of<pin_attempt_ended>(journal);
  BOOST_REQUIRE_EQUAL(attempts.size(), 4u); // two wrong ones, the confirmed last one, one at the other desk
  BOOST_TEST((attempts[2].outcome == pin_outcome::right && attempts[2].tries_left == 3));
  const auto consents = all_of<consents_recorded>(journal);
  BOOST_REQUIRE_EQUAL(consents.size(), 1u);
  BOOST_TEST((consents[0].choices == consent_choices{choice::refused, choice::refused, choice::refused, choice::refused,
                                                     choice::given, choice::refused}));
  const auto answers = all_of<eligibility_answered>(journal);
  BOOST_REQUIRE_EQUAL(answers.size(), 1u);
  const auto& answer = answers[0].answer;
  BOOST_TEST((answer.judged == validity::valid));
  for (const auto* medical : {&answer.surgery, &answer.treatment, &answer.drugs, &answer.checkup})
    BOOST_TEST(medical->flag != 1);
}

BOOST_AUTO_TEST_CASE(a_desk_that_names_authorities_asks_no_card_of_another_one_for_a_pin) {
  const temporary_folder folder, foreign;
  const auto now_s = static_cast<std::int64_t>(::time(nullptr));
  const auto put = [&](const std::filesystem::path& cards, const std::string& name) {
    const auto authority = drivers::card::card_authority::open(cards, now_s);
    BOOST_REQUIRE(authority.has_value());
    const auto to = folder.path() / name;
    std::filesystem::create_directories(to);
    std::ofstream{to / "ca.cer", std::ios::binary}.write(
        reinterpret_cast<const char*>(authority->certificate().data()),
        static_cast<std::streamsize>(authority->certificate().size()));
    return "[reader]\nauthorities = '" + to.string() + "'\n";
  };
  auto options = small_clinic(folder.path() / "sim");
  std::filesystem::create_directories(options.data / "cards");
  options.desk_lines["desk-1"] = put(options.data / "cards", "ours");
  options.desk_lines["desk-2"] = put(foreign.path(), "theirs");
  auto clinic = tools::clinic::open(options);
  BOOST_REQUIRE_MESSAGE(clinic, (clinic ? "" : to_sentence(clinic.error())));
  tools::clinic_hands hands{**clinic};
  const auto shows = [&](const std::string& desk, prompt wanted) {
    return hands.screen(desk).wait(
        [&](tools::page& p) { return p.prompt() && p.prompt()->shown == wanted; }, tools::wait_ms{20'000});
  };
  for (const auto* desk : {"desk-1", "desk-2"}) {
    BOOST_REQUIRE(shows(desk, prompt::place_card));
    BOOST_REQUIRE(hands.rig(desk).rig("place SIM000000000001"));
  }
  BOOST_TEST(shows("desk-1", prompt::choose_method));
  BOOST_TEST(shows("desk-2", prompt::other_card));
  (*clinic)->close();
  std::vector<std::string> errors;
  for (const auto& placed : all_of<card_placed>(journal_of(options.data / "journal")))
    if (!placed.error.empty()) errors.push_back(placed.error);
  BOOST_TEST(errors == std::vector<std::string>{"certificate_problem"}, boost::test_tools::per_element());
}
