// Quick guide ② and ③ against the real program: consent at home, the first answer and reference number, asking again
// before the next visit (together, and by hand), what changed, and the end of the consent.
#include "tests/test.hpp"

#include "actors/batch_scheduler/calendar.hpp"
#include "drivers/card/card_authority.hpp"
#include "drivers/line/bulk.hpp"
#include "drivers/line/centre.hpp"
#include "drivers/line/link_application.hpp"
#include "messages/registry.hpp"
#include "storage/key_folder.hpp"
#include "tests/scenarios/support.hpp"
#include "tools/hub_client.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <random>
#include <thread>

using namespace scenarios;
using namespace messages;
namespace line = drivers::line;

namespace {

constexpr auto institution = "1319999999";

std::uint64_t now_ms() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
}
/// The day that is asked about this evening.
std::string next_day() { return batch_scheduler::text_of(batch_scheduler::night_of(now_ms()) + std::chrono::days{1}); }

/// A hub without accounts on the folders of 連携アプリ; the simulated centre in this process.
struct clinic_at_night {
  temporary_folder folder;
  std::filesystem::path data = folder.path() / "journal", sockets = folder.path() / "run";
  std::filesystem::path hand = folder.path() / "hand";
  std::unique_ptr<line::centre> centre;
  std::unique_ptr<line::link_application> link;
  std::unique_ptr<background> hub;
  line::simulated_person at_home, outpatient;

  clinic_at_night() {
    for (const auto& made : {data, hand, folder.path() / "cards", folder.path() / "centre"})
      std::filesystem::create_directories(made);
    choose_people();
    open_centre();
    line::link_options options;
    options.requests = folder.path() / "Req";
    options.results = folder.path() / "Res";
    options.faces = folder.path() / "Face";
    options.work = folder.path() / "link";
    options.institution = institution;
    options.look_ms = 20;
    link = std::make_unique<line::link_application>(options, *centre);
    BOOST_REQUIRE(storage::make_key_folder(storage::default_key_folder(data)).has_value());
    start();
  }
  void choose_people() {
    const auto all = line::insured_persons::load(source() / "tools/simulated/insured_persons.json");
    BOOST_REQUIRE(all);
    for (const auto& p : all->all()) {
      const bool plain = p.judged == validity::valid && p.insurances.size() == 1 && p.expired_reason.empty() &&
                         all->find_number({p.insurances[0].seen.insurer, p.insurances[0].seen.symbol,
                                           p.insurances[0].seen.number, "", ""})
                                 .size() == 1;
      if (plain && !p.home_visit_consent.empty() && p.reference_number.empty() && at_home.card_name.empty())
        at_home = p;
      if (plain && p.home_visit_consent.empty() && p.online_consent.empty() && outpatient.card_name.empty())
        outpatient = p;
    }
    BOOST_REQUIRE(!at_home.card_name.empty() && !outpatient.card_name.empty());
  }
  void open_centre() {
    const auto cards = folder.path() / "cards";
    BOOST_REQUIRE(drivers::card::card_authority::open(cards, static_cast<std::int64_t>(now_ms() / 1000)));
    line::centre_options options;
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
    auto opened = line::centre::open(std::move(options));
    BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : to_sentence(opened.error())));
    centre = std::move(*opened);
  }
  void start() {
    const auto path = [&](const char* name) { return "'" + (folder.path() / name).string() + "'"; };
    const auto config = folder.path() / "hub.toml";
    std::ofstream{config} << "[node]\nname = 'hub'\nsimulated = true\n"
                          << "actors = ['eligibility_gateway', 'batch_scheduler', 'desks', 'monitor']\n"
                          << "[bus]\ntcp = false\n[data]\nfolder = " << path("journal") << "\nrun = " << path("run")
                          << "\n[folders]\nrequests = " << path("Req") << "\nresults = " << path("Res")
                          << "\nwork = " << path("work") << "\ninstitution = '" << institution
                          << "'\n[batch]\npoll_ms = 50\nrests = false\nby_hand = " << path("hand") << "\n";
    std::filesystem::remove(sockets / "bus");
    hub = std::make_unique<background>(
        std::vector<std::string>{program().string(), "serve", "--config", config.string()}, folder.path() / "hub.out");
    for (int n = 0; n < 1000 && !std::filesystem::exists(sockets / "bus"); ++n)
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    BOOST_REQUIRE_MESSAGE(std::filesystem::exists(sockets / "bus"), text_of(folder.path() / "hub.out"));
  }
  finished say(std::vector<std::string> words) const {
    words.insert(words.begin(), program().string());
    words.insert(words.end(), {"--run", sockets.string()});
    return run(words, 90);
  }
  /// A row of the usual layout: number, insurer, symbol, card_number, branch, birth_date, care, day, repeats.
  static std::string row_of(const std::string& number, const line::simulated_person& p, const std::string& care,
                            const std::string& day, const std::string& repeats) {
    const auto& i = p.insurances.front().seen;
    return number + "," + i.name + "," + i.insurer + "," + i.symbol + "," + i.number + "," + i.branch + "," +
           i.birth_date + "," + care + "," + day + ",\"" + repeats + "\"\n";
  }
  finished import(const std::string& rows) const {
    std::ofstream{folder.path() / "visits.toml"}
        << "[columns]\nnumber = '患者番号'\nname = '氏名'\ninsurer = '保険者番号'\nsymbol = '記号'\n"
           "card_number = '番号'\nbranch = '枝番'\nbirth_date = '生年月日'\ncare = '区分'\nday = '予約日'\n"
           "repeats = '曜日'\n[care]\n'訪問' = 'home_visit'\n'外来' = 'outpatient'\n";
    std::ofstream{folder.path() / "visits.csv"}
        << "\xEF\xBB\xBF患者番号,氏名,保険者番号,記号,番号,枝番,生年月日,区分,予約日,曜日\n"
        << rows;
    return say({"batch", "import", (folder.path() / "visits.csv").string(), "--mapping",
                (folder.path() / "visits.toml").string()});
  }
  std::vector<batch_status> batches() const {
    const auto list = tools::ask_hub(sockets, "batch_scheduler", list_batches{});
    BOOST_REQUIRE(list);
    return list->rows;
  }
  std::vector<change_row> changes() const {
    const auto list = tools::ask_hub(sockets, "batch_scheduler", list_changes{});
    BOOST_REQUIRE(list);
    return list->rows;
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

} // namespace

