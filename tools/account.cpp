// `uketsuke account`: the first start of a stopped node's accounts, and what administrators do at a running hub.
#include "actors/account_admin/ledger.hpp"
#include "drivers/secrets/port.hpp"
#include "storage/journal.hpp"
#include "storage/views/all.hpp"
#include "tools/commands.hpp"
#include "tools/hub_client.hpp"
#include "tools/stopped_journal.hpp"

#include <CLI/CLI.hpp>

#include <termios.h>
#include <unistd.h>

#include <future>
#include <iostream>

namespace tools {

using namespace messages;

namespace {

constexpr auto administration = "account_admin";
constexpr std::uint32_t hashing_wait_ms = 30'000;

struct account_options {
  stopped_journal at;
  std::string run, as, code, account, kind, begins, master = "Master01", master_reset = "Reset01";
  bool suspend = false, emergency = false, deleted = false;
};

/// A line that is not shown while it is typed; from a file or pipe, its first line.
credential asked_for(const std::string& what) {
  const bool terminal = ::isatty(STDIN_FILENO) != 0;
  termios before{};
  if (terminal) {
    std::cerr << what << ": " << std::flush;
    ::tcgetattr(STDIN_FILENO, &before);
    auto silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &silent);
  }
  std::string line;
  std::getline(std::cin, line);
  if (terminal) {
    ::tcsetattr(STDIN_FILENO, TCSANOW, &before);
    std::cerr << '\n';
  }
  credential typed{line};
  volatile char* p = line.data();
  for (std::size_t n = 0; n < line.size(); ++n)
    p[n] = 0;
  return typed;
}

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

result<master_secrets> first_secrets(storage::journal& journal, drivers::secrets::hasher& hasher,
                                     const account_options& o) {
  const auto rows = journal.rows_of("accounts", "", account_admin::ledger::accounts_max);
  if (!rows) return failure(rows.error());
  std::vector<account_record> known;
  for (const auto& [key, bytes] : *rows) {
    const auto tree = unpack(bytes);
    account_record row;
    if (!tree || !read_fields(*tree, row)) return failure(error_code::journal_damaged, "accounts", key);
    known.push_back(std::move(row));
  }
  account_admin::sources from;
  from.make_id = fresh_id;
  from.password = [] { return drivers::secrets::fresh_password(); };
  from.reset_secret = [] { return drivers::secrets::fresh_password(6); };
  account_admin::ledger ledger{std::move(known), {}, std::move(from), true};

  const init_accounts m{o.master, o.master_reset};
  command_envelope command;
  command.id = fresh_id();
  command.topic = init_accounts::topic;
  command.from = "tool@tool-" + std::to_string(::getpid());
  command.body = encode_body(m);
  auto decided = ledger.on_command(command, command.id.time_ms());
  if (!decided.jobs.empty()) {
    drivers::secrets::job job;
    job.make = decided.jobs.front().make;
    const auto number = decided.jobs.front().number;
    std::promise<drivers::secrets::outcome> made;
    hasher.start(std::move(job), [&](drivers::secrets::outcome out) { made.set_value(std::move(out)); });
    decided = ledger.on_hashed(number, account_admin::hash_outcome{false, 0, made.get_future().get().made},
                               command.id.time_ms());
  }
  if (!decided.replies.front().body) return failure(decided.replies.front().body.error());
  // Written, then shown.
  std::promise<std::optional<error>> written;
  journal.append(std::move(decided.journal), [&](const result<storage::appended>& a) {
    written.set_value(a ? std::nullopt : std::optional{a.error()});
  });
  if (const auto why = written.get_future().get()) return failure(*why);
  return decode_body<master_secrets>(*decided.replies.front().body, master_secrets::version);
}

outcome init(const account_options& o) {
  const auto key = o.at.key_folder() / "accounts.key";
  auto options = o.at.options();
  options.read_only = false;
  options.keys = o.at.access();
  auto journal = storage::journal::open(std::move(options), storage::all_views());
  if (!journal) return failure(journal.error());
  if (!std::filesystem::exists(key))
    if (auto made = drivers::secrets::make_accounts_key(key); !made) return failure(made.error());
  const auto hasher = drivers::secrets::open_hasher(key);
  if (!hasher) return failure(hasher.error());
  const auto secrets = first_secrets(**journal, **hasher, o);
  if (!secrets) return failure(secrets.error());
  print_master(*secrets);
  std::cerr << "These are shown once. Keep a copy of " << key.string() << ": without it no password is right.\n";
  return 0;
}

// -- at a running hub ----------------------------------------------------------------------------------------------

/// Signs in, does @p what on the account's behalf, signs out.
template <class F> outcome signed_in_as(const account_options& o, F&& what) {
  const auto run = run_folder(o.run);
  if (!run) return failure(run.error());
  const auto password = asked_for("パスワード (password) " + o.as);
  const auto session = ask_hub(*run, administration, sign_in{o.as, password, o.code, {}, false}, hashing_wait_ms);
  if (!session) return failure(session.error());
  const auto ask = [&](const auto& command) {
    return ask_hub(*run, administration, command, hashing_wait_ms, session->account);
  };
  const outcome done = what(ask, password);
  static_cast<void>(ask(sign_out{session->session, false}));
  return done;
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
  return signed_in_as(o, [&](const auto& ask, const credential& old) -> outcome {
    const auto fresh = asked_for("新しいパスワード (new password)");
    if (::isatty(STDIN_FILENO) != 0 && asked_for("もう一度 (once more)") != fresh)
      return failure(error_code::password_unfit, "typed differently");
    const auto done = ask(change_password{old, fresh});
    if (!done) return failure(done.error());
    return 0;
  });
}

outcome reset_the_master(const account_options& o) {
  const auto run = run_folder(o.run);
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
    sub->add_option("--run", o->run, "the hub's run folder");
    if (std::string_view{name} != "reset-master") {
      sub->add_option("--as", o->as, "your own user ID; the password is asked for, or read from a pipe")->required();
      sub->add_option("--code", o->code, "of your authenticator");
    }
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
  add("reset-master", "マスタアカウントのリセット, with the offline secret", false,
      [](const auto& a) { return reset_the_master(a); });
}

} // namespace tools
