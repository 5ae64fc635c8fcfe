// Commands to accounts: judged by the table of rights, then done at once or handed to the thread that hashes.
#include "actors/account_admin/ledger.hpp"

#include <algorithm>

namespace account_admin {

using namespace messages;

ledger::ledger(std::vector<account_record> known, policy rules, sources from, bool first_start)
    : rules_(rules), from_(std::move(from)), first_start_(first_start) {
  for (auto& row : known)
    accounts_[account_key(row.account)] = std::move(row);
}

namespace {

std::string node_of(const command_envelope& command) {
  const auto from = address::from_text(command.from);
  return from ? from->node : std::string{};
}

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c != 0x7f; });
}

account_status status_of(const account_record& row, std::uint64_t now_ms) {
  const auto open = std::ranges::count_if(row.sessions, [&](const auto& s) { return now_ms < s.until_ms; });
  return {row.account,       row.kind,        row.standing,     row.suspended, row.emergency_viewing, row.until_ms,
          row.registered_ms, row.password_ms, row.signed_in_ms, static_cast<std::uint64_t>(open)};
}

} // namespace

// -- what all commands share ---------------------------------------------------------------------------------------

account_record* ledger::find(std::string_view account) {
  const auto found = accounts_.find(account_key(account));
  return found == accounts_.end() ? nullptr : &found->second;
}

const account_record* ledger::giver_of(const command_envelope& command) const {
  const auto found = accounts_.find(account_key(command.account));
  return found == accounts_.end() ? nullptr : &found->second;
}

const account_record* ledger::of_kind(account_kind kind) const {
  const auto found = std::ranges::find_if(accounts_, [&](const auto& one) { return one.second.kind == kind; });
  return found == accounts_.end() ? nullptr : &found->second;
}

decision ledger::on_command(const command_envelope& command, std::uint64_t now_ms) {
  decision out;
  now_ms_ = now_ms;
  const auto* row = command.account.empty() ? nullptr : giver_of(command);
  const bool session = row && row->session_at(node_of(command), now_ms);
  const giver who{command.account, row, session, false, row && needs_code(*row, rules_)};
  if (auto why = refusal_of(command.topic, who)) {
    if (is_command(command.topic)) {
      auto said = command;
      if (!row) said.account.clear(); // nobody's name, and perhaps somebody's password
      write(command_refused{command.topic, std::string{describe(why->code).name}, command.from}, said, out);
    }
    out.refuse(command, std::move(*why));
    return out;
  }
  using handled = message_list<sign_in, reset_master, init_accounts, sign_out, change_password, enrol_code,
                               register_account, receive_password, search_accounts, update_account, reset_account,
                               delete_account>;
  actors::dispatch(handled{}, command, out, [&](const auto& body) { handle(body, command, out); });
  return out;
}

// -- administration ------------------------------------------------------------------------------------------------

void ledger::handle(const register_account& m, const command_envelope& command, decision& out) {
  const auto by = giver_of(command)->kind;
  if (!administered_by(by).has(m.kind))
    return out.refuse(command, {error_code::right_missing,
                                {std::string{name(by)}, std::string{m.topic} + " " + std::string{name(m.kind)}}});
  if (!is_account_id(m.account))
    return out.refuse(command, {error_code::wrong_value, {"account", "3-32: A-Za-z0-9._-"}});
  if (find(m.account)) return out.refuse(command, {error_code::account_taken, {m.account}});
  if (accounts_.size() >= accounts_max) return out.refuse(command, {error_code::busy, {"accounts"}});
  write(account_registered{m.account, m.kind}, command, out);
  out.reply(command, done{});
}

/// The row of @p account, when the giver administers its kind. One of another kind is as unknown as one that is not.
account_record* ledger::administered(std::string_view account, const command_envelope& command, decision& out) {
  auto* row = is_account_id(account) ? find(account) : nullptr;
  if (row && row->standing != account_standing::deleted && administered_by(giver_of(command)->kind).has(row->kind))
    return row;
  out.refuse(command, {error_code::unknown_account, {is_account_id(account) ? std::string{account} : "?"}});
  return nullptr;
}