BOOST_FIXTURE_TEST_CASE(home_visits_as_the_quick_guide_has_them, clinic_at_night) {
  // 初回訪問時: 職員 opens the institution's address
  const auto url = say({"consent", "url", "--care", "home_visit"});
  BOOST_CHECK_MESSAGE(url.status == 0 && has(url.out, "https://simulated.invalid/home-visit/") && has(url.out, "▀"),
                      url.err + url.out);
  const auto picture = folder.path() / "address.svg";
  BOOST_CHECK_EQUAL(say({"consent", "url", "--out", picture.string()}).status, 0);
  BOOST_CHECK(has(text_of(picture), "<svg"));

  // The patient consented at home today; staff learn of it by asking: eligibility and reference number come with it
  const auto consented_at = batch_scheduler::text_of(batch_scheduler::day_of(now_ms())) + "000001";
  BOOST_REQUIRE(centre->change_person(at_home.card_name, [&](auto& p) { p.home_visit_consent = consented_at; }));
  const auto asked = say({"batch", "run", "--why", "web_consent", "--wait-s", "60"});
  BOOST_CHECK_MESSAGE(asked.status == 0, asked.err + asked.out);
  auto list = changes();
  const auto first = std::ranges::find(list, change_kind::consent_given, &change_row::what);
  BOOST_REQUIRE(first != list.end());
  const auto given = *first; // the list is read anew below
  BOOST_CHECK(has(given.name.reveal(), at_home.insurances.front().seen.name));

  // 2回目以降の訪問前: a standing visit, asked about together; meanwhile the ratio has changed
  const auto imported = import(row_of("K-77", at_home, "訪問", "", "sun,mon,tue,wed,thu,fri,sat") +
                               row_of("K-78", outpatient, "外来", "2026-02-30", "") + "K-79,x\n");
  BOOST_CHECK_EQUAL(imported.status, 3);
  BOOST_CHECK_MESSAGE(has(imported.err, "line 3:") && has(imported.err, "line 4:"), imported.err);
  BOOST_CHECK(has(imported.out, "取り込めない行 2 件"));
  BOOST_REQUIRE(centre->change_person(at_home.card_name, [](auto& p) {
    p.insurances.front().full.burden_ratio = p.insurances.front().full.burden_ratio == "020" ? "030" : "020";
  }));
  const auto plan = say({"batch", "plan"});
  BOOST_CHECK_MESSAGE(has(plan.out, "K-77") && has(plan.out, "定期訪問") && has(plan.out, "1 件を照会する予定"),
                      plan.out);
  BOOST_CHECK_EQUAL(say({"batch", "run", "--wait-s", "60"}).status, 0);
  list = changes();
  const auto ratio = std::ranges::find(list, change_kind::burden_ratio, &change_row::what);
  BOOST_REQUIRE(ratio != list.end());
  BOOST_CHECK_EQUAL(ratio->patient.text(), given.patient.text()); // the same person, found by the card's number
  const auto csv = say({"batch", "changes", "--csv"});
  BOOST_CHECK(has(csv.out, "\"負担割合\"") && has(csv.out, ratio->change.text()));
  BOOST_CHECK_EQUAL(say({"batch", "changes", "--accept", ratio->change.text()}).status, 0);
  BOOST_CHECK(has(say({"batch", "visits", "--day", next_day()}).out, "変更"));
  BOOST_CHECK(has(say({"batch", "run", "--wait-s", "60"}).out, "今夜照会済み 1 件")); // nobody twice in a night

  // 継続的な訪問診療等の終了時: 同意取消照会 → the person → 取消
  const auto& seen = at_home.insurances.front().seen;
  const auto found =
      say({"consent", "find", "--insurer", seen.insurer, "--number", seen.number, "--birth", seen.birth_date});
  BOOST_CHECK_MESSAGE(found.status == 0 && has(found.out, given.patient.text()), found.err + found.out);
  const auto end = say({"consent", "withdraw", "--number", seen.number, "--birth", seen.birth_date, "--yes"});
  BOOST_CHECK_MESSAGE(end.status == 0 && has(end.out, "取り消しました"), end.err + end.out);
  BOOST_CHECK_EQUAL(say({"consent", "find", "--number", seen.number}).status, 3); // viewing is closed

  hub.reset(); // kill -9
  start();
  BOOST_CHECK_EQUAL(changes().size(), list.size());
  BOOST_CHECK(std::ranges::all_of(batches(), [](const auto& b) { return b.now == batch_state::listed; }));
}

