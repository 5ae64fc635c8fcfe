// The page that Prometheus reads, after a story: what it says, and that alerts and dashboard ask for nothing else.
#include "tests/test.hpp"

#include "messages/registry.hpp"
#include "tests/scenarios/support.hpp"
#include "tools/hub_client.hpp"
#include "tools/simulate/story.hpp"

#include <unistd.h>

#include <regex>
#include <set>
#include <sstream>

using namespace scenarios;
namespace fs = std::filesystem;

namespace {

struct counted_clinic {
  temporary_folder folder;
  fs::path port_file = folder.path() / "metrics-port";
  std::unique_ptr<tools::clinic> clinic;

  counted_clinic() {
    auto o = small_clinic(folder.path());
    o.pages = false;
    o.patience = "[metrics]\nport = 0\nport_file = '" + port_file.string() + "'\n";
    auto opened = tools::clinic::open(std::move(o));
    BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : messages::to_sentence(opened.error())));
    clinic = std::move(*opened);
  }
  std::string page() const {
    auto port = text_of(port_file);
    port.erase(port.find_last_not_of('\n') + 1);
    const auto got = run({"/usr/bin/python3", "-c",
                          "import sys, urllib.request as u; "
                          "print(u.urlopen('http://127.0.0.1:' + sys.argv[1] + '/metrics').read().decode())",
                          port});
    BOOST_TEST_REQUIRE(got.status == 0, got.err);
    return got.out;
  }
  void play(const std::string& story) const {
    std::ostringstream told;
    const auto played = tools::play_story(*clinic, source() / "tools/simulated/stories" / (story + ".story"), told);
    BOOST_REQUIRE_MESSAGE(played, told.str() + (played ? "" : to_sentence(played.error())));
  }
};

/// Every family of the page.
std::set<std::string> families_of(const std::string& page) {
  std::set<std::string> names;
  const std::regex type{"# TYPE (uketsuke_[a-z_]+) "};
  for (std::sregex_iterator at{page.begin(), page.end(), type}, end; at != end; ++at)
    names.insert((*at)[1]);
  return names;
}

bool says(const std::string& page, const std::string& words) { return page.find(words) != std::string::npos; }

} // namespace

BOOST_FIXTURE_TEST_CASE(a_visit_is_counted_and_alerts_and_dashboard_name_nothing_that_is_not_there, counted_clinic) {
  play("first-visit");
  std::string now = page();
  for (int tries = 0; tries < 100 && !says(now, "uketsuke_journal_lag_events 0"); ++tries) {
    ::usleep(50'000);
    now = page();
  }
  BOOST_TEST(says(now, R"(uketsuke_pin_attempts_total{outcome="wrong"} 1)"), now);
  BOOST_TEST(says(now, R"(uketsuke_questions_total{outcome="answered"} 2)"));
  BOOST_TEST(says(now, R"(uketsuke_cards_placed_total{tries_left="3"})"));
  BOOST_TEST(says(now, R"(uketsuke_step_seconds_count{step="ask"})"));
  BOOST_TEST(says(now, R"(uketsuke_reader_ready{desk="desk-1"} 1)"));
  BOOST_TEST(says(now, "uketsuke_line_up 1"));
  BOOST_TEST(says(now, "uketsuke_nodes 3"));
  BOOST_TEST(says(now, "uketsuke_batches_open 0"));
  BOOST_TEST(says(now, "uketsuke_schedules_missed 0"));
  BOOST_TEST(!says(now, "0001234")); // no reference number, nor any other value of a person
  const auto known = families_of(now);
  BOOST_TEST(known.size() > 25u);
  std::set<std::string> asked;
  for (const auto* file : {"alerts.yml", "dashboard.json"}) {
    const auto text = text_of(source() / "tools/examples" / file);
    const std::regex named{"uketsuke_[a-z_]+"};
    for (std::sregex_iterator at{text.begin(), text.end(), named}, end; at != end; ++at) {
      const auto family = std::regex_replace(at->str(), std::regex{"_(bucket|sum|count)$"}, "");
      asked.insert(family);
      BOOST_TEST(known.contains(family), file << " asks for " << at->str() << ", which is not there");
    }
  }
  for (const auto& family : known)
    BOOST_TEST((asked.contains(family) || family == "uketsuke_events_total" || family == "uketsuke_journal_head" ||
                family == "uketsuke_journal_epoch"),
               family << " is on no dashboard");
}

BOOST_FIXTURE_TEST_CASE(wrong_passwords_and_commands_to_nobody_are_seen, counted_clinic) {
  const tools::hub_access here{clinic->run_folder(), {}, "somebody"};
  const auto ask = [&](const std::string& actor, const auto& m) { return tools::ask_hub(here, actor, m, 10'000); };
  for (const auto* guess : {"wrong", "wrong again"})
    BOOST_TEST(!ask("account_admin", messages::sign_in{"Nobody", messages::credential{guess}, {}, {}, false}));
  BOOST_TEST(!ask("reader", messages::forget_pin{}));
  const auto now = page();
  BOOST_TEST(says(now, "uketsuke_sign_ins_refused_total 2"), now);
  BOOST_TEST(says(now, "uketsuke_sign_ins_held_total 0"));
  BOOST_TEST(says(now, R"(uketsuke_commands_refused_total{error="unknown_address"} 1)"));
  BOOST_TEST(says(now, "uketsuke_readers_fell_behind_total 0"));
}
