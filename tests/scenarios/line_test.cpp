// A hub at work on the folders of 連携アプリ: whichever way a question begins, at reception, with `uketsuke ask` or with a
// certified reader's Face file, it ends in the same events and views, and in one file for the receipt computer.
#include "tests/test.hpp"

#include "drivers/card/card_authority.hpp"
#include "drivers/line/centre.hpp"
#include "drivers/line/link_application.hpp"
#include "messages/registry.hpp"
#include "storage/journal.hpp"
#include "storage/key_folder.hpp"
#include "storage/views/all.hpp"
#include "storage/views/patients.hpp"
#include "storage/views/questions.hpp"
#include "tests/scenarios/support.hpp"
#include "tools/hub_client.hpp"
#include "tools/simulate/page.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <random>
#include <set>
#include <thread>

using namespace scenarios;
using namespace messages;

namespace {

constexpr auto institution = "1319999999";

std::uint64_t now_ms() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

/// The simulated centre and its 連携アプリ in this process, so that the test can play a certified reader; the hub is the
/// real program.
struct hub_on_folders {
  temporary_folder folder;
  std::filesystem::path data = folder.path() / "journal", sockets = folder.path() / "run";
  std::filesystem::path shared = folder.path() / "face-shared", own = folder.path() / "face-1";
  std::filesystem::path receipts = folder.path() / "receipt";
  std::unique_ptr<drivers::line::centre> centre;
  std::unique_ptr<drivers::line::link_application> link;
  std::unique_ptr<background> hub;

  hub_on_folders() {
    for (const auto& made : {data, shared, own, receipts})
      std::filesystem::create_directories(made);
    open_centre();
    drivers::line::link_options options;
    options.requests = folder.path() / "Req";
    options.results = folder.path() / "Res";
    options.faces = shared;
    options.work = folder.path() / "link";
    options.institution = institution;
    options.look_ms = 20;
    link = std::make_unique<drivers::line::link_application>(options, *centre);
    BOOST_REQUIRE(storage::make_key_folder(storage::default_key_folder(data)).has_value());
    start();
  }
  void open_centre() {
    const auto cards = folder.path() / "cards";
    std::filesystem::create_directories(cards);
    BOOST_REQUIRE(drivers::card::card_authority::open(cards, static_cast<std::int64_t>(now_ms() / 1000)));
    drivers::line::centre_options options;
    options.persons_file = source() / "tools/simulated/insured_persons.json";
    options.card_ca_file = cards / "card-authority.pem";
    options.data_folder = folder.path() / "centre";
    options.now_ms = now_ms;
    options.random_octets = [chance = std::make_shared<std::mt19937>(7u)](std::size_t n) {
      bytes octets(n);
      for (auto& o : octets)
        o = static_cast<std::uint8_t>((*chance)());
      return octets;
    };
    std::filesystem::create_directories(options.data_folder);
    auto opened = drivers::line::centre::open(std::move(options));
    BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : to_sentence(opened.error())));
    centre = std::move(*opened);
  }
  void start() {
    const auto path = [&](const char* name) { return "'" + (folder.path() / name).string() + "'"; };
    const auto config = folder.path() / "hub.toml";
    std::ofstream{config} << "[node]\nname = 'hub'\nsimulated = true\n"
                          << "actors = ['eligibility_gateway', 'consent_session', 'desks', 'monitor', 'screen']\n"
                          << "[bus]\ntcp = false\n[data]\nfolder = " << path("journal") << "\nrun = " << path("run")
                          << "\n[folders]\nrequests = " << path("Req") << "\nresults = " << path("Res")
                          << "\nwork = " << path("work") << "\ninstitution = '" << institution
                          << "'\n[faces]\nfolders = [" << path("face-1") << ", " << path("face-shared")
                          << "]\ndesks = ['desk-1', '']\nwork = " << path("face-work")
                          << "\n[receipt]\nnames = ['receipt']\nfolders = [" << path("receipt")
                          << "]\n[screen]\nhands = " << path("hands") << "\n";
    hub = std::make_unique<background>(
        std::vector<std::string>{program().string(), "serve", "--config", config.string()}, folder.path() / "hub.out");
    until([&] { return std::filesystem::exists(sockets / "bus"); });
  }
  void stop() { hub.reset(); } // kill -9

  static void until(const std::function<bool()>& there) {
    for (int n = 0; n < 3000 && !there(); ++n) // a lease of a killed hub is waited for
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    BOOST_REQUIRE(there());
  }
  std::vector<face_checkin_row> faces() const {
    const auto list = tools::ask_hub(sockets, "eligibility_gateway", list_face_files{});
    return list ? list->rows : std::vector<face_checkin_row>{};
  }
  face_checkin_row face_at(const std::string& desk) const {
    for (const auto& row : faces())
      if (row.desk == desk) return row;
    return {};
  }
  finished ask(std::vector<std::string> words) const {
    words.insert(words.begin(), {program().string(), "ask", "--run", sockets.string()});
    return run(words);
  }
  std::size_t files_for_receipts() const {
    std::size_t n = 0;
    for (const auto& e : std::filesystem::directory_iterator(receipts))
      n += e.path().extension() == ".xml";
    return n;
  }
};