BOOST_FIXTURE_TEST_CASE(a_request_is_saved_uploaded_by_hand_and_its_result_taken, clinic_at_night) {
  BOOST_REQUIRE_EQUAL(import(row_of("K-1", outpatient, "外来", next_day(), "")).status, 0);
  const auto sent = say({"batch", "send", "--by-hand"});
  BOOST_REQUIRE_MESSAGE(sent.status == 0, sent.err);
  for (int n = 0; n < 500 && batches().front().now != batch_state::saved; ++n)
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  const auto batch = batches().front();
  BOOST_REQUIRE(batch.now == batch_state::saved);

  // Staff upload the file in the browser, and download the result
  const auto names = line::facts::usual();
  const auto accepted =
      centre->handle(names->path_of({line::function::bulk_eligibility, 1}), institution, text_of(hand / batch.file));
  BOOST_REQUIRE_EQUAL(accepted.status, 200);
  const auto at = accepted.xml.find("<ReceptionNumber>") + 17;
  const auto number = accepted.xml.substr(at, accepted.xml.find('<', at) - at);
  line::wire::collection wanted;
  wanted.header.institution = institution;
  wanted.reception_number = number;
  const auto asking = line::write_message(wanted, *names);
  const auto result = centre->handle(names->path_of({line::function::bulk_eligibility, 2}), institution, asking);
  BOOST_REQUIRE_EQUAL(result.status, 200);
  std::ofstream{hand / "download.xml", std::ios::binary} << result.xml;
  const auto taken = say({"batch", "collect", batch.batch.text(), "--file", "download.xml"});
  BOOST_CHECK_MESSAGE(taken.status == 0 && has(taken.out, "回答 1"), taken.err + taken.out);
  BOOST_CHECK(batches().front().now == batch_state::listed);

  const auto wrong = say({"batch", "collect", batch.batch.text(), "--file", "none.xml"});
  BOOST_CHECK_MESSAGE(wrong.status == 1 && has(wrong.err, "does not fit"), wrong.err);
  BOOST_CHECK_EQUAL(say({"batch", "settle", batch.batch.text()}).status, 1);
  BOOST_CHECK_EQUAL(say({"batch", "send", "--why", "tomorrow"}).status, 1);
}
