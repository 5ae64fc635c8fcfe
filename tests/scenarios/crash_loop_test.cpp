// Kill -9 of hub, desk or centre at seeded points, again and again, while patients check in: nothing acknowledged is
// lost, nothing binding happens twice, no question goes out under a second identifier. (A killed process leaves the
// page cache behind: what only a sync protects is shown in tests/storage.)
#include "tests/test.hpp"

#include "messages/registry.hpp"
#include "tests/scenarios/support.hpp"
#include "tools/simulate/story.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <atomic>
#include <fstream>
#include <iostream>
#include <random>
#include <set>
#include <sstream>
#include <thread>

using namespace scenarios;
using namespace messages;
using tools::wait_ms;

namespace {

constexpr auto person = "SIM000000000001";

/// What the hands were told is done: the journal has to have it.
struct acknowledged {
  std::set<id> chosen, provided, registered;
};

/// Hands that look at the page and do the next thing, whatever was killed meanwhile, until the check-in is completed.
class patient {
public:
  patient(tools::clinic_hands& hands, std::string desk, acknowledged& told)
      : hands_(hands), desk_(std::move(desk)), told_(told) {}

  /// False when it did not end within @p most.
  bool check_in(wait_ms most) {
    const auto until = std::chrono::steady_clock::now() + most;
    bool answered = false;
    while (std::chrono::steady_clock::now() < until) {
      const auto shown = hands_.screen(desk_).prompt();
      if (!shown) { // the desk is being started again
        std::this_thread::sleep_for(wait_ms{5});
        continue;
      }
      switch (shown->shown) {
      case prompt::place_card:
        if (answered) return true;
        hands_.rig(desk_).rig(std::string{"place "} + person, wait_ms{2000});
        if (!wait_for_change(*shown, wait_ms{1500})) lift(); // nobody noticed it: once more
        break;
      case prompt::choose_method:
        if (say(*shown, choose_method::topic, {{"method", "pin"}})) told_.chosen.insert(shown->checkin);
        break;
      case prompt::enter_pin:
      case prompt::wrong_pin: enter(*shown); break;
      case prompt::last_try: confirm(*shown); break;
      case prompt::give_consents:
        say(*shown, answer_consents::topic,
            {{"surgery", "given"}, {"treatment", "given"}, {"drugs", "given"}, {"checkup", "refused"}});
        break;
      case prompt::provide_information:
        if (say(*shown, provide_information::topic, {{"limit", "given"}, {"specified_disease", "refused"}}))
          told_.provided.insert(shown->checkin);
        break;
      case prompt::come_to_window:
        answered = true;
        at_reception(*shown, finish_at_window::topic, {});
        break;
      case prompt::take_card:
      case prompt::card_forgotten:
      case prompt::turn_card:
      case prompt::other_card:
        answered = true;
        lift();
        if (wait_for_place(wait_ms{3000})) return true;
        break;
      case prompt::please_wait: register_if_wanted(*shown); break;
      default: std::this_thread::sleep_for(wait_ms{5});
      }
    }
    return false;
  }

  std::string stuck_at() {
    const auto shown = hands_.screen(desk_).prompt();
    return shown ? std::string{name(shown->shown)} : "nothing";
  }

private:
  void lift() { hands_.rig(desk_).rig("lift", wait_ms{1000}); }
  bool wait_for_place(wait_ms most) {
    return hands_.screen(desk_).wait(
        [](tools::page& p) { return p.prompt() && p.prompt()->shown == prompt::place_card; }, most);
  }
  bool wait_for_change(const show_prompt& from, wait_ms most) {
    return hands_.screen(desk_).wait(
        [&](tools::page& p) { return !p.prompt() || p.prompt()->sequence != from.sequence; }, most);
  }
  bool say(const show_prompt& at, std::string_view topic, std::vector<std::pair<std::string, std::string>> texts) {
    value::map body{{"checkin", value{at.checkin.text()}}};
    for (auto& [key, text] : texts)
      body.emplace_back(key, value{std::move(text)});
    const auto done = hands_.screen(desk_).say(topic, value{std::move(body)}, wait_ms{3000});
    wait_for_change(at, wait_ms{300});
    return done.has_value();
  }
  void enter(const show_prompt& at) {
    hands_.screen(desk_).press_pin(hands_.where().options().pin);
    value::map body{{"checkin", value{at.checkin.text()}}};
    hands_.screen(desk_).say(enter_pin::topic, value{std::move(body)}, wait_ms{3000});
    wait_for_change(at, wait_ms{300});
  }
  void confirm(const show_prompt& at) {
    value::map body{{"checkin", value{at.checkin.text()}}, {"confirms", value{at.sequence}}};
    hands_.screen(desk_).say(enter_pin::topic, value{std::move(body)}, wait_ms{3000});
    wait_for_change(at, wait_ms{300});
  }
  bool at_reception(const show_prompt& at, std::string_view topic,
                    std::vector<std::pair<std::string, std::string>> texts) {
    value::map body{{"checkin", value{at.checkin.text()}}};
    for (auto& [key, text] : texts)
      body.emplace_back(key, value{std::move(text)});
    const auto done = hands_.screen("hub").say(topic, value{std::move(body)}, wait_ms{3000});
    wait_for_change(at, wait_ms{100});
    return done.has_value();
  }
  void register_if_wanted(const show_prompt& at) {
    const auto row = hands_.on_board(desk_, checkin_state::registration);
    if (!row || row->checkin != at.checkin) return std::this_thread::sleep_for(wait_ms{5});
    if (at_reception(at, register_reference_number::topic, {{"number", "0001234"}}))
      told_.registered.insert(at.checkin);
  }

