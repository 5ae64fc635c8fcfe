// What each command to an account does: who may, what is hashed first, what is written, what is shown once. Pure: time,
// chance and the hashing of passwords are others' (drivers/secrets).
#pragma once

#include "actors/account_admin/policy.hpp"
#include "actors/account_admin/rules.hpp"
#include "actors/account_admin/throttle.hpp"
#include "actors/account_admin/waiting_line.hpp"
#include "actors/pure/effects.hpp"

namespace account_admin {

/// Work for the thread that hashes: judge one password, then, if it was right, make verifiers of others.
struct hash_job {
  std::uint64_t number = 0;
  bool judges = false;        ///< is there a password to judge?
  std::string account;        ///< whose; its key
  messages::credential password;
  messages::bytes verifier;   ///< empty: nothing is right, and it takes as long to find out
  messages::bytes code_nonce; ///< empty: no code is expected
  std::string code;
  std::vector<std::pair<std::string, messages::credential>> make; ///< account key and password
};

struct hash_outcome {
  bool right = false;
  std::uint64_t code_step = 0; ///< of the code that fits; 0: none did
  std::vector<messages::bytes> made;
};

struct decision : actors::effects {
  std::vector<hash_job> jobs;
};

/// Chance, and what only the hub's accounts key can tell.
struct sources {
  actors::id_source make_id;
  std::function<messages::credential()> password, reset_secret;
  std::function<messages::bytes()> nonce;
  std::function<messages::credential(const std::string& account, const messages::bytes& nonce)> code_secret;
};

class ledger {
public:
  /// @p known: the rows of the view. @p first_start: the master may be made.
  ledger(std::vector<messages::account_record> known, policy rules, sources from, bool first_start = false);

  decision on_command(const messages::command_envelope& command, std::uint64_t now_ms);
  /// Nothing in @p outcome: the job could not be taken. One job is under way at a time; the next comes with this.
  decision on_hashed(std::uint64_t number, const std::optional<hash_outcome>& outcome, std::uint64_t now_ms);

  const std::map<std::string, messages::account_record>& all() const { return accounts_; }

  static constexpr std::size_t accounts_max = 2000;
  static constexpr std::size_t place_bytes_max = 64;

private:
  /// A command whose hashing is under way.
  struct hashing {
    std::uint64_t job = 0;
    messages::command_envelope command;
    std::string account, place;        ///< key of the account whose password is judged
    messages::bytes verifier;          ///< it is judged by: another one then means that the account changed meanwhile
    messages::credential first, second; ///< what will be shown
    bool machine = false;
  };
  void handle(const messages::sign_in&, const messages::command_envelope&, decision&);
  void handle(const messages::reset_master&, const messages::command_envelope&, decision&);
  void handle(const messages::init_accounts&, const messages::command_envelope&, decision&);
  void handle(const messages::sign_out&, const messages::command_envelope&, decision&);
  void handle(const messages::change_password&, const messages::command_envelope&, decision&);
  void handle(const messages::enrol_code&, const messages::command_envelope&, decision&);
  void handle(const messages::register_account&, const messages::command_envelope&, decision&);
  void handle(const messages::receive_password&, const messages::command_envelope&, decision&);
  void handle(const messages::search_accounts&, const messages::command_envelope&, decision&);
  void handle(const messages::update_account&, const messages::command_envelope&, decision&);
  void handle(const messages::reset_account&, const messages::command_envelope&, decision&);
  void handle(const messages::delete_account&, const messages::command_envelope&, decision&);

  /// Its turn has come: what is hashed, by how things stand now.
  hash_job begin(const messages::sign_in&, hashing&);
  hash_job begin(const messages::reset_master&, hashing&);
  hash_job begin(const messages::init_accounts&, hashing&);
  hash_job begin(const messages::change_password&, hashing&);
  hash_job begin(const messages::receive_password&, hashing&);

  void take_outcome(hashing&, const hash_outcome&, decision&);
  void signed_in(hashing&, const hash_outcome&, decision&);
  void changed(hashing&, const hash_outcome&, decision&);
  void received(hashing&, const hash_outcome&, decision&);
  void reset(hashing&, const hash_outcome&, decision&);
  void begun(hashing&, const hash_outcome&, decision&);
  void guessed_wrong(const hashing&, messages::sign_in_refusal why, messages::error said, decision&);

  bool is_too_early(const in_line& who, decision&);
  void stand_in_line(const std::string& account, const std::string& place, const messages::command_envelope&,
                     decision&);
  void go_on(decision&);
  messages::account_record* find(std::string_view account);
  const messages::account_record* giver_of(const messages::command_envelope&) const;
  messages::account_record* administered(std::string_view account, const messages::command_envelope&, decision&);
  const messages::account_record* of_kind(account_kind kind) const;
  bool may_begin(const messages::init_accounts& with) const;
  template <class M> void write(const M& event, const messages::command_envelope& cause, decision&);
  template <class M> static void show_once(const M& body, const messages::command_envelope& command, decision&);

  std::map<std::string, messages::account_record> accounts_; ///< by account_key()
  policy rules_;
  sources from_;
  bool first_start_;
  throttle throttle_;
  waiting_line line_;
  std::optional<hashing> hashing_;
  std::uint64_t last_job_ = 0;
  std::uint64_t now_ms_ = 0;
};

/// Writes and folds: nothing else changes a row.
template <class M> void ledger::write(const M& event, const messages::command_envelope& cause, decision& out) {
  auto made = messages::make_draft(event, {}, {}, cause.id, cause.account);
  messages::event_envelope e;
  e.v = made.v;
  e.time_ms = now_ms_;
  e.topic = made.topic;
  e.body = made.body;
  if (const auto key = messages::account_key_of(e); !key.empty()) messages::apply(e, accounts_[key]);
  out.journal.events.push_back(std::move(made));
}

/// A reply that holds a credential is not remembered.
template <class M>
void ledger::show_once(const M& body, const messages::command_envelope& command, decision& out) {
  out.replies.push_back({command, messages::encode_body(body), false});
}

} // namespace account_admin