void ledger::handle(const receive_password& m, const command_envelope& command, decision& out) {
  const auto* row = administered(m.account, command, out);
  if (!row) return;
  if (row->standing != account_standing::registered)
    return out.refuse(command, {error_code::password_received, {}});
  waiting what{command, account_key(row->account), {}, {}, from_.password(), {}, false};
  hash_job job;
  job.make = {{what.account, what.first}};
  start(std::move(what), std::move(job), out);
}

void ledger::handle(const search_accounts& m, const command_envelope& command, decision& out) {
  if (m.limit == 0 || m.limit > 500) return out.refuse(command, {error_code::wrong_value, {"limit", "1-500"}});
  const auto may_see = administered_by(giver_of(command)->kind);
  const auto begins = account_key(m.begins);
  account_list list;
  for (auto at = accounts_.lower_bound(begins); at != accounts_.end() && at->first.starts_with(begins); ++at) {
    const auto& row = at->second;
    const bool wanted = m.kinds.empty() || std::ranges::find(m.kinds, row.kind) != m.kinds.end();
    if (!wanted || !may_see.has(row.kind) || (row.standing == account_standing::deleted && !m.deleted)) continue;
    list.more = list.accounts.size() == m.limit;
    if (list.more) break;
    list.accounts.push_back(status_of(row, now_ms_));
  }
  out.reply(command, list);
}

void ledger::handle(const update_account& m, const command_envelope& command, decision& out) {
  const auto* row = administered(m.account, command, out);
  if (!row) return;
  if (m.emergency_viewing && row->kind != account_kind::medical_viewing)
    return out.refuse(command, {error_code::wrong_value, {"emergency_viewing", std::string{name(row->kind)}}});
  const bool same = row->suspended == m.suspended && row->emergency_viewing == m.emergency_viewing &&
                    row->until_ms == m.until_ms;
  if (!same) write(account_updated{row->account, m.suspended, m.emergency_viewing, m.until_ms}, command, out);
  out.reply(command, done{});
}

void ledger::handle(const reset_account& m, const command_envelope& command, decision& out) {
  const auto* row = administered(m.account, command, out);
  if (!row) return;
  write(password_reset{row->account}, command, out);
  out.reply(command, done{});
}

void ledger::handle(const delete_account& m, const command_envelope& command, decision& out) {
  const auto* row = administered(m.account, command, out);
  if (!row) return;
  write(account_deleted{row->account}, command, out);
  out.reply(command, done{});
}

// -- one's own -----------------------------------------------------------------------------------------------------

void ledger::handle(const sign_out& m, const command_envelope& command, decision& out) {
  const auto* row = giver_of(command);
  const bool known = std::ranges::find(row->sessions, m.session, &account_session::session) != row->sessions.end();
  if (m.everywhere || known)
    write(signed_out{row->account, m.everywhere ? id{} : m.session}, command, out);
  out.reply(command, done{});
}

void ledger::handle(const enrol_code&, const command_envelope& command, decision& out) {
  const auto* row = giver_of(command);
  const auto nonce = from_.nonce();
  const code_secret shown{from_.code_secret(account_key(row->account), nonce)};
  write(code_enrolled{row->account, nonce}, command, out);
  show_once(shown, command, out);
}

void ledger::handle(const change_password& m, const command_envelope& command, decision& out) {
  const auto* row = giver_of(command);
  const auto place = node_of(command);
  if (const auto why = unfit(rules_, row->account, m.to.reveal()))
    return out.refuse(command, {error_code::password_unfit, {std::string{*why}}});
  if (m.from == m.to) return out.refuse(command, {error_code::password_unfit, {"it is the old one"}});
  const auto key = account_key(row->account);
  if (m.from.reveal().size() > rules_.bytes_max)
    return out.refuse(command, {error_code::sign_in_refused, {}});
  if (!may_guess(key, place, command, out)) return;
  hash_job job;
  job.judges = true;
  job.account = key;
  job.password = m.from;
  job.verifier = row->verifier;
  job.make = {{key, m.to}};
  start({command, key, place, row->verifier, {}, {}, false}, std::move(job), out);
}

// -- before signing in ---------------------------------------------------------------------------------------------

