// One account as its events tell it: the row that account_admin works on, that a restart reads back, and that rights
// are judged by. Pure.
#pragma once

#include "messages/registry.hpp"

namespace messages {

/// A session of an account at one node. How long it was idle is known where it is used, and stands in no event.
struct account_session {
  id session;
  std::string node;
  std::uint64_t begun_ms = 0, until_ms = 0;
  UKETSUKE_FIELDS(account_session, session, node, begun_ms, until_ms)
};

/// Changed by apply() only: what is here is what the journal says.
struct account_record {
  std::string account; ///< the user ID as it was registered
  account_kind kind{};
  account_standing standing{};
  bool suspended = false, emergency_viewing = false;
  std::uint64_t until_ms = 0; ///< open until then, UTC; 0: for good
  bytes verifier;             ///< empty: nothing that is typed is right
  bytes code_nonce;           ///< empty: no second factor
  std::uint64_t code_step = 0;
  std::uint64_t registered_ms = 0, password_ms = 0, signed_in_ms = 0;
  std::vector<account_session> sessions; ///< at most sessions_max: the oldest goes

  static constexpr std::size_t sessions_max = 20;

  /// May anybody sign in, or go on, at @p now_ms?
  bool is_open(std::uint64_t now_ms) const {
    return standing != account_standing::deleted && standing != account_standing::registered && !suspended &&
           (until_ms == 0 || now_ms < until_ms);
  }
  /// The session in force at @p node.
  const account_session* session_at(std::string_view node, std::uint64_t now_ms) const;

  UKETSUKE_FIELDS(account_record, account, kind, standing, suspended, emergency_viewing, until_ms, verifier, code_nonce,
                  code_step, registered_ms, password_ms, signed_in_ms, sessions)
};

/// Folds one event into the row of the account that it happened to.
void apply(const event_envelope& event, account_record& row);

/// The key of the account that @p event happened to; empty: to none.
std::string account_key_of(const event_envelope& event);

/// IDs are told apart without regard to case: the ID in lower case.
std::string account_key(std::string_view account);

/// 3–32 of A–Z a–z 0–9 . _ -
bool is_account_id(std::string_view account);

/// A person does not sign in to it; a program does.
constexpr bool is_system(account_kind kind) { return kind >= account_kind::link_application; }

} // namespace messages
