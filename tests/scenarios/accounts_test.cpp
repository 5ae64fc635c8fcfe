// Accounts through the real program: no door of the bus is laxer than the table of rights, and a hub killed in the
// middle of registering, resetting or deleting leaves each of them done or not.
#include "tests/test.hpp"

#include "actors/account_admin/rules.hpp"
#include "actors/roster.hpp"
#include "tests/scenarios/support_accounts.hpp"
#include "tools/hub_client.hpp"

#include <csignal>
#include <random>
#include <set>

using namespace scenarios;
using namespace messages;
using tools::ask_hub;
using tools::hub_access;

namespace {

constexpr auto administration = "account_admin";

/// Signed in under a node's name of its own.
result<hub_access> enter(const std::filesystem::path& run, const std::string& account, const std::string& password,
                         bool machine = false) {
  hub_access hub{run, {}, "tool-" + tools::fresh_id().text()};
  const auto session =
      ask_hub(hub, administration, sign_in{account, credential{password}, {}, {}, machine}, 30'000);
  if (!session) return failure(session.error());
  hub.account = session->account;
  return hub;
}

/// Was it refused for want of a right, whatever else may be wrong with an empty command?
bool lacks_the_right(const result<std::string>& said) {
  if (said) return false;
  const auto code = said.error().code;
  return code == error_code::right_missing || code == error_code::not_signed_in || code == error_code::not_allowed ||
         code == error_code::password_to_change;
}

/// What is said on reception's page only: a tool on the bus may not, whatever its account may.
bool is_of_receptions_page(std::string_view topic) {
  static const std::set<std::string_view> of_the_page{
      register_reference_number::topic, skip_reference_number::topic, finish_at_window::topic,
      begin_visual_check::topic,        end_visual_check::topic,      vouch::topic,
      move_patient::topic,              keep_walk_in::topic,          decide_face::topic};
  return of_the_page.contains(topic);
}

/// Which kinds somebody may register is a rule of its own: one of them.
std::string registering_whom(account_kind by) {
  register_account wanted{"Neu01", account_kind::general};
  for (std::size_t n = 0; n < enumeration<account_kind>::names.size(); ++n)
    if (account_admin::administered_by(by).has(static_cast<account_kind>(n)))
      wanted.kind = static_cast<account_kind>(n);
  return encode_body(wanted);
}

struct someone {
  account_kind kind;
  hub_access hub;
};

/// One account of each kind that signs in, at a running clinic.
std::vector<someone> one_of_each(const tools::clinic& where) {
  const auto run = where.run_folder();
  const auto& known = where.accounts();
  std::vector<someone> all;
  for (const auto& [kind, who] : {std::pair{account_kind::master, known.master},
                                  std::pair{account_kind::administration, known.administration},
                                  std::pair{account_kind::general, known.general},
                                  std::pair{account_kind::medical_viewing, known.medical_viewing}})
    all.push_back({kind, *enter(run, who.account, who.password)});
  const auto administrator = all[1].hub;
  for (const auto kind : {account_kind::link_application, account_kind::web_api, account_kind::face_authentication}) {
    const auto account = "machine-" + std::to_string(static_cast<int>(kind));
    BOOST_REQUIRE(ask_hub(administrator, administration, register_account{account, kind}));
    const auto shown = ask_hub(administrator, administration, receive_password{account}, 30'000);
    BOOST_REQUIRE(shown);
    all.push_back({kind, *enter(run, account, shown->password.reveal(), true)});
  }
  return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(over_the_bus_every_kind_may_what_the_table_says_and_nothing_else) {
  const temporary_folder folder;
  auto clinic = tools::clinic::open(small_clinic(folder.path()));
  BOOST_REQUIRE_MESSAGE(clinic, (clinic ? "" : to_sentence(clinic.error())));
  const auto everybody = one_of_each(**clinic);
  const hub_access nobody{(*clinic)->run_folder()};
  const hub_access pretender{(*clinic)->run_folder(), "Kanri01", "tool-pretender"};
  std::size_t tried = 0;
  for (const auto& row : actors::runtime::roster) {
    if (row.lives != actors::runtime::home::hub) continue;
    for (const auto topic : row.answers) {
      const auto* right = account_admin::find_right(topic);
      if (!right || right->without == account_admin::unnamed::stranger || topic == sign_out::topic) continue;
      const std::string actor{row.name}, empty_map(1, '\x80');
      BOOST_TEST(lacks_the_right(ask_hub(nobody, actor, topic, 1, empty_map, 10'000)) ==
                     (right->without != account_admin::unnamed::node),
                 topic << " by nobody");
      BOOST_TEST(lacks_the_right(ask_hub(pretender, actor, topic, 1, empty_map, 10'000)), topic << " by a pretender");
      for (const auto& who : everybody) {
        const auto body = topic == register_account::topic ? registering_whom(who.kind) : empty_map;
        const auto said = ask_hub(who.hub, actor, topic, 1, body, 10'000);
        const bool elsewhere = is_of_receptions_page(topic) && !said && said.error().code == error_code::not_allowed;
        BOOST_TEST((elsewhere || !lacks_the_right(said) == right->may.has(who.kind)),
                   topic << " by " << name(who.kind) << ": " << (said ? "done" : to_sentence(said.error())));
        ++tried;
      }
    }
  }
  BOOST_TEST(tried > 200u);
  // And every refusal is in the journal, with its account where there is one.
  for (const auto& who : everybody)
    BOOST_TEST(ask_hub(who.hub, administration, sign_out{{}, true}).has_value());
  (*clinic)->close();
  std::set<std::string> refused;
  for (const auto& e : journal_of(folder.path() / "journal"))
    if (e.topic == command_refused::topic) refused.insert(e.account);
  for (const auto& account : {"", "Master01", "Kanri01", "Staff01", "Iryou01", "machine-5"})
    BOOST_TEST(refused.contains(account), "no refusal of “" << account << "”");
}

namespace {

/// What was asked of an account, what was acknowledged, and the password that was shown.
struct history {
  std::string account, shown;
  bool registered = false, deleted = false;             ///< acknowledged
  bool registering = false, resetting = false, deleting = false; ///< asked and never answered
};

/// Goes through an account's life until something is not answered.
void live(const hub_access& administrator, history& h) {
  const auto ask = [&](const auto& m, bool& unanswered) {
    unanswered = true;
    const auto done = ask_hub(administrator, administration, m, 1'500);
    unanswered = !done;
    return done.has_value();
  };
  if (!ask(register_account{h.account, account_kind::general}, h.registering)) return;
  h.registered = true;
  for (int n = 0; n < 3; ++n) {
    const auto shown = ask_hub(administrator, administration, receive_password{h.account}, 1'500);
    h.resetting = !shown; // written and not seen: only a reset brings another one
    if (!shown) return;
    h.shown = shown->password.reveal();
    if (!ask(reset_account{h.account}, h.resetting)) return;
    h.shown.clear();
  }
  if (ask(delete_account{h.account}, h.deleting)) h.deleted = true;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_hub_killed_while_accounts_change_leaves_each_step_done_or_not, hub_with_accounts) {
  const unsigned seed = std::getenv("UKETSUKE_SEED") ? static_cast<unsigned>(std::atoi(std::getenv("UKETSUKE_SEED")))
                                                     : 20261126u;
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 chance{seed};
  const std::string chosen = "sakura-no-ki-2026", second = "another-long-one-7";
  BOOST_REQUIRE(account(initial + "\n" + chosen, {"password", "--as", "Master01"}).status == 0);
  BOOST_REQUIRE(account(chosen, {"register", "Kanri01", "--as", "Master01", "--kind", "administration"}).status == 0);
  const auto first = secret_of(account(chosen, {"receive", "Kanri01", "--as", "Master01"}).out, "Kanri01");
  BOOST_REQUIRE(account(first + "\n" + second, {"password", "--as", "Kanri01"}).status == 0);
  const auto administrator = enter(sockets, "Kanri01", second);
  BOOST_REQUIRE(administrator);
  int cut = 0;
  for (int n = 0; n < 8; ++n) {
    history h;
    h.account = "Staff" + std::to_string(10 + n);
    std::thread story{[&] { live(*administrator, h); }};
    std::this_thread::sleep_for(std::chrono::milliseconds{chance() % 1200});
    ::kill(hub->pid(), SIGKILL);
    story.join();
    start();
    cut += h.registering || h.resetting || h.deleting;
    auto list = ask_hub(*administrator, administration, search_accounts{h.account, {}, true, 10});
    // The hub's socket is there a moment before its actors are.
    for (int tries = 0; tries < 200 && !list && list.error().code == error_code::unknown_address; ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
      list = ask_hub(*administrator, administration, search_accounts{h.account, {}, true, 10});
    }
    BOOST_REQUIRE_MESSAGE(list, (list ? "" : to_sentence(list.error()))); // its session is in the journal
    const bool there = list->accounts.size() == 1;
    BOOST_TEST((there || !h.registered), h.account << " was acknowledged and is not there");
    if (!there) continue;
    const auto& row = list->accounts.front();
    const bool gone = row.standing == account_standing::deleted;
    BOOST_TEST((h.deleted ? gone : !gone || h.deleting), h.account << " is " << name(row.standing));
    if (h.shown.empty() || gone) continue;
    // A password was shown: it is the one stored, unless the reset after it was written, too.
    const auto in = enter(sockets, h.account, h.shown);
    BOOST_TEST((in.has_value() || (h.resetting && row.standing == account_standing::registered)),
               h.account << " is " << name(row.standing) << " and its password is wrong");
  }
  BOOST_TEST(cut > 0); // otherwise nothing was tried
}
