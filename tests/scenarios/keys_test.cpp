// A whole clinic's journal after its day: audited, asked who did what, one patient forgotten, the other read as before.
#include "tests/test.hpp"

#include "tests/scenarios/support_visit.hpp"
#include "tools/time_text.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

using namespace scenarios;

BOOST_FIXTURE_TEST_CASE(a_clinics_journal_passes_its_audit_and_its_views_follow, after_a_visit) {
  const auto verified = uketsuke({"audit", "verify", "--json"});
  BOOST_TEST(verified.status == 0, verified.err);
  BOOST_TEST(verified.out.find("\"faults\":0") != std::string::npos, verified.out);
  const auto rebuilt = uketsuke({"audit", "rebuild"});
  BOOST_TEST(rebuilt.status == 0, rebuilt.err);
}

BOOST_FIXTURE_TEST_CASE(who_saw_or_did_what_is_answered_by_patient_desk_and_time, after_a_visit) {
  const auto who = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"audit", "who"});
    return uketsuke(words);
  };
  const auto of_patient = who({"--patient", patient().text(), "--csv"});
  BOOST_TEST(of_patient.status == 0, of_patient.err);
  BOOST_TEST(of_patient.out.starts_with("index,time_jst,topic,desk,account,patient,checkin,details\n"), of_patient.out);
  BOOST_TEST(of_patient.out.find("eligibility.answered") != std::string::npos, of_patient.out);
  BOOST_TEST(of_patient.out.find("checkin.ended") != std::string::npos, of_patient.out); // it names no patient itself
  BOOST_TEST(of_patient.out.find("desk.opened") == std::string::npos, of_patient.out);

  std::istringstream lines(who({"--desk", "desk-2", "--json"}).out);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto deed = nlohmann::json::parse(line);
    BOOST_TEST(deed["desk"] == "desk-2");
    BOOST_TEST(deed["time_jst"].get<std::string>() == tools::time_text(deed["time_ms"].get<std::uint64_t>()));
  }
  BOOST_TEST(count > 3u);
  const auto table = who({});
  BOOST_TEST(table.out.starts_with("time (JST)"), table.out);
  BOOST_TEST(table.out.find("見本") == std::string::npos); // nobody's name: no key is used

  const auto nobody = who({"--to", "2020-01-01"});
  BOOST_TEST(nobody.out.empty(), nobody.out);
  BOOST_TEST(nobody.err.find("no entry of") != std::string::npos, nobody.err);
  for (const auto& wrong : std::vector<std::vector<std::string>>{{"--from", "yesterday"},
                                                                 {"--from", "2026-02-30"},
                                                                 {"--to", "2026-11-22T99:00"},
                                                                 {"--from", "2026-11-23", "--to", "2026-11-22"},
                                                                 {"--patient", "hanako"},
                                                                 {"--account", "no such thing"}}) {
    const auto refused = who(wrong);
    BOOST_TEST(refused.status == 1, refused.out);
    BOOST_TEST(refused.err.find(wrong.at(wrong.size() - 2)) != std::string::npos, refused.err); // the option
    BOOST_TEST(refused.err.find(wrong.back()) != std::string::npos, refused.err);               // and what it was given
  }
}

BOOST_AUTO_TEST_CASE(a_hub_whose_keys_are_locked_serves_with_the_passphrase_and_not_without) {
  const temporary_folder folder;
  const auto keys = (folder.path() / "keys").string(), data = (folder.path() / "journal").string();
  const auto file_with = [&](const char* name, const char* text) {
    const auto file = folder.path() / name;
    std::ofstream(file) << text << '\n';
    std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    return file.string();
  };
  const auto right = file_with("right", "correct horse battery"), wrong = file_with("wrong", "an other animal");
  const auto made = run({program().string(), "keys", "make", "--keys", keys, "--passphrase-file", right});
  BOOST_REQUIRE_MESSAGE(made.status == 0, made.err);
  const auto serving = [&](const std::string& passphrase) -> std::vector<std::string> {
    const auto config = folder.path() / "node.toml";
    std::ofstream(config) << "[node]\nname = 'hub'\nsimulated = true\nactors = ['desks', 'monitor']\n[data]\nfolder = '"
                          << data << "'\nkeys_dir = '" << keys << "'\nrun = '" << (folder.path() / "run").string()
                          << "'\n" << passphrase << "[bus]\nport_base = 0\n";
    return {program().string(), "serve", "--config", config.string()};
  };
  const auto without = run(serving(""), 20);
  BOOST_TEST(without.status == 1);
  BOOST_TEST(without.err.find("its passphrase is needed") != std::string::npos, without.err);
  const auto mistaken = run(serving("passphrase_file = '" + wrong + "'\n"), 20);
  BOOST_TEST(mistaken.status == 1);
  BOOST_TEST(mistaken.err.find("this is not its passphrase") != std::string::npos, mistaken.err);
  {
    background hub(serving("passphrase_file = '" + right + "'\n"), folder.path() / "hub.out");
    const auto ports = std::filesystem::path{data} / "ports.json";
    for (int n = 0; n < 3000 && !std::filesystem::exists(ports); ++n)
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    BOOST_REQUIRE(std::filesystem::exists(ports));
    ::kill(hub.pid(), SIGTERM);
    BOOST_TEST(hub.join(20) == 0);
  }
  const auto verify = [&](const std::string& passphrase) {
    return run({program().string(), "audit", "verify", "--data", data, "--keys", keys, "--passphrase-file",
                passphrase});
  };
  BOOST_TEST(verify(right).status == 0, verify(right).err);
  BOOST_TEST(verify(wrong).status == 1);
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder.path()))
    if (file.is_regular_file() && file.path() != right)
      BOOST_TEST(text_of(file.path()).find("correct horse battery") == std::string::npos, file.path());
}

BOOST_FIXTURE_TEST_CASE(a_patient_is_forgotten_by_command_and_reads_as_forgotten, after_a_visit) {
  const auto handle = patient().text();
  const auto unasked = uketsuke({"keys", "forget", "--patient", handle});
  BOOST_TEST(unasked.status == 1); // says what it would destroy, and does nothing
  BOOST_TEST(unasked.err.find("will destroy") != std::string::npos, unasked.err);
  const auto done = uketsuke({"keys", "forget", "--patient", handle, "--yes"});
  BOOST_TEST(done.status == 0, done.err);
  BOOST_TEST(done.out.find("no longer open") != std::string::npos, done.out);
  const auto seen = uketsuke({"watch", "--json", "--topic", "eligibility.answered"});
  BOOST_TEST(seen.out.find("{\"forgotten\":true}") != std::string::npos, seen.out);
  const auto verified = uketsuke({"audit", "verify"});
  BOOST_TEST(verified.status == 0, verified.err);
  const auto rebuilt = uketsuke({"audit", "rebuild"});
  BOOST_TEST(rebuilt.status == 0, rebuilt.err);
}
