// What happened to accounts. `account` is whom it happened to; who did it is the envelope's account. Past participles.
//
// A verifier is no credential: a digest under the hub's accounts key (drivers/secrets), without which nobody can try a
// single password against it. So the password that is shown and the one that is stored become durable in one append.
#pragma once

#include "messages/bytes.hpp"
#include "messages/values.hpp"
#include "messages/id.hpp"

#include <string>

namespace messages {

struct account_registered {
  static constexpr std::string_view topic = "account.registered";
  static constexpr std::uint64_t version = 1;
  std::string account;
  account_kind kind{};
  UKETSUKE_FIELDS(account_registered, account, kind)
};

/// The initial password was made; its reply shows it once.
struct initial_password_received {
  static constexpr std::string_view topic = "account.initial_password_received";
  static constexpr std::uint64_t version = 1;
  std::string account;
  bytes verifier;
  UKETSUKE_FIELDS(initial_password_received, account, verifier)
};

struct password_changed {
  static constexpr std::string_view topic = "account.password_changed";
  static constexpr std::uint64_t version = 1;
  std::string account;
  bytes verifier;
  id session; ///< the one that goes on; all others of the account end
  UKETSUKE_FIELDS(password_changed, account, verifier, session)
};

struct account_updated {
  static constexpr std::string_view topic = "account.updated";
  static constexpr std::uint64_t version = 1;
  std::string account;
  bool suspended = false, emergency_viewing = false;
  std::uint64_t until_ms = 0;
  UKETSUKE_FIELDS(account_updated, account, suspended, emergency_viewing, until_ms)
};

struct password_reset {
  static constexpr std::string_view topic = "account.password_reset";
  static constexpr std::uint64_t version = 1;
  std::string account;
  UKETSUKE_FIELDS(password_reset, account)
};

struct account_deleted {
  static constexpr std::string_view topic = "account.deleted";
  static constexpr std::uint64_t version = 1;
  std::string account;
  UKETSUKE_FIELDS(account_deleted, account)
};

/// The secret that resets the master was replaced by another one.
struct reset_secret_replaced {
  static constexpr std::string_view topic = "account.reset_secret_replaced";
  static constexpr std::uint64_t version = 1;
  std::string account;
  bytes verifier;
  UKETSUKE_FIELDS(reset_secret_replaced, account, verifier)
};

struct code_enrolled {
  static constexpr std::string_view topic = "account.code_enrolled";
  static constexpr std::uint64_t version = 1;
  std::string account;
  bytes nonce; ///< the TOTP secret is derived from it under the accounts key
  UKETSUKE_FIELDS(code_enrolled, account, nonce)
};

struct signed_in {
  static constexpr std::string_view topic = "account.signed_in";
  static constexpr std::uint64_t version = 1;
  std::string account;
  id session;
  std::string node; ///< where the session is in force
  std::uint64_t until_ms = 0;
  std::uint64_t code_step = 0; ///< of the code that was used: it is not taken again
  UKETSUKE_FIELDS(signed_in, account, session, node, until_ms, code_step)
};

struct signed_out {
  static constexpr std::string_view topic = "account.signed_out";
  static constexpr std::uint64_t version = 1;
  std::string account;
  id session; ///< empty: all of the account
  UKETSUKE_FIELDS(signed_out, account, session)
};

/// Somebody was not signed in. What was typed as an unknown ID is not kept: it may be a password in the wrong field.
struct sign_in_refused {
  static constexpr std::string_view topic = "account.sign_in_refused";
  static constexpr std::uint64_t version = 1;
  std::string account; ///< empty when there is none of that name
  sign_in_refusal why{};
  std::string place;
  std::uint64_t unjudged = 0; ///< tries before this one that came too early and were not looked at
  UKETSUKE_FIELDS(sign_in_refused, account, why, place, unjudged)
};

/// A command that its account may not give.
struct command_refused {
  static constexpr std::string_view topic = "account.command_refused";
  static constexpr std::uint64_t version = 1;
  std::string command; ///< its topic
  std::string error;   ///< name of errors.def
  std::string from;
  UKETSUKE_FIELDS(command_refused, command, error, from)
};

} // namespace messages