  tools::clinic_hands& hands_;
  std::string desk_;
  acknowledged& told_;
};

template <class M> std::vector<std::pair<id, M>> all_of(const std::vector<event_envelope>& journal) {
  std::vector<std::pair<id, M>> found;
  for (const auto& e : journal)
    if (auto m = body_as<M>(e)) found.emplace_back(e.checkin, std::move(*m));
  return found;
}

void check_journal(const std::vector<event_envelope>& journal, const acknowledged& told) {
  for (std::size_t n = 0; n < journal.size(); ++n)
    BOOST_REQUIRE_EQUAL(journal[n].index, n + 1);
  std::map<id, int> begun, ended;
  std::set<id> chosen, provided, registered;
  for (const auto& e : journal) {
    if (e.topic == card_placed::topic) ++begun[e.checkin];
    if (e.topic == checkin_ended::topic) ++ended[e.checkin];
    if (e.topic == identity_method_chosen::topic) chosen.insert(e.checkin);
    if (e.topic == consents_recorded::topic) BOOST_TEST(provided.insert(e.checkin).second, "consents recorded twice");
    if (e.topic == registration_requested::topic) registered.insert(e.checkin);
  }
  for (const auto& [checkin, times] : begun)
    BOOST_TEST(times == 1);
  for (const auto& [checkin, times] : ended)
    BOOST_TEST(times == 1);
  std::size_t open = 0;
  for (const auto& [checkin, times] : begun)
    open += ended.contains(checkin) ? 0 : 1;
  BOOST_TEST(open == 0u, "check-ins that neither go on nor ended");
  // Nothing acknowledged is lost.
  for (const auto& c : told.chosen)
    BOOST_TEST(chosen.contains(c));
  for (const auto& c : told.provided)
    BOOST_TEST(provided.contains(c));
  for (const auto& c : told.registered)
    BOOST_TEST(registered.contains(c));
}

/// One identifier per question, in the journal and at the centre.
void check_questions(const std::vector<event_envelope>& journal, const std::filesystem::path& centre) {
  std::map<id, int> asked, answered;
  std::map<id, id> question_of_checkin;
  for (const auto& [checkin, q] : all_of<question_asked>(journal)) {
    ++asked[q.question];
    if (q.kind != question_kind::card) continue;
    BOOST_TEST(question_of_checkin.emplace(checkin, q.question).second, "a second question for one check-in");
  }
  for (const auto& [checkin, a] : all_of<eligibility_answered>(journal))
    ++answered[a.question];
  for (const auto& [checkin, r] : all_of<reference_number_registered>(journal))
    ++answered[r.question];
  for (const auto& [question, times] : asked)
    BOOST_TEST(times == 1);
  for (const auto& [question, times] : answered)
    BOOST_TEST(times == 1);
  std::size_t at_centre = 0;
  for (const auto& file : std::filesystem::directory_iterator(centre)) {
    std::ifstream in{file.path()};
    for (std::string line; std::getline(in, line);) {
      const auto entry = nlohmann::json::parse(line, nullptr, false);
      if (!entry.is_object() || entry.value("line", "") != "question") continue;
      ++at_centre;
      const auto identifier = id::from_text(entry.value("identifier", ""));
      BOOST_TEST((identifier && asked.contains(*identifier)),
                 "the centre heard a question that the journal does not know");
    }
  }
  BOOST_TEST(at_centre > 0u);
}

/// One VERIFY at most for each durable permission; the right PIN was always typed, so no try is missing.
void check_card(const std::vector<event_envelope>& journal, const std::filesystem::path& cards) {
  std::set<id> allowed;
  for (const auto& [checkin, a] : all_of<pin_attempt_allowed>(journal))
    BOOST_TEST(allowed.insert(a.attempt).second);
  const auto state = text_of(cards / (std::string{person} + ".state"));
  BOOST_TEST_MESSAGE("card: " << state);
  std::istringstream words{state};
  std::vector<long> numbers;
  for (std::string word; words >> word;)
    if (word.find_first_not_of("0123456789") == std::string::npos) numbers.push_back(std::stol(word));
  BOOST_REQUIRE_GE(numbers.size(), 2u);
  BOOST_TEST(numbers[0] == 3);
  BOOST_TEST(static_cast<std::size_t>(numbers[1]) <= allowed.size());
}

/// Two receipt computers that take whatever appears in their folders, and count it.
class receipt_computers {
public:
  explicit receipt_computers(const std::filesystem::path& in) {
    for (const auto* name : {"one", "two"})
      std::filesystem::create_directories(in / name);
    taker_ = std::thread([this, in] {
      while (!ends_) {
        for (const auto* name : {"one", "two"})
          take(name, in / name);
        std::this_thread::sleep_for(wait_ms{10});
      }
    });
  }
  ~receipt_computers() { stop(); }
  void stop() {
    ends_ = true;
    if (taker_.joinable()) taker_.join();
  }
  static std::string section(const std::filesystem::path& in) {
    return "[receipt]\nnames = ['one', 'two']\nfolders = ['" + (in / "one").string() + "', '" + (in / "two").string() +
           "']\n";
  }
  std::map<std::pair<std::string, std::string>, int> taken; ///< computer and file → how often

private:
  void take(const std::string& name, const std::filesystem::path& folder) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      ++taken[{name, entry.path().filename()}];
      std::filesystem::remove(entry.path());
    }
  }

  std::atomic<bool> ends_{false};
  std::thread taker_;
};

