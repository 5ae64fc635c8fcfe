// One node with everything in it: the bus between its actors, their deaths, and the subscribers nobody waits for.
#include "tests/test.hpp"

#include "drivers/bus/context.hpp"
#include "drivers/bus/subscriber.hpp"
#include "drivers/clock/port.hpp"
#include "messages/registry.hpp"
#include "tests/scenarios/support.hpp"
#include "tools/bench/one_process.hpp"

#include <unistd.h>

#include <fstream>
#include <iostream>
#include <algorithm>
#include <regex>
#include <set>
#include <thread>

using namespace scenarios;
using namespace messages;

namespace {

struct one_process {
  temporary_folder folder;
  std::unique_ptr<tools::one_process_clinic> clinic;

  one_process() {
    auto opened = tools::one_process_clinic::open(
        {.data = folder.path(), .persons = source() / "tools/simulated/insured_persons.json"});
    BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : to_sentence(opened.error())));
    clinic = std::move(*opened);
  }
  std::vector<event_envelope> close_and_read() {
    clinic.reset();
    return journal_of(folder.path() / "journal");
  }
};

std::size_t count(const std::vector<event_envelope>& journal, std::string_view topic) {
  std::size_t n = 0;
  for (const auto& e : journal)
    n += e.topic == topic;
  return n;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(hub_and_desk_in_one_process_serve_one_check_in_after_another, one_process) {
  for (int n = 0; n < 5; ++n)
    BOOST_REQUIRE(clinic->check_in());
  const auto journal = close_and_read();
  BOOST_TEST(count(journal, checkin_ended::topic) == 5u);
  BOOST_TEST(count(journal, reference_number_registered::topic) == 1u); // the first time; then it comes with the answer
}

BOOST_FIXTURE_TEST_CASE(syncs_never_exceed_binding_waits, one_process) {
  BOOST_REQUIRE(clinic->check_in());
  const auto before = clinic->node().writes();
  for (int n = 0; n < 10; ++n)
    BOOST_REQUIRE(clinic->check_in());
  const auto after = clinic->node().writes();
  BOOST_TEST(after.syncs - before.syncs <= after.awaited - before.awaited);
}

BOOST_FIXTURE_TEST_CASE(each_actor_may_die_and_the_others_go_on_serving, one_process) {
  BOOST_REQUIRE(clinic->check_in());
  for (const auto* name : {"eligibility_gateway", "consent_session", "desks", "monitor", "reader", "screen"}) {
    clinic->node().kill_actor(name);
    bool again = false;
    for (int tries = 0; tries < 3 && !again; ++tries)
      again = clinic->check_in().has_value();
    BOOST_TEST(again, name << " died and no check-in came through");
    BOOST_TEST(!clinic->failed());
  }
  const auto journal = close_and_read();
  BOOST_TEST(count(journal, actor_restarted::topic) == 6u);
}

BOOST_FIXTURE_TEST_CASE(every_command_between_actors_goes_through_the_switchboard, one_process) {
  BOOST_REQUIRE(clinic->check_in());
  const auto before = clinic->node().bus();
  BOOST_REQUIRE(clinic->check_in());
  const auto after = clinic->node().bus();
  // What one check-in of a known patient needs between reader, screen, consent_session and gateway, both ways; a
  // shortcut past the bus would be missing here.
  BOOST_TEST(after.delivered - before.delivered >= 14u);
  BOOST_TEST(after.replied - before.replied >= 14u);
}

BOOST_AUTO_TEST_CASE(no_actor_knows_another_by_anything_but_its_address) {
  // A CAF handle of another actor would be needed to bypass the bus: an actor's file names the bus port only, through
  // its place, and includes no other actor; but for two judgements that hold no handle, over what the journal says.
  const std::set<std::string> judgements{"account_admin/policy.hpp", "eligibility_gateway/actor_viewable.hpp"};
  namespace fs = std::filesystem;
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(source() / "actors")) {
    if (entry.path().filename() != "actor.cpp") continue;
    ++files;
    const auto own = entry.path().parent_path().filename().string();
    const auto text = text_of(entry.path());
    BOOST_TEST(text.find("anon_send") == std::string::npos, entry.path() << " sends by itself");
    BOOST_TEST(!std::regex_search(text, std::regex{R"((^|[^>.\w])(send|request|delayed_send)\()"}),
               entry.path() << " sends by itself");
    const std::regex include{"#include \"actors/(([a-z_]+)/[a-z_]+[.]hpp)"};
    for (std::sregex_iterator i{text.begin(), text.end(), include}, end; i != end; ++i) {
      const auto room = (*i)[2].str();
      const bool known = room == own || room == "runtime" || room == "pure" || judgements.contains((*i)[1].str());
      BOOST_TEST(known, entry.path() << " includes actors/" << (*i)[1].str());
    }
  }
  BOOST_TEST(files == 9);
}

BOOST_FIXTURE_TEST_CASE(subscribers_that_never_read_cost_the_patient_nothing, one_process) {
  const auto measure = [&] {
    std::vector<double> us;
    for (int n = 0; n < 20; ++n) {
      const auto took = clinic->check_in();
      BOOST_REQUIRE(took);
      us.push_back(std::chrono::duration<double, std::micro>(took->whole - took->others).count());
    }
    std::ranges::sort(us);
    return us[us.size() / 2];
  };
  measure();
  const auto alone = measure();
  const auto clock = drivers::clock::system_clock();
  const auto home = std::make_shared<bus::context>();
  std::vector<std::unique_ptr<bus::subscriber>> readers;
  for (int n = 0; n < 50; ++n) {
    bus::subscriber_options o;
    o.live_endpoint = "ipc://" + (clinic->run_folder() / "events").string();
    o.replay_endpoint = "ipc://" + (clinic->run_folder() / "replay").string();
    o.order.from = 1;
    o.queue_max = 10;
    o.clock = [clock] { return clock->steady_ms(); };
    auto opened = bus::subscriber::open(home, std::move(o));
    BOOST_REQUIRE(opened);
    readers.push_back(std::move(*opened));
  }
  for (int n = 0; n < 25; ++n)
    readers[static_cast<std::size_t>(n)]->next(200); // half of them have begun; none goes on
  const auto with_fifty = measure();
  BOOST_TEST_MESSAGE("check-in with 50 subscribers that do not read / with none: " << with_fifty / alone);
  std::cerr << "check-in time with 50 subscribers that never read / with none: " << with_fifty / alone << '\n';
  // The publisher counts a commit after the journal does.
  auto status = clinic->node().status();
  for (int looks = 0; looks < 200 && status.published + status.dropped < status.head - 1; ++looks) {
    ::usleep(10'000);
    status = clinic->node().status();
  }
  BOOST_TEST(status.published + status.dropped >= status.head - 1);
  BOOST_TEST(!clinic->failed());
}