consent_choices everything() {
  const auto yes = choice::given;
  return {yes, yes, yes, yes, yes, yes};
}

/// The topics of everything that names @p question, in order.
std::vector<std::string> story_of(const std::vector<event_envelope>& journal, const id& question) {
  std::vector<std::string> topics;
  for (const auto& e : journal) {
    const auto body = unpack(e.body);
    const auto* named = body ? body->find("question") : nullptr;
    id of;
    if (named && detail::read_id(*named, of) && of == question) topics.push_back(e.topic);
  }
  return topics;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_face_file_is_its_desks_check_in_and_one_of_a_shared_folder_waits_until_staff_claim_it,
                        hub_on_folders) {
  BOOST_REQUIRE(!link->check_in("SIM000000000001", everything(), own).empty());
  BOOST_REQUIRE(!link->check_in("SIM000000000002", everything(), shared).empty());
  until([&] { return faces().size() == 2; });
  BOOST_TEST(face_at("desk-1").name.reveal() == "見本　花子");
  const auto unclaimed = face_at("");
  BOOST_TEST(!unclaimed.checkin.empty());
  BOOST_TEST((unclaimed.outcome == question_outcome::answered));
  const auto shown = ask({"--faces"});
  BOOST_TEST(shown.out.find("窓口未定") != std::string::npos, shown.out << shown.err);
  const auto claimed = ask({"--claim", unclaimed.question.text(), "--desk", "desk-2"});
  BOOST_TEST(claimed.status == 0, claimed.err);
  BOOST_TEST(face_at("desk-2").question.text() == unclaimed.question.text());
  const auto late = ask({"--claim", unclaimed.question.text(), "--desk", "desk-3"});
  BOOST_TEST(late.status == 1);
  BOOST_TEST(late.err.find("desk-2") != std::string::npos, late.err); // whose it is by now
  // A crash forgets neither the files that were taken nor who claimed one; the same files are no new check-ins.
  stop();
  start();
  until([&] { return faces().size() == 2; });
  BOOST_TEST(face_at("desk-2").question.text() == unclaimed.question.text());
  BOOST_REQUIRE(!link->check_in("SIM000000000003", everything(), own).empty());
  until([&] { return faces().size() == 3; });
  stop();
  std::size_t taken = 0;
  for (const auto& e : journal_of(data))
    taken += e.topic == face_file_taken::topic;
  BOOST_TEST(taken == 3u);
}

