// Folding the events of an account into its row, one overload an event.
#include "messages/account.hpp"

#include <algorithm>

namespace messages {
namespace {

constexpr std::size_t id_size_min = 3, id_size_max = 32;

void fold(const event_envelope& e, const account_registered& m, account_record& row) {
  row = {};
  row.account = m.account;
  row.kind = m.kind;
  row.registered_ms = e.time_ms;
}
void fold(const event_envelope& e, const initial_password_received& m, account_record& row) {
  row.standing = account_standing::initial;
  row.verifier = m.verifier;
  row.password_ms = e.time_ms;
  row.sessions.clear();
}
void fold(const event_envelope& e, const password_changed& m, account_record& row) {
  row.standing = account_standing::active;
  row.verifier = m.verifier;
  row.password_ms = e.time_ms;
  std::erase_if(row.sessions, [&](const auto& s) { return s.session != m.session; });
}
void fold(const event_envelope&, const account_updated& m, account_record& row) {
  row.suspended = m.suspended;
  row.emergency_viewing = m.emergency_viewing;
  row.until_ms = m.until_ms;
  if (m.suspended) row.sessions.clear();
}
void fold(const event_envelope&, const password_reset&, account_record& row) {
  row.standing = account_standing::registered;
  row.verifier.clear();
  row.code_nonce.clear();
  row.sessions.clear();
}
void fold(const event_envelope&, const account_deleted&, account_record& row) {
  row.standing = account_standing::deleted;
  row.verifier.clear();
  row.code_nonce.clear();
  row.sessions.clear();
}
void fold(const event_envelope& e, const reset_secret_replaced& m, account_record& row) {
  row.standing = account_standing::active;
  row.verifier = m.verifier;
  row.password_ms = e.time_ms;
}
void fold(const event_envelope&, const code_enrolled& m, account_record& row) {
  row.code_nonce = m.nonce;
  row.code_step = 0;
}
void fold(const event_envelope& e, const signed_in& m, account_record& row) {
  std::erase_if(row.sessions, [&](const auto& s) { return s.until_ms <= e.time_ms; });
  if (row.sessions.size() >= account_record::sessions_max) row.sessions.erase(row.sessions.begin());
  row.sessions.push_back({m.session, m.node, e.time_ms, m.until_ms});
  row.signed_in_ms = e.time_ms;
  row.code_step = std::max(row.code_step, m.code_step);
}
void fold(const event_envelope&, const signed_out& m, account_record& row) {
  std::erase_if(row.sessions, [&](const auto& s) { return m.session.empty() || s.session == m.session; });
}

using folded = message_list<account_registered, initial_password_received, password_changed, account_updated,
                            password_reset, account_deleted, reset_secret_replaced, code_enrolled, signed_in,
                            signed_out>;

} // namespace

const account_session* account_record::session_at(std::string_view node, std::uint64_t now_ms) const {
  if (!is_open(now_ms)) return nullptr;
  const account_session* newest = nullptr;
  for (const auto& s : sessions)
    if (s.node == node && now_ms < s.until_ms) newest = &s;
  return newest;
}

void apply(const event_envelope& event, account_record& row) {
  for_each_message(folded{}, [&]<class M>() {
    if (const auto m = body_as<M>(event)) fold(event, *m, row);
  });
}

std::string account_key_of(const event_envelope& event) {
  std::string key;
  if (!event.topic.starts_with("account.")) return key;
  for_each_message(folded{}, [&]<class M>() {
    if (const auto m = body_as<M>(event)) key = account_key(m->account);
  });
  return key;
}

std::string account_key(std::string_view account) {
  std::string key{account};
  for (auto& c : key)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return key;
}

bool is_account_id(std::string_view account) {
  return account.size() >= id_size_min && account.size() <= id_size_max &&
         std::ranges::all_of(account, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                  c == '-';
         });
}

} // namespace messages
