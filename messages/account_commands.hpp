// What is asked of account administration, and what it answers. These are this system's accounts: the national
// accounts' passwords are never asked for. A password stands in commands and replies only, as a credential.
#pragma once

#include "messages/secret.hpp"
#include "messages/commands.hpp"

namespace messages {

// -- replies -------------------------------------------------------------------------------------------------------

/// Somebody is signed in. The session is the account's at the node that asked, until it ends.
struct session_opened {
  static constexpr std::string_view topic = "account.session";
  static constexpr std::uint64_t version = 1;
  id session;
  std::string account;
  account_kind kind{};
  bool password_to_change = false; ///< nothing else is allowed before
  std::uint64_t until_ms = 0;      ///< UTC: over then, however much it is used
  std::uint64_t idle_ms = 0;       ///< over after so long without use
  UKETSUKE_FIELDS(session_opened, session, account, kind, password_to_change, until_ms, idle_ms)
};

/// Shown once; this reply is not remembered.
struct initial_password {
  static constexpr std::string_view topic = "account.initial_password";
  static constexpr std::uint64_t version = 1;
  std::string account;
  credential password;
  UKETSUKE_FIELDS(initial_password, account, password)
};

/// The master's new initial password, and the next secret of the reset account, to be printed and kept offline.
struct master_secrets {
  static constexpr std::string_view topic = "account.master_secrets";
  static constexpr std::uint64_t version = 1;
  std::string master, master_reset;
  credential password, reset_secret;
  UKETSUKE_FIELDS(master_secrets, master, master_reset, password, reset_secret)
};

/// Base32, for an authenticator (TOTP, RFC 6238: SHA-1, 6 digits, 30 s). Shown once.
struct code_secret {
  static constexpr std::string_view topic = "account.code_secret";
  static constexpr std::uint64_t version = 1;
  credential secret;
  UKETSUKE_FIELDS(code_secret, secret)
};

struct account_status {
  std::string account;
  account_kind kind{};
  account_standing standing{};
  bool suspended = false;
  bool emergency_viewing = false;
  std::uint64_t until_ms = 0;
  std::uint64_t registered_ms = 0, password_ms = 0, signed_in_ms = 0;
  std::uint64_t sessions = 0;
  UKETSUKE_FIELDS(account_status, account, kind, standing, suspended, emergency_viewing, until_ms, registered_ms,
                  password_ms, signed_in_ms, sessions)
};
struct account_list {
  static constexpr std::string_view topic = "account.list";
  static constexpr std::uint64_t version = 1;
  std::vector<account_status> accounts;
  bool more = false; ///< there are more than were asked for
  UKETSUKE_FIELDS(account_list, accounts, more)
};

// -- before signing in ---------------------------------------------------------------------------------------------

struct sign_in {
  static constexpr std::string_view topic = "account.sign_in";
  static constexpr std::uint64_t version = 1;
  using reply = session_opened;
  std::string account;
  credential password;
  std::string code;     ///< TOTP; empty where none is required
  std::string place;    ///< where it is typed, for delaying guesses: at most 64 bytes; empty: the sending node
  bool machine = false; ///< a system signs in, no person
  UKETSUKE_FIELDS(sign_in, account, password, code, place, machine)
};

/// マスタアカウントのリセット: with the secret that is kept offline.
struct reset_master {
  static constexpr std::string_view topic = "account.reset_master";
  static constexpr std::uint64_t version = 1;
  using reply = master_secrets;
  credential secret;
  std::string place;
  UKETSUKE_FIELDS(reset_master, secret, place)
};

/// First start, once: makes the master and the account that resets it.
struct init_accounts {
  static constexpr std::string_view topic = "account.init";
  static constexpr std::uint64_t version = 1;
  using reply = master_secrets;
  std::string master, master_reset; ///< their user IDs
  UKETSUKE_FIELDS(init_accounts, master, master_reset)
};

// -- one's own -----------------------------------------------------------------------------------------------------

struct sign_out {
  static constexpr std::string_view topic = "account.sign_out";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  id session;              ///< of the own account
  bool everywhere = false; ///< all of them
  UKETSUKE_FIELDS(sign_out, session, everywhere)
};

/// パスワード変更. Every other session of the account ends.
struct change_password {
  static constexpr std::string_view topic = "account.change_password";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  credential from, to;
  UKETSUKE_FIELDS(change_password, from, to)
};

/// From now on signing in takes a code, too.
struct enrol_code {
  static constexpr std::string_view topic = "account.enrol_code";
  static constexpr std::uint64_t version = 1;
  using reply = code_secret;
  UKETSUKE_NO_FIELDS(enrol_code)
};

// -- アカウント管理 -----------------------------------------------------------------------------------------------

/// アカウント登録, ユーザIDを指定して.
struct register_account {
  static constexpr std::string_view topic = "account.register";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  std::string account; ///< 3–32 of A–Z a–z 0–9 . _ -; told apart without regard to case
  account_kind kind{};
  UKETSUKE_FIELDS(register_account, account, kind)
};

/// パスワードを取得: once after registering and once after each reset.
struct receive_password {
  static constexpr std::string_view topic = "account.receive_password";
  static constexpr std::uint64_t version = 1;
  using reply = initial_password;
  std::string account;
  UKETSUKE_FIELDS(receive_password, account)
};

struct search_accounts {
  static constexpr std::string_view topic = "account.search";
  static constexpr std::uint64_t version = 1;
  using reply = account_list;
  std::string begins;              ///< of the user ID; empty: any
  std::vector<account_kind> kinds; ///< none: any
  bool deleted = false;            ///< deleted ones, too
  std::uint64_t limit = 100;       ///< 1–500
  UKETSUKE_FIELDS(search_accounts, begins, kinds, deleted, limit)
};

/// アカウント情報更新.
struct update_account {
  static constexpr std::string_view topic = "account.update";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  std::string account;
  bool suspended = false;
  bool emergency_viewing = false; ///< 救急時閲覧権限; of a medical-information viewing account only
  std::uint64_t until_ms = 0;     ///< the account is open until then, UTC; 0: for good
  UKETSUKE_FIELDS(update_account, account, suspended, emergency_viewing, until_ms)
};

/// パスワード初期化. The old password is void at once, and so is the second factor; every session ends.
struct reset_account {
  static constexpr std::string_view topic = "account.reset";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  std::string account;
  UKETSUKE_FIELDS(reset_account, account)
};

struct delete_account {
  static constexpr std::string_view topic = "account.delete";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  std::string account;
  UKETSUKE_FIELDS(delete_account, account)
};

} // namespace messages
