// What a hashing's outcome means: written in one append, and only then shown; then the next one's turn comes.
#include "actors/account_admin/ledger.hpp"

#include <algorithm>

namespace account_admin {

using namespace messages;

decision ledger::on_hashed(std::uint64_t number, const std::optional<hash_outcome>& outcome, std::uint64_t now_ms) {
  decision out;
  now_ms_ = now_ms;
  if (!hashing_ || hashing_->job != number) return out; // an earlier incarnation asked
  auto what = std::move(*hashing_);
  hashing_.reset();
  if (outcome)
    take_outcome(what, *outcome, out);
  else
    out.refuse(what.command, {error_code::busy, {"account_admin"}});
  go_on(out);
  return out;
}

void ledger::take_outcome(hashing& what, const hash_outcome& outcome, decision& out) {
  const auto& topic = what.command.topic;
  if (topic == sign_in::topic) signed_in(what, outcome, out);
  if (topic == change_password::topic) changed(what, outcome, out);
  if (topic == receive_password::topic) received(what, outcome, out);
  if (topic == reset_master::topic) reset(what, outcome, out);
  if (topic == init_accounts::topic) begun(what, outcome, out);
}

void ledger::guessed_wrong(const hashing& what, sign_in_refusal why, error said, decision& out) {
  throttle_.failed(what.account, what.place, now_ms_);
  const auto* row = find(what.account);
  const auto early = throttle_.take_early(what.account, what.place);
  auto cause = what.command;
  if (!row) cause.account.clear();
  write(sign_in_refused{row ? row->account : std::string{}, why, what.place, early}, cause, out);
  out.refuse(what.command, std::move(said));
}

void ledger::signed_in(hashing& what, const hash_outcome& outcome, decision& out) {
  const auto* row = find(what.account);
  const error same_words{error_code::sign_in_refused, {}};
  if (!row) return guessed_wrong(what, sign_in_refusal::no_such_account, same_words, out);
  if (is_system(row->kind) != what.machine) return guessed_wrong(what, sign_in_refusal::wrong_door, same_words, out);
  // Judged by a verifier that is no longer the account's: it was reset, deleted, changed meanwhile.
  if (!row->is_open(now_ms_) || row->kind == account_kind::master_reset)
    return guessed_wrong(what, sign_in_refusal::not_open, same_words, out);
  if (!outcome.right || row->verifier != what.verifier)
    return guessed_wrong(what, sign_in_refusal::wrong_password, same_words, out);
  if (!row->code_nonce.empty() && outcome.code_step <= row->code_step)
    return guessed_wrong(what, sign_in_refusal::wrong_code, {error_code::code_needed, {}}, out);
  throttle_.succeeded(what.account, what.place);
  const auto from = address::from_text(what.command.from);
  const messages::signed_in event{row->account, from_.make_id(), from ? from->node : std::string{},
                                  now_ms_ + rules_.session_ms_max, outcome.code_step};
  what.command.account = row->account;
  write(event, what.command, out);
  out.reply(what.command, session_opened{event.session, row->account, row->kind,
                                         row->standing == account_standing::initial && !is_system(row->kind),
                                         event.until_ms, rules_.idle_ms_max});
}

void ledger::changed(hashing& what, const hash_outcome& outcome, decision& out) {
  const auto* row = find(what.account);
  const auto from = address::from_text(what.command.from);
  const auto* session = row && from ? row->session_at(from->node, now_ms_) : nullptr;
  if (!session) return out.refuse(what.command, {error_code::not_signed_in, {}});
  if (!outcome.right || outcome.made.size() != 1 || row->verifier != what.verifier)
    return guessed_wrong(what, sign_in_refusal::wrong_password, {error_code::sign_in_refused, {}}, out);
  throttle_.succeeded(what.account, what.place);
  // Which of several sessions at one node it came from nobody can tell: then all end.
  const bool only_one = std::ranges::count(row->sessions, session->node, &account_session::node) == 1;
  write(password_changed{row->account, outcome.made.front(), only_one ? session->session : id{}}, what.command, out);
  out.reply(what.command, done{});
}

void ledger::received(hashing& what, const hash_outcome& outcome, decision& out) {
  const auto* row = find(what.account);
  if (!row || row->standing != account_standing::registered || outcome.made.size() != 1)
    return out.refuse(what.command, {error_code::password_received, {}});
  write(initial_password_received{row->account, outcome.made.front()}, what.command, out);
  show_once(initial_password{row->account, what.first}, what.command, out);
}

void ledger::reset(hashing& what, const hash_outcome& outcome, decision& out) {
  const auto* row = find(what.account);
  const auto* master = of_kind(account_kind::master);
  if (!row || !master || !outcome.right || outcome.made.size() != 2 || row->verifier != what.verifier)
    return guessed_wrong(what, sign_in_refusal::wrong_password, {error_code::sign_in_refused, {}}, out);
  throttle_.succeeded(what.account, what.place);
  what.command.account = row->account; // the secret has said who it is
  const auto reset_id = row->account, master_id = master->account;
  write(password_reset{master_id}, what.command, out);
  write(initial_password_received{master_id, outcome.made[0]}, what.command, out);
  write(reset_secret_replaced{reset_id, outcome.made[1]}, what.command, out);
  show_once(master_secrets{master_id, reset_id, what.first, what.second}, what.command, out);
}

void ledger::begun(hashing& what, const hash_outcome& outcome, decision& out) {
  const auto m = decode_body<init_accounts>(what.command.body, what.command.v);
  if (!m || !may_begin(*m) || outcome.made.size() != 2)
    return out.refuse(what.command, {error_code::accounts_there, {}});
  if (accounts_.empty()) {
    write(account_registered{m->master, account_kind::master}, what.command, out);
    write(account_registered{m->master_reset, account_kind::master_reset}, what.command, out);
  }
  write(initial_password_received{m->master, outcome.made[0]}, what.command, out);
  write(reset_secret_replaced{m->master_reset, outcome.made[1]}, what.command, out);
  show_once(master_secrets{m->master, m->master_reset, what.first, what.second}, what.command, out);
}

} // namespace account_admin
