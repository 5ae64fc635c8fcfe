// Commands that a person types, against a hub that runs: each finds the hub's door and comes back with an answer.
#include "tests/test.hpp"

#include "storage/key_folder.hpp"
#include "tests/scenarios/support.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

using namespace scenarios;

namespace {

/// The program with @p words, and @p typed on its standard input.
finished typed(const std::string& input, std::vector<std::string> words) {
  std::vector<std::string> all{"bash", "-c", R"(printf '%s' "$1" | "${@:2}")", "typed", input, program().string()};
  all.insert(all.end(), words.begin(), words.end());
  return run(all);
}

/// The last word of the first line that names @p account.
std::string secret_of(const std::string& said, const std::string& account) {
  const auto at = said.find(account);
  BOOST_REQUIRE_MESSAGE(at != std::string::npos, said);
  const auto end = said.find('\n', at);
  const auto line = said.substr(at, end - at);
  return line.substr(line.rfind(' ') + 1);
}

/// A stopped hub's folder with its master account, then the hub at work.
struct hub_with_accounts {
  temporary_folder folder;
  std::filesystem::path data = folder.path() / "journal", sockets = folder.path() / "run";
  std::string initial;
  std::unique_ptr<background> hub;

  hub_with_accounts() {
    BOOST_REQUIRE(storage::make_key_folder(storage::default_key_folder(data)).has_value());
    const auto made = run({program().string(), "account", "init", "--data", data.string()});
    BOOST_REQUIRE_MESSAGE(made.status == 0, made.err);
    initial = secret_of(made.out, "Master01");
    const auto config = folder.path() / "hub.toml";
    std::ofstream{config} << "[node]\nname = 'hub'\nactors = ['account_admin', 'desks', 'monitor']\n[data]\nfolder = '"
                          << data.string() << "'\nrun = '" << sockets.string() << "'\n";
    hub = std::make_unique<background>(
        std::vector<std::string>{program().string(), "serve", "--config", config.string()}, folder.path() / "hub.out");
    for (int n = 0; n < 500 && !std::filesystem::exists(sockets / "bus"); ++n)
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  finished account(const std::string& input, std::vector<std::string> words) const {
    words.insert(words.begin(), "account");
    words.insert(words.end(), {"--run", sockets.string()});
    return typed(input, words);
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_document_typed_at_reception_is_asked_about_and_answered) {
  const temporary_folder folder;
  auto clinic = tools::clinic::open(small_clinic(folder.path()));
  BOOST_REQUIRE_MESSAGE(clinic, (clinic ? "" : messages::to_sentence(clinic.error())));
  const auto sockets = (*clinic)->run_folder().string();
  const auto asked = run({program().string(), "ask", "--run", sockets, "--insurer", "999901", "--symbol", "見本12",
                          "--number", "3456", "--branch", "02", "--birth", "19840229", "--care", "outpatient"});
  BOOST_TEST(asked.status == 0, asked.err);
  BOOST_TEST(asked.out.find("見本　花子") != std::string::npos, asked.out);
  const auto waiting = run({program().string(), "ask", "--run", sockets, "--waiting", "--json"});
  BOOST_TEST(waiting.out == "{\"line_up\":true,\"rows\":[]}\n", waiting.out << waiting.err);
  BOOST_TEST(run({program().string(), "reference", "--run", sockets, "list"}).status == 0);
}

BOOST_FIXTURE_TEST_CASE(the_master_changes_the_initial_password_and_gives_accounts_to_others, hub_with_accounts) {
  const std::string chosen = "sakura-no-ki-2026";
  const auto too_early = account(initial, {"register", "suzuki01", "--as", "Master01", "--kind", "administration"});
  BOOST_TEST(too_early.status == 1); // an initial password opens nothing but its own change
  const auto changed = account(initial + "\n" + chosen, {"password", "--as", "Master01"});
  BOOST_TEST(changed.status == 0, changed.err);
  const auto registered = account(chosen, {"register", "suzuki01", "--as", "Master01", "--kind", "administration"});
  BOOST_TEST(registered.status == 0, registered.err);
  const auto received = account(chosen, {"receive", "suzuki01", "--as", "Master01"});
  BOOST_TEST(received.status == 0, received.err);
  const auto first = secret_of(received.out, "suzuki01");
  BOOST_TEST(account(first + "\nanother-long-one-7", {"password", "--as", "suzuki01"}).status == 0);
  // What he may not: administration makes no administration.
  const auto refused =
      account("another-long-one-7", {"register", "tanaka01", "--as", "suzuki01", "--kind", "administration"});
  BOOST_TEST(refused.status == 1);
  const auto unknown = account(chosen, {"search", "--as", "nobody99"});
  const auto wrong = account("no", {"search", "--as", "Master01"});
  BOOST_TEST((unknown.status == 1 && wrong.status == 1 && unknown.err == wrong.err), unknown.err << wrong.err);
  hub.reset();
  for (const auto& e : std::filesystem::recursive_directory_iterator(folder.path()))
    if (e.is_regular_file()) {
      const auto text = text_of(e.path());
      for (const auto& secret : {initial, chosen, first})
        BOOST_TEST(text.find(secret) == std::string::npos, e.path() << " holds a password");
    }
}