/// Every answer reached both receipt computers, each file once, whenever the hub was killed.
void check_handovers(const std::vector<event_envelope>& journal, const receipt_computers& computers) {
  std::map<id, int> begun_of;
  for (const auto& [checkin, h] : all_of<handover_begun>(journal)) {
    ++begun_of[h.question];
    const auto found = computers.taken.find({h.receipt_computer, h.file});
    BOOST_TEST((found != computers.taken.end() && found->second == 1), "a file that was not taken exactly once");
  }
  for (const auto& [checkin, a] : all_of<eligibility_answered>(journal))
    BOOST_TEST(begun_of[a.question] == 2);
  std::cerr << computers.taken.size() << " files were handed over\n";
}

} // namespace

BOOST_AUTO_TEST_CASE(kills_at_seeded_points_lose_nothing_acknowledged_and_do_nothing_binding_twice) {
  const int rounds = std::getenv("UKETSUKE_LONG") ? 200 : 20;
  const auto seed = std::getenv("UKETSUKE_SEED") ? std::strtoull(std::getenv("UKETSUKE_SEED"), nullptr, 10) : 20261122u;
  std::cerr << "seed " << seed << ", kills " << rounds << '\n';
  std::mt19937_64 chance{seed};
  const temporary_folder folder;
  auto options = small_clinic(folder.path());
  options.patience = "asking_ms = 5000\nregistering_ms = 5000\nverifying_ms = 5000\npreparing_ms = 3000\n" +
                     receipt_computers::section(folder.path());
  receipt_computers computers{folder.path()};
  auto opened = tools::clinic::open(options);
  BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : to_sentence(opened.error())));
  acknowledged told;
  {
    tools::clinic_hands hands{**opened};
    patient one{hands, "desk-1", told};
    const std::vector<std::string> victims{"hub", "hub", "desk-1", "centre"};
    for (int round = 0; round < rounds; ++round) {
      const auto victim = victims[chance() % victims.size()];
      const auto after = wait_ms{static_cast<long>(chance() % 120)};
      std::thread killer([&] {
        std::this_thread::sleep_for(after);
        (*opened)->kill(victim);
      });
      const bool ended = one.check_in(wait_ms{60'000});
      killer.join();
      BOOST_TEST_REQUIRE(ended, "round " << round << ": " << victim << " killed after " << after.count()
                                         << " ms; the desk shows " << one.stuck_at());
    }
    BOOST_TEST(one.check_in(wait_ms{60'000}));  // once in peace
    std::this_thread::sleep_for(wait_ms{1500}); // what was unknown is settled
  }
  computers.stop();
  const auto hub_starts = (*opened)->starts_of("hub");
  (*opened)->close();
  std::cerr << "the hub was started " << hub_starts << " times\n";
  const auto journal = journal_of(folder.path() / "journal");
  check_journal(journal, told);
  check_questions(journal, folder.path() / "centre");
  check_handovers(journal, computers);
  check_card(journal, folder.path() / "cards");
}