bool ledger::may_guess(const std::string& account, const std::string& place, const command_envelope& command,
                       decision& out) {
  const auto wait_ms = throttle_.wait_ms(account, place, now_ms_);
  if (wait_ms > 0) {
    throttle_.came_early(account, place);
    out.refuse(command, {error_code::sign_in_delayed, {std::to_string((wait_ms + 999) / 1000)}});
    return false;
  }
  const auto of_account = std::ranges::count_if(waiting_, [&](const auto& w) { return w.second.account == account; });
  const auto of_place = std::ranges::count_if(waiting_, [&](const auto& w) { return w.second.place == place; });
  // Who was here before is let past the others' guesses: a clinic's pages may all have one address.
  const bool room = static_cast<std::size_t>(of_place) < jobs_of_place_max || throttle_.is_at_home(account, place);
  if (of_account == 0 && room) return true;
  out.refuse(command, {error_code::busy, {"account_admin"}});
  return false;
}

void ledger::handle(const sign_in& m, const command_envelope& command, decision& out) {
  const auto place = m.place.empty() ? node_of(command) : m.place;
  if (!is_account_id(m.account)) return out.refuse(command, {error_code::sign_in_refused, {}});
  if (place.size() > place_bytes_max || !is_plain(place))
    return out.refuse(command, {error_code::wrong_value, {"place", "?"}});
  if (m.password.reveal().size() > rules_.bytes_max || m.code.size() > 16)
    return out.refuse(command, {error_code::sign_in_refused, {}});
  const auto key = account_key(m.account);
  if (!may_guess(key, place, command, out)) return;
  const auto* row = find(key);
  const bool right_door = row && row->is_open(now_ms_) && is_system(row->kind) == m.machine;
  hash_job job;
  job.judges = true;
  job.account = key;
  job.password = m.password;
  if (right_door && row->kind != account_kind::master_reset) job.verifier = row->verifier;
  if (right_door) job.code_nonce = row->code_nonce;
  job.code = m.code;
  job.doubted = throttle_.is_doubted(key, place);
  waiting what{command, key, place, job.verifier, {}, {}, m.machine};
  start(std::move(what), std::move(job), out);
}

void ledger::handle(const reset_master& m, const command_envelope& command, decision& out) {
  const auto* row = of_kind(account_kind::master_reset);
  const auto* master = of_kind(account_kind::master);
  const auto place = m.place.empty() ? node_of(command) : m.place;
  if (place.size() > place_bytes_max || !is_plain(place))
    return out.refuse(command, {error_code::wrong_value, {"place", "?"}});
  if (!row || !master || m.secret.reveal().size() > rules_.bytes_max)
    return out.refuse(command, {error_code::sign_in_refused, {}});
  const auto key = account_key(row->account);
  if (!may_guess(key, place, command, out)) return;
  waiting what{command, key, place, row->verifier, from_.password(), from_.reset_secret(), false};
  hash_job job;
  job.judges = true;
  job.account = key;
  job.password = m.secret;
  job.verifier = row->verifier;
  job.make = {{account_key(master->account), what.first}, {key, what.second}};
  start(std::move(what), std::move(job), out);
}

/// Nothing is there, or what an init made that ended before anybody saw it: both passwords are then made anew.
bool ledger::may_begin(const init_accounts& with) const {
  if (accounts_.empty()) return true;
  const auto* master = of_kind(account_kind::master);
  const auto* reset = of_kind(account_kind::master_reset);
  return accounts_.size() == 2 && master && reset && master->signed_in_ms == 0 &&
         account_key(with.master) == account_key(master->account) &&
         account_key(with.master_reset) == account_key(reset->account);
}

void ledger::handle(const init_accounts& m, const command_envelope& command, decision& out) {
  if (!first_start_) return out.refuse(command, {error_code::not_allowed, {std::string{m.topic}}});
  if (!may_begin(m)) return out.refuse(command, {error_code::accounts_there, {}});
  const bool good = is_account_id(m.master) && is_account_id(m.master_reset) &&
                    account_key(m.master) != account_key(m.master_reset);
  if (!good) return out.refuse(command, {error_code::wrong_value, {"account", "3-32: A-Za-z0-9._-"}});
  waiting what{command, account_key(m.master), {}, {}, from_.password(), from_.reset_secret(), false};
  hash_job job;
  job.make = {{what.account, what.first}, {account_key(m.master_reset), what.second}};
  start(std::move(what), std::move(job), out);
}

} // namespace account_admin