BOOST_FIXTURE_TEST_CASE(a_question_at_reception_one_by_command_and_a_face_file_end_in_the_same_events_and_views,
                        hub_on_folders) {
  BOOST_REQUIRE(!link->check_in("SIM000000000001", everything(), own).empty());
  until([&] { return faces().size() == 1; });
  const auto typed = ask({"--insurer", "999901", "--symbol", "見本12", "--number", "3456", "--branch", "02", "--birth",
                          "19840229", "--json"});
  BOOST_REQUIRE_MESSAGE(typed.status == 0, typed.err);
  tools::page reception{folder.path() / "hands"};
  const value person{value::map{{"insurer", value{std::string{"999901"}}},
                                {"symbol", value{std::string{"見本12"}}},
                                {"number", value{std::string{"3456"}}},
                                {"branch", value{std::string{"02"}}},
                                {"birth_date", value{std::string{"19840229"}}}}};
  const auto kept = reception.say(keep_walk_in::topic,
                                  value{value::map{{"person", person}, {"limit", value{std::string{"given"}}}}});
  BOOST_REQUIRE_MESSAGE(kept, (kept ? "" : to_sentence(kept.error())));
  until([&] { return files_for_receipts() == 3; });
  stop();
  const auto journal = journal_of(data);
  std::vector<id> questions;
  for (const auto& e : journal) {
    if (const auto m = body_as<question_asked>(e)) questions.push_back(m->question);
    if (const auto m = body_as<face_file_taken>(e)) questions.push_back(m->question);
  }
  BOOST_REQUIRE_EQUAL(questions.size(), 3u);
  std::set<std::vector<std::string>> endings;
  for (const auto& question : questions) {
    auto topics = story_of(journal, question);
    const auto answered = std::ranges::find(topics, eligibility_answered::topic);
    BOOST_REQUIRE(answered != topics.end());
    std::vector<std::string> ending{answered, topics.end()};
    std::erase(ending, std::string{checkin_settled::topic}); // a check-in's own step, of the one that has one
    endings.insert(ending);
  }
  BOOST_TEST(endings.size() == 1u);
  BOOST_TEST((*endings.begin() == std::vector<std::string>{std::string{eligibility_answered::topic},
                                                           std::string{handover_begun::topic},
                                                           std::string{match_stopped::topic}}));
  // And in the same views: the row of each says the same of the same person.
  storage::journal_options o;
  o.folder = data;
  o.node = "test";
  o.now_ms = [] { return std::uint64_t{0}; };
  o.read_only = true;
  o.keys = storage::key_access{storage::default_key_folder(data), {}};
  const auto opened = storage::journal::open(std::move(o), storage::all_views());
  BOOST_REQUIRE(opened);
  for (const auto& question : questions) {
    const auto row = (*opened)->get("questions", storage::question_key(question));
    BOOST_REQUIRE(row && *row);
    const auto q = storage::decode_row<storage::question_row>(**row);
    BOOST_REQUIRE(q);
    BOOST_TEST((q->outcome == question_outcome::answered));
    BOOST_TEST((q->judged == validity::valid));
    BOOST_TEST(q->name.reveal() == "見本　花子");
    BOOST_TEST((*opened)->get("patients", storage::undecided_key(question)).value().has_value());
  }
}

BOOST_FIXTURE_TEST_CASE(
    what_was_consented_to_at_a_certified_reader_is_viewed_on_behalf_of_an_account_and_told_in_events, hub_on_folders) {
  auto choices = everything();
  choices.checkup = choice::refused;
  BOOST_REQUIRE(!link->check_in("SIM000000000001", choices, own).empty());
  until([&] { return faces().size() == 1; });
  const auto visit = faces().front();
  const auto view = [&](information_kind kind, const std::string& account) {
    const obtain_records wanted{tools::fresh_id(), visit.patient, kind, 0, "desk-1", "", ""};
    return tools::ask_hub(tools::hub_access{sockets, account, ""}, "eligibility_gateway", wanted, 15'000);
  };
  const auto drugs = view(information_kind::drugs, "tanaka01");
  BOOST_REQUIRE_MESSAGE(drugs, (drugs ? "" : to_sentence(drugs.error())));
  BOOST_REQUIRE(!drugs->found.reveal().drugs.empty());
  BOOST_TEST(drugs->found.reveal().drugs.front().name == "ミホン錠５ｍｇ");
  BOOST_TEST(drugs->consent > 0u);
  BOOST_TEST(drugs->open_until.size() == 14u);
  const auto surgery = view(information_kind::surgery, "tanaka01");
  BOOST_REQUIRE_MESSAGE(surgery, (surgery ? "" : to_sentence(surgery.error())));
  BOOST_REQUIRE_EQUAL(surgery->found.reveal().treatments.size(), 1u);
  BOOST_TEST(surgery->found.reveal().treatments.front().name == "見本手術");
  BOOST_TEST(surgery->found.reveal().drugs.empty());
  const auto nobody = view(information_kind::drugs, "");
  BOOST_TEST((!nobody && nobody.error().code == error_code::not_signed_in));
  const auto refused = view(information_kind::checkup, "tanaka01");
  BOOST_TEST((!refused && refused.error().code == error_code::consent_missing));
  stop();
  std::vector<std::pair<std::string, std::string>> told; // topic and account
  for (const auto& e : journal_of(data))
    if (e.topic.starts_with("records.")) {
      told.emplace_back(e.topic, e.account);
      BOOST_TEST(e.desk == "desk-1");
      if (const auto m = body_as<records_viewed>(e)) BOOST_TEST(m->consent == drugs->consent);
      if (const auto m = body_as<records_fetched>(e)) BOOST_TEST(!m->original.reveal().empty());
    }
  const std::vector<std::pair<std::string, std::string>> expected{
      {"records.asked", "tanaka01"},  {"records.fetched", ""}, {"records.viewed", "tanaka01"},
      {"records.asked", "tanaka01"},  {"records.fetched", ""}, {"records.viewed", "tanaka01"},
      {"records.refused", ""},        {"records.refused", "tanaka01"}};
  BOOST_TEST((told == expected));
}
