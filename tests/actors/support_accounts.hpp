// A house with accounts, as the shell of account_admin carries its ledger out; passwords are judged in plain words.
#pragma once

#include "tests/actors/support.hpp"

#include "actors/account_admin/ledger.hpp"

namespace actors_test {

using namespace account_admin;

/// SIMULATED: what drivers/secrets does. A verifier is the password, marked and bound to its account.
inline bytes verifier_of(const std::string& account, const std::string& password) {
  const auto text = "SIMULATED " + account + " " + password;
  return {text.begin(), text.end()};
}
inline hash_outcome judged(const hash_job& job) {
  hash_outcome out;
  out.right = job.judges && job.verifier == verifier_of(job.account, job.password.reveal());
  if (!job.code.empty()) out.code_step = static_cast<std::uint64_t>(std::stoi(job.code));
  if (!job.judges || out.right)
    for (const auto& [account, password] : job.make)
      out.made.push_back(verifier_of(account, password.reveal()));
  return out;
}

struct house {
  explicit house(std::vector<account_record> known = {}, bool first_start = true)
      : book(std::move(known), {},
             {counting_ids(), [this] { return credential{"Shown-" + std::to_string(++shown)}; },
              [this] { return credential{"Secret-" + std::to_string(++shown)}; }, [] { return bytes{7, 7}; },
              [](const std::string& account, const bytes&) { return credential{"CODE-" + account}; }},
             first_start) {}

  /// One command with all that follows from it, as the shell carries it out.
  template <class M> decision say(const M& m, const std::string& account = {}, const std::string& from = "screen@hub") {
    auto command = command_of(from, m, now_ms);
    command.account = account;
    auto out = book.on_command(command, now_ms);
    if (out.jobs.empty()) return out;
    BOOST_REQUIRE(out.journal.empty() && out.replies.empty()); // nothing is said before it is judged
    const auto job = out.jobs.front();
    return book.on_hashed(job.number, judged(job), now_ms);
  }
  result<session_opened> enter(const std::string& account, const std::string& password,
                               const std::string& from = "screen@hub", const std::string& code = {}) {
    return reply_in<session_opened>(say(sign_in{account, credential{password}, code, {}, false}, {}, from));
  }
  std::string password_for(const std::string& account, const std::string& by) {
    const auto shown_once = reply_in<initial_password>(say(receive_password{account}, by));
    BOOST_REQUIRE(shown_once);
    return shown_once->password.reveal();
  }
  /// Registers, receives, signs in and changes the password to GOOD.
  void settle(const std::string& account, account_kind kind, const std::string& by) {
    BOOST_REQUIRE(was_done(say(register_account{account, kind}, by)));
    const auto initial = password_for(account, by);
    BOOST_REQUIRE(enter(account, initial)->password_to_change);
    BOOST_REQUIRE(was_done(say(change_password{credential{initial}, credential{good}}, account)));
  }
  void begin() {
    const auto made = reply_in<master_secrets>(say(init_accounts{"Master01", "Reset01"}));
    BOOST_REQUIRE(made);
    secret = made->reset_secret.reveal();
    BOOST_REQUIRE(enter("Master01", made->password.reveal()));
    BOOST_REQUIRE(was_done(say(change_password{made->password, credential{good}}, "Master01")));
    settle("Kanri01", account_kind::administration, "Master01");
    settle("Staff01", account_kind::general, "Kanri01");
  }

  static constexpr auto good = "gohan to misoshiru 7";
  int shown = 0;
  std::uint64_t now_ms = start_ms;
  std::string secret;
  ledger book;
};

inline error_code code_in(const decision& out) { return refusal_in(out).code; }


} // namespace actors_test
