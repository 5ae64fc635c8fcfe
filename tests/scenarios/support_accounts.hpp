// A hub with accounts, and the program with something typed at it.
#pragma once

#include "storage/key_folder.hpp"
#include "tests/scenarios/support.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <fstream>
#include <thread>

namespace scenarios {

/// The program with @p words, and @p typed on its standard input.
inline finished typed(const std::string& input, std::vector<std::string> words) {
  std::vector<std::string> all{"bash", "-c", R"(printf '%s' "$1" | "${@:2}")", "typed", input, program().string()};
  all.insert(all.end(), words.begin(), words.end());
  return run(all);
}

/// The last word of the first line that names @p account.
inline std::string secret_of(const std::string& said, const std::string& account) {
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
    start();
  }
  void start() {
    std::filesystem::remove(sockets / "bus");
    hub = std::make_unique<background>(
        std::vector<std::string>{program().string(), "serve", "--config", (folder.path() / "hub.toml").string()},
        folder.path() / "hub.out");
    for (int n = 0; n < 500 && !std::filesystem::exists(sockets / "bus"); ++n)
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  finished account(const std::string& input, std::vector<std::string> words) const {
    words.insert(words.begin(), "account");
    words.insert(words.end(), {"--run", sockets.string()});
    return typed(input, words);
  }
};

} // namespace scenarios
