// `uketsuke account`: the first start of a stopped node's accounts, and what administrators do at a running hub.
#include "tools/accounts_at_rest.hpp"
#include "tools/commands.hpp"
#include "tools/signing_in.hpp"
#include "tools/stopped_journal.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <iostream>

namespace tools {

using namespace messages;

namespace {

constexpr auto administration = "account_admin";
constexpr std::uint32_t hashing_wait_ms = 30'000;

struct account_options {
  stopped_journal at;
  signing_in who;
  std::string account, kind, begins, master = "Master01", master_reset = "Reset01";
  bool suspend = false, emergency = false, deleted = false, everywhere = false;
};

/// The only place where a password is printed: on standard output, once, for the paper it belongs on.
void print_secret(const char* what, const std::string& account, const credential& once) {
  std::cout << what << "  " << account << "  ";
  std::cout.write(once.reveal().data(), static_cast<std::streamsize>(once.reveal().size()));
  std::cout << '\n';
}

void print_master(const master_secrets& m) {
  print_secret("初期パスワード (initial password)", m.master, m.password);
  print_secret("リセット用の秘密 (reset secret; keep it sealed and offline)", m.master_reset, m.reset_secret);
}

// -- first start ---------------------------------------------------------------------------------------------------

outcome init(const account_options& o) {
  const auto key = o.at.key_folder() / "accounts.key";
  auto options = o.at.options();
  options.keys = o.at.access();
  auto accounts = accounts_at_rest::open(std::move(options), key);
  if (!accounts) return failure(accounts.error());
  const auto secrets = accounts->say(init_accounts{o.master, o.master_reset});
  if (!secrets) return failure(secrets.error());
  print_master(*secrets);
  std::cerr << "These are shown once. Keep a copy of " << key.string() << ": without it no password is right.\n";
  return 0;
}

// -- at a running hub ----------------------------------------------------------------------------------------------

/// Does @p what with a question asker on the account's behalf.
template <class F> outcome signed_in_as(const account_options& o, F&& what) {
  return with_hub(o.who, [&](const hub_access& hub) -> outcome {
    return what([&](const auto& command) { return ask_hub(hub, administration, command, hashing_wait_ms); },
                hub.password);
  });
}

/// A command that is answered with "done".
template <class M> outcome do_as(const account_options& o, const M& m) {
  return signed_in_as(o, [&](const auto& ask, const credential&) -> outcome {
    const auto done = ask(m);
    if (!done) return failure(done.error());
    return 0;
  });
}

outcome receive(const account_options& o) {
  return signed_in_as(o, [&](const auto& ask, const credential&) -> outcome {
    const auto shown = ask(receive_password{o.account});
    if (!shown) return failure(shown.error());
    print_secret("初期パスワード (initial password)", shown->account, shown->password);
    return 0;
  });
}

outcome register_one(const account_options& o) {
  const auto kind = from_name<account_kind>(o.kind);
  if (!kind) return failure(error_code::wrong_value, "--kind", o.kind);
  return do_as(o, register_account{o.account, *kind});
}

outcome search(const account_options& o) {
  return signed_in_as(o, [&](const auto& ask, const credential&) -> outcome {
    const auto list = ask(search_accounts{o.begins, {}, o.deleted, 500});
    if (!list) return failure(list.error());
    for (const auto& a : list->accounts)
      std::cout << a.account << "  " << name(a.kind) << "  " << name(a.standing) << (a.suspended ? "  suspended" : "")
                << '\n';
    return 0;
  });
}

outcome change(const account_options& o) {
  return signed_in_as(o, [&](const auto& ask, const credential& typed) -> outcome {
    const auto old = typed.reveal().empty() ? asked_for("いまのパスワード (present password)") : typed;
    const auto fresh = asked_for("新しいパスワード (new password)");
    if (::isatty(STDIN_FILENO) != 0 && asked_for("もう一度 (once more)") != fresh)
      return failure(error_code::password_unfit, "typed differently");
    const auto done = ask(change_password{old, fresh});
    if (!done) return failure(done.error());
    return 0;
  });
}

outcome enrol(const account_options& o) {
  return signed_in_as(o, [&](const auto& ask, const credential&) -> outcome {
    const auto shown = ask(enrol_code{});
    if (!shown) return failure(shown.error());
    print_secret("認証アプリの鍵 (secret for an authenticator)", o.who.as, shown->secret);
    return 0;
  });
}

outcome reset_the_master(const account_options& o) {
  const auto run = run_folder(o.who.run);
  if (!run) return failure(run.error());
  const auto shown = ask_hub(*run, administration, reset_master{asked_for("リセット用の秘密 (reset secret)"), {}},
                             hashing_wait_ms);
  if (!shown) return failure(shown.error());
  print_master(*shown);
  return 0;
}

} // namespace

void add_account(CLI::App& app, chosen& run) {
  auto* command = app.add_subcommand("account", "accounts of this system: first start, administration, passwords");
  command->require_subcommand(1);
  auto o = std::make_shared<account_options>();
  auto* first = command->add_subcommand("init", "make the master account of a stopped node; prints its secrets once");
  o->at.add_options(*first);
  first->add_option("--master", o->master, "user ID of the master account");
  first->add_option("--master-reset", o->master_reset, "user ID of the account that resets it");
  first->callback([&run, o] { run = [o] { return init(*o); }; });

  const auto add = [&](const char* name, const char* help, bool names_account, auto what) {
    auto* sub = command->add_subcommand(name, help);
    o->who.add_options(*sub);
    if (names_account) sub->add_option("account", o->account, "user ID")->required();
    sub->callback([&run, o, what] { run = [o, what] { return what(*o); }; });
    return sub;
  };
  add("register", "アカウント登録", true, [](const auto& a) { return register_one(a); })
      ->add_option("--kind", o->kind, "administration, general, medical_viewing, …")
      ->required();
  add("receive", "パスワードの取得: shows the initial password, once", true, [](const auto& a) { return receive(a); });
  auto* find = add("search", "アカウント検索", false, [](const auto& a) { return search(a); });
  find->add_option("--begins", o->begins, "of the user ID");
  find->add_flag("--deleted", o->deleted, "deleted ones, too");
  auto* update = add("update", "アカウント情報更新", true, [](const auto& a) {
    return do_as(a, update_account{a.account, a.suspend, a.emergency, 0});
  });
  update->add_flag("--suspend", o->suspend, "nobody signs in to it; without: open again");
  update->add_flag("--emergency-viewing", o->emergency, "救急時閲覧権限");
  add("reset", "パスワード初期化", true, [](const auto& a) { return do_as(a, reset_account{a.account}); });
  add("delete", "アカウント削除", true, [](const auto& a) { return do_as(a, delete_account{a.account}); });
  add("password", "パスワード変更: your own", false, [](const auto& a) { return change(a); });
  add("code", "二要素: from now on your sign-in takes a code of your authenticator, too", false,
      [](const auto& a) { return enrol(a); });
  add("sign-in", "open a session for several commands; --token names its file", false, [](const auto& a) -> outcome {
    if (a.who.as.empty()) return failure(error_code::missing_value, "--as");
    if (a.who.token.empty()) return failure(error_code::missing_value, "--token");
    return open_token(a.who);
  });
  add("sign-out", "end the session of --token", false, [](const auto& a) -> outcome {
    if (a.who.token.empty()) return failure(error_code::missing_value, "--token");
    return close_token(a.who, a.everywhere);
  })->add_flag("--everywhere", o->everywhere, "all sessions of the account");
  add("reset-master", "マスタアカウントのリセット, with the offline secret", false,
      [](const auto& a) { return reset_the_master(a); });
}

} // namespace tools
