// From the command to the thread that hashes: who stands in line, whose turn it is, and what is hashed then.
#include "actors/account_admin/ledger.hpp"

namespace account_admin {

using namespace messages;

namespace {

/// Does it try a password, or only want one made?
bool is_guess(const command_envelope& command) {
  return command.topic != receive_password::topic && command.topic != init_accounts::topic;
}

bool is_waited_for(const in_line& who, std::uint64_t now_ms) {
  return who.command.deadline_ms == 0 || now_ms <= who.came_ms + who.command.deadline_ms;
}

} // namespace

bool ledger::is_too_early(const in_line& who, decision& out) {
  if (!is_guess(who.command)) return false;
  const auto wait_ms = throttle_.wait_ms(who.account, who.place, now_ms_);
  if (wait_ms == 0) return false;
  throttle_.came_early(who.account, who.place);
  out.refuse(who.command, {error_code::sign_in_delayed, {std::to_string((wait_ms + 999) / 1000)}});
  return true;
}

void ledger::stand_in_line(const std::string& account, const std::string& place, const command_envelope& command,
                           decision& out) {
  in_line who{command, account, place, now_ms_, false, throttle_.is_doubted(account, place)};
  if (is_too_early(who, out)) return;
  who.at_home = throttle_.is_at_home(account, place) || !is_guess(command); // who may have one made is signed in
  if (const auto without_room = line_.add(std::move(who)))
    out.refuse(without_room->command, {error_code::busy, {"account_admin"}});
  go_on(out);
}

/// One at a time: whether a guess is too early is judged when all before it are known.
void ledger::go_on(decision& out) {
  while (!hashing_) {
    auto next = line_.take();
    if (!next) return;
    if (!is_waited_for(*next, now_ms_)) {
      out.refuse(next->command, {error_code::deadline_passed, {next->command.topic}});
      continue;
    }
    if (is_too_early(*next, out)) continue;
    using hashed = message_list<sign_in, reset_master, init_accounts, change_password, receive_password>;
    hashing what{++last_job_, std::move(next->command), next->account, next->place, {}, {}, {}, false};
    const auto& command = what.command;
    actors::dispatch(hashed{}, command, out, [&](const auto& body) {
      auto job = begin(body, what);
      job.number = what.job;
      what.verifier = job.verifier;
      out.jobs.push_back(std::move(job));
      hashing_ = std::move(what);
    });
  }
}

hash_job ledger::begin(const sign_in& m, hashing& what) {
  const auto* row = find(what.account);
  const bool right_door = row && row->is_open(now_ms_) && is_system(row->kind) == m.machine;
  what.machine = m.machine;
  hash_job job;
  job.judges = true;
  job.account = what.account;
  job.password = m.password;
  if (right_door && row->kind != account_kind::master_reset) job.verifier = row->verifier;
  if (right_door) job.code_nonce = row->code_nonce;
  job.code = m.code;
  return job;
}

hash_job ledger::begin(const reset_master& m, hashing& what) {
  const auto* row = find(what.account);
  const auto* master = of_kind(account_kind::master);
  what.first = from_.password();
  what.second = from_.reset_secret();
  hash_job job;
  job.judges = true;
  job.account = what.account;
  job.password = m.secret;
  if (row) job.verifier = row->verifier;
  if (master) job.make = {{account_key(master->account), what.first}, {what.account, what.second}};
  return job;
}

hash_job ledger::begin(const init_accounts& m, hashing& what) {
  what.first = from_.password();
  what.second = from_.reset_secret();
  hash_job job;
  job.make = {{what.account, what.first}, {account_key(m.master_reset), what.second}};
  return job;
}

hash_job ledger::begin(const change_password& m, hashing& what) {
  const auto* row = find(what.account);
  hash_job job;
  job.judges = true;
  job.account = what.account;
  job.password = m.from;
  if (row) job.verifier = row->verifier;
  job.make = {{what.account, m.to}};
  return job;
}

hash_job ledger::begin(const receive_password& m, hashing& what) {
  what.account = account_key(m.account);
  what.first = from_.password();
  hash_job job;
  job.make = {{what.account, what.first}};
  return job;
}

} // namespace account_admin
