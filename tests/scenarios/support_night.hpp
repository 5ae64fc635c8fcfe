// A hub without accounts on the folders of 連携アプリ, the simulated centre in the test's own process: what is asked before
// patients come, and what they do at home meanwhile.
#pragma once

#include "tests/test.hpp"

#include "actors/batch_scheduler/calendar.hpp"
#include "drivers/card/card_authority.hpp"
#include "drivers/card/digest.hpp"
#include "drivers/clock/port.hpp"
#include "drivers/line/centre.hpp"
#include "drivers/line/link_application.hpp"
#include "messages/registry.hpp"
#include "storage/key_folder.hpp"
#include "tests/scenarios/support.hpp"
#include "tools/hub_client.hpp"

#include <chrono>
#include <fstream>
#include <memory>
#include <random>
#include <thread>

namespace scenarios {

using namespace messages;
namespace line = drivers::line;

inline constexpr auto institution = "1319999999";

inline std::uint64_t now_ms() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
}
/// The day that is asked about this evening.
inline std::string next_day() {
  return batch_scheduler::text_of(batch_scheduler::night_of(now_ms()) + std::chrono::days{1});
}

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
    open_link();
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
  void open_link() {
    line::link_options options;
    options.requests = folder.path() / "Req";
    options.results = folder.path() / "Res";
    options.faces = folder.path() / "Face";
    options.work = folder.path() / "link";
    options.institution = institution;
    options.look_ms = 20;
    link = std::make_unique<line::link_application>(options, *centre);
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
  /// What a patient does at the address @p url with their card and PIN; without @p choices they end their consent.
  line::centre::web_outcome register_at(const std::string& url, const line::simulated_person& p,
                                        const std::optional<line::web_choices>& choices,
                                        const std::string& day = {}) const {
    const auto token = url.substr(url.rfind("at=") + 3);
    const auto place = centre->web_place_of(token);
    if (!place) return line::centre::web_outcome::unknown_address;
    const auto cards =
        drivers::card::card_authority::open(folder.path() / "cards", static_cast<std::int64_t>(now_ms() / 1000));
    const auto own = cards->issue(p.card_name);
    const auto challenge = centre->challenge_card_at_home(*place);
    BOOST_REQUIRE(own && challenge);
    // DigestInfo of SHA-256 (RFC 8017, 9.2), as it is sent to a card
    bytes info{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
               0x04, 0x20};
    const auto digest = drivers::card::sha256(challenge->value);
    info.insert(info.end(), digest.begin(), digest.end());
    return centre->register_at_home(token, {challenge->id, own->certificate, own->key(info)}, choices, day).is;
  }
  /// The address that `consent url` prints last.
  std::string address_of(const std::string& care, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"consent", "url", "--care", care};
    words.insert(words.end(), more.begin(), more.end());
    const auto said = say(words);
    BOOST_REQUIRE_MESSAGE(said.status == 0, said.err);
    const auto at = said.out.rfind("http");
    BOOST_REQUIRE(at != std::string::npos);
    return said.out.substr(at, said.out.find('\n', at) - at);
  }
  finished import(const std::string& rows) const {
    std::ofstream{folder.path() / "visits.toml"}
        << "[columns]\nnumber = '患者番号'\nname = '氏名'\ninsurer = '保険者番号'\nsymbol = '記号'\n"
           "card_number = '番号'\nbranch = '枝番'\nbirth_date = '生年月日'\ncare = '区分'\nday = '予約日'\n"
           "repeats = '曜日'\n[care]\n'訪問' = 'home_visit'\n'外来' = 'outpatient'\n'オンライン' = 'online'\n";
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

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

} // namespace scenarios
