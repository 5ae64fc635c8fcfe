// A played clinic backed up, stopped and running, and brought back: the same to the audit and to whoever watches, and
// nothing of a patient who was forgotten.
#include "tests/test.hpp"

#include "storage/key_folder.hpp"
#include "tests/scenarios/support_visit.hpp"
#include "tools/backups.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <fstream>
#include <functional>
#include <optional>
#include <thread>

using namespace scenarios;

namespace fs = std::filesystem;

namespace {

nlohmann::json json_of(const finished& done) {
  BOOST_REQUIRE_MESSAGE(done.status == 0, done.err);
  return nlohmann::json::parse(done.out);
}

struct backed_up_clinic : after_a_visit {
  fs::path backups = folder.path() / "backups", back = folder.path() / "restored";
  std::string keys = storage::default_key_folder(data).string();

  finished back_up() const { return uketsuke({"backup", "--to", backups.string(), "--json"}); }
  finished restore(const fs::path& into, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{program().string(), "restore", "--from", backups.string(), "--data",
                                   into.string(),      "--keys",  keys,     "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  /// A reading command on the journal in @p where.
  std::string said_of(const fs::path& where, std::vector<std::string> words) const {
    words.insert(words.begin(), program().string());
    words.insert(words.end(), {"--data", where.string(), "--keys", keys});
    const auto done = run(words);
    BOOST_TEST(done.status == 0, done.err);
    return done.out;
  }
};

/// Waits until it holds, as long as a busy machine may need.
bool soon(const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return true;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_backup_brought_back_says_the_same_to_the_audit_and_to_whoever_watches, backed_up_clinic) {
  const auto audited = said_of(data, {"audit", "verify", "--json"});
  const auto rebuilt = said_of(data, {"audit", "rebuild", "--json"});
  const auto done = back_up();
  BOOST_TEST(done.err.find("keep a copy elsewhere") != std::string::npos, done.err); // of the key, made now
  BOOST_TEST(done.err.find("copied") != std::string::npos, done.err);
  BOOST_TEST(done.err.find("verified") != std::string::npos, done.err);
  const auto made = json_of(done);
  BOOST_TEST(made["fresh_bytes"] == made["bytes"]);
  BOOST_TEST(!fs::exists(folder.path() / "journal.backing-up"));
  const auto restored = json_of(restore(back));
  BOOST_TEST(restored["index"] == made["index"]);
  BOOST_TEST(restored["epoch"].get<std::uint64_t>() > made["epoch"].get<std::uint64_t>());

  auto seen = lines_of(said_of(data, {"watch", "--json"}));
  BOOST_TEST_REQUIRE(seen.size() == made["index"].get<std::size_t>() + 1); // the journal tells of its backup
  BOOST_TEST(seen.back().find("\"topic\":\"journal.backup_made\"") != std::string::npos, seen.back());
  seen.pop_back();
  BOOST_TEST(lines_of(said_of(back, {"watch", "--json"})) == seen, boost::test_tools::per_element());
  BOOST_TEST(audited.find("\"faults\":0") != std::string::npos, audited);
  BOOST_TEST(said_of(back, {"audit", "verify", "--json"}) == audited);
  BOOST_TEST(said_of(back, {"audit", "rebuild", "--json"}) == rebuilt);
  const auto still = said_of(data, {"audit", "verify", "--json"}); // but for that event the journal is as it was
  BOOST_TEST(still.find("\"faults\":0") != std::string::npos, still);

  const auto other = json_of(restore(folder.path() / "other"));
  BOOST_TEST(other["epoch"] != restored["epoch"]); // they go different ways from here
}

BOOST_FIXTURE_TEST_CASE(a_second_backup_copies_less_and_an_existing_folder_is_not_restored_onto, backed_up_clinic) {
  const auto first = json_of(back_up());
  const auto done = back_up();
  const auto second = json_of(done);
  BOOST_TEST(done.err.find("keep a copy elsewhere") == std::string::npos, done.err);
  BOOST_TEST(second["number"] == 2);
  BOOST_TEST(second["fresh_bytes"].get<std::uint64_t>() < first["fresh_bytes"].get<std::uint64_t>());
  const auto listed = restore(back, {"--list"});
  BOOST_TEST(lines_of(listed.out).size() == 2u, listed.out);
  BOOST_TEST(!fs::exists(back)); // only told

  const auto seen = said_of(data, {"watch", "--json"});
  const auto refused = restore(data);
  BOOST_TEST(refused.status == 1);
  BOOST_TEST(refused.err.find("journal is not empty: restore into a new folder, then move it into place") !=
                 std::string::npos,
             refused.err);
  BOOST_TEST(said_of(data, {"watch", "--json"}) == seen);
  BOOST_TEST(json_of(restore(back, {"--number", "1"}))["number"] == 1);
  const auto absent = restore(folder.path() / "other", {"--number", "7"});
  BOOST_TEST(absent.status == 1);
  const auto within = uketsuke({"backup", "--to", (data / "backups").string()});
  BOOST_TEST(within.status == 1);
  BOOST_TEST(within.err.find("inside the data folder") != std::string::npos, within.err);
  const auto nothing = run({program().string(), "backup", "--to", backups.string(), "--data",
                            (folder.path() / "none").string(), "--keys", keys});
  BOOST_TEST(nothing.status == 1);
  BOOST_TEST(!fs::exists(folder.path() / "none")); // no new journal is begun
}

BOOST_FIXTURE_TEST_CASE(a_forgotten_patient_is_read_from_no_backup_with_the_keys_that_remain, backed_up_clinic) {
  const auto clear = said_of(data, {"watch", "--json", "--topic", "eligibility.answered"});
  BOOST_TEST(clear.find("見本") != std::string::npos, clear);
  json_of(back_up());
  BOOST_REQUIRE(restore(folder.path() / "before").status == 0);
  BOOST_TEST(said_of(folder.path() / "before", {"watch", "--json", "--topic", "eligibility.answered"}) == clear);

  const auto forgotten = uketsuke({"keys", "forget", "--patient", patient().text(), "--yes"});
  BOOST_REQUIRE_MESSAGE(forgotten.status == 0, forgotten.err);
  const auto restored = restore(back);
  BOOST_TEST(restored.status == 0, restored.err);
  const auto now = said_of(back, {"watch", "--json"});
  BOOST_TEST(now.find("見本") == std::string::npos);
  BOOST_TEST(now.find("{\"forgotten\":true}") != std::string::npos, now);
  BOOST_TEST(now.find("journal.patient_forgotten") != std::string::npos, now); // it says why, in its own journal
  const auto audited = said_of(back, {"audit", "verify", "--json"});
  BOOST_TEST(audited.find("\"faults\":0") != std::string::npos, audited);
}

BOOST_FIXTURE_TEST_CASE(a_running_hub_backs_itself_up_as_its_configuration_says, backed_up_clinic) {
  const auto before = lines_of(said_of(data, {"watch", "--json"})).size();
  auto options = small_clinic(folder.path());
  options.patience = "[backup]\nfolder = '" + backups.string() + "'\nevery_hours = 1\nkeep = 3\n";
  auto clinic = tools::clinic::open(options);
  BOOST_REQUIRE_MESSAGE(clinic, (clinic ? "" : messages::to_sentence(clinic.error())));
  BOOST_REQUIRE(soon([&] { return fs::exists(backups / "backups" / "1"); })); // at its start: none was there
  const auto story = folder.path() / "second.story";
  std::ofstream{story} << "desk-1: see place_card\ndesk-1: place SIM000000000001\ndesk-1: see choose_method\n"
                          "desk-1: lift\ndesk-1: see place_card\n";
  std::ostringstream said;
  const auto played = tools::play_story(**clinic, story, said);
  BOOST_REQUIRE_MESSAGE(played, said.str() + (played ? "" : messages::to_sentence(played.error())));
  const auto locked = back_up();
  BOOST_TEST(locked.status == 1);
  BOOST_TEST(locked.err.find("in use by another uketsuke") != std::string::npos, locked.err);
  (*clinic)->close();

  const auto count = json_of(restore(back))["index"].get<std::size_t>();
  const auto told = said_of(data, {"watch", "--json", "--topic", "journal.backup_"});
  BOOST_TEST(told.find("\"topic\":\"journal.backup_made\"") != std::string::npos, told);
  auto seen = lines_of(said_of(data, {"watch", "--json"}));
  BOOST_TEST(count >= before);
  BOOST_TEST_REQUIRE(seen.size() > count); // it went on while it was backed up
  seen.resize(count);
  BOOST_TEST(lines_of(said_of(back, {"watch", "--json"})) == seen, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(whoever_watches_a_hub_that_was_brought_back_discards_and_starts_from_one, backed_up_clinic) {
  json_of(back_up());
  const auto watching = [&](const fs::path& run_folder, std::vector<std::string> more) {
    std::vector<std::string> words{program().string(), "watch", "--run", run_folder.string(), "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  const auto files = folder.path() / "seen";
  fs::create_directories(files);
  std::optional<background> live, late; // late: asked for more than the journal ever had
  {
    const auto clinic = tools::clinic::open(small_clinic(folder.path()));
    BOOST_REQUIRE_MESSAGE(clinic, (clinic ? "" : messages::to_sentence(clinic.error())));
    const auto run_folder = (*clinic)->run_folder();
    live.emplace(watching(run_folder, {}), files / "live");
    late.emplace(watching(run_folder, {"--from", "100000"}), files / "late");
    const auto before = lines_of(run(watching(run_folder, {"--until-head"})).out);
    BOOST_REQUIRE(soon([&] { return lines_of(text_of(files / "live")).size() >= before.size(); }));
    (*clinic)->close();
  }
  // The backup in the place of the journal: it ends before what the watchers have seen.
  BOOST_REQUIRE(restore(back).status == 0);
  fs::remove_all(data);
  fs::rename(back, data);
  const auto clinic = tools::clinic::open(small_clinic(folder.path()));
  BOOST_REQUIRE_MESSAGE(clinic, (clinic ? "" : messages::to_sentence(clinic.error())));
  const auto whole = [&] { return lines_of(run(watching((*clinic)->run_folder(), {"--until-head"})).out); };
  const auto ends_with_it = [&](const char* name) {
    const auto expected = whole();
    auto seen = lines_of(text_of(files / name));
    if (seen.size() < expected.size()) return false;
    seen.erase(seen.begin(), seen.end() - static_cast<std::ptrdiff_t>(expected.size()));
    return seen == expected;
  };
  BOOST_TEST(soon([&] { return ends_with_it("live"); }));
  BOOST_TEST(soon([&] { return ends_with_it("late"); }));
  const auto first = lines_of(text_of(files / "late")).front(); // nothing of the journal before
  BOOST_TEST(first.find("\"index\":1,") != std::string::npos, first);
  (*clinic)->close();
}

BOOST_AUTO_TEST_CASE(the_next_backup_is_due_one_span_after_the_newest_and_at_once_without_one) {
  constexpr std::uint64_t hour = 3'600'000, now = 1'700'000'000'000;
  BOOST_TEST(tools::next_backup_ms(std::nullopt, hour, now) == now);
  BOOST_TEST(tools::next_backup_ms(now - hour / 2, hour, now) == now + hour / 2);
  BOOST_TEST(tools::next_backup_ms(now - 30 * hour, hour, now) == now - 29 * hour); // missed: made up for at once
  BOOST_TEST(tools::next_backup_ms(now + 9 * hour, hour, now) == now);              // made under a wrong clock
}
