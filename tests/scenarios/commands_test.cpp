// Commands that a person types, against a hub that runs: each finds the hub's door and comes back with an answer.
#include "tests/test.hpp"

#include "tests/scenarios/support_accounts.hpp"

#include <sys/stat.h>

#include <fstream>

using namespace scenarios;

BOOST_AUTO_TEST_CASE(a_document_typed_at_reception_is_asked_about_and_answered) {
  const temporary_folder folder;
  auto clinic = tools::clinic::open(small_clinic(folder.path()));
  BOOST_REQUIRE_MESSAGE(clinic, (clinic ? "" : messages::to_sentence(clinic.error())));
  const auto sockets = (*clinic)->run_folder().string(), token = (folder.path() / "token").string();
  const auto& staff = (*clinic)->accounts().general;
  const std::vector<std::string> question{"ask",      "--run", sockets,   "--insurer", "999901",  "--symbol",   "見本12",
                                          "--number", "3456",  "--branch", "02",        "--birth", "19840229", "--care",
                                          "outpatient"};
  const auto nobody = typed("", question);
  BOOST_TEST(nobody.status == 1);
  BOOST_TEST(nobody.err.find("--as") != std::string::npos, nobody.err); // the remedy is named
  const auto in = typed(staff.password, {"account", "sign-in", "--run", sockets, "--as", "Staff01", "--token", token});
  BOOST_TEST(in.status == 0, in.err);
  struct stat about {};
  BOOST_TEST((::stat(token.c_str(), &about) == 0 && (about.st_mode & 0777) == 0600));
  const auto as_staff = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--run", sockets, "--token", token});
    return typed("", words);
  };
  const auto asked = typed(staff.password, [&] {
    auto words = question;
    words.insert(words.end(), {"--as", "Staff01"});
    return words;
  }());
  BOOST_TEST(asked.status == 0, asked.err);
  BOOST_TEST(asked.out.find("見本　花子") != std::string::npos, asked.out);
  const auto waiting = as_staff({"ask", "--waiting", "--json"});
  BOOST_TEST(waiting.out == "{\"line_up\":true,\"rows\":[]}\n", waiting.out << waiting.err);
  BOOST_TEST(as_staff({"reference", "list"}).status == 0);
  BOOST_TEST(as_staff({"account", "search"}).status == 1); // an account for reception administers nobody
  ::chmod(token.c_str(), 0644);
  BOOST_TEST(as_staff({"reference", "list"}).status == 1); // others could have read it
  ::chmod(token.c_str(), 0600);
  const auto kept = text_of(token);
  BOOST_TEST(as_staff({"account", "sign-out"}).status == 0);
  BOOST_TEST(!std::filesystem::exists(token));
  std::ofstream{token} << kept;
  ::chmod(token.c_str(), 0600);
  BOOST_TEST(as_staff({"reference", "list"}).status == 1); // a token replayed
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
