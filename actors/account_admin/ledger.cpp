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

bool is_place(std::string_view text) { return text.size() <= ledger::place_bytes_max && is_plain(text); }

/// Where it was typed. Only a node's own pages are believed: whoever speaks on the bus is where its node is.
std::string place_of(const command_envelope& command, const std::string& said) {
  const auto from = address::from_text(command.from);
  return !said.empty() && from && from->actor == "screen" ? said : node_of(command);
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
  stand_in_line(account_key(command.account), node_of(command), command, out);
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
  if (const auto why = unfit(rules_, row->account, m.to.reveal()))
    return out.refuse(command, {error_code::password_unfit, {std::string{*why}}});
  if (m.from == m.to) return out.refuse(command, {error_code::password_unfit, {"it is the old one"}});
  const auto key = account_key(row->account);
  if (m.from.reveal().size() > rules_.bytes_max)
    return out.refuse(command, {error_code::sign_in_refused, {}});
  stand_in_line(key, node_of(command), command, out);
}

// -- before signing in ---------------------------------------------------------------------------------------------

void ledger::handle(const sign_in& m, const command_envelope& command, decision& out) {
  if (!is_account_id(m.account)) return out.refuse(command, {error_code::sign_in_refused, {}});
  if (!is_place(m.place)) return out.refuse(command, {error_code::wrong_value, {"place", "?"}});
  if (m.password.reveal().size() > rules_.bytes_max || m.code.size() > 16)
    return out.refuse(command, {error_code::sign_in_refused, {}});
  stand_in_line(account_key(m.account), place_of(command, m.place), command, out);
}

void ledger::handle(const reset_master& m, const command_envelope& command, decision& out) {
  const auto* row = of_kind(account_kind::master_reset);
  const auto* master = of_kind(account_kind::master);
  if (!is_place(m.place)) return out.refuse(command, {error_code::wrong_value, {"place", "?"}});
  if (!row || !master || m.secret.reveal().size() > rules_.bytes_max)
    return out.refuse(command, {error_code::sign_in_refused, {}});
  stand_in_line(account_key(row->account), place_of(command, m.place), command, out);
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
  stand_in_line(account_key(m.master), node_of(command), command, out);
}

} // namespace account_admin
