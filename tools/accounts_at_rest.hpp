// The accounts of a stopped hub, worked on in its journal: the first start, and the accounts of a simulated clinic.
#pragma once

#include "actors/account_admin/ledger.hpp"
#include "drivers/secrets/port.hpp"
#include "storage/journal.hpp"

#include <memory>

namespace tools {

/// Whoever opens it holds the data and the keys folder: a password that is said is believed, not judged. What is asked
/// is decided by the same ledger as at a running hub, made durable, and then answered. Not thread-safe.
class accounts_at_rest {
public:
  /// @p options: of the journal; opened for writing. @p key: accounts.key, made when it is not there.
  static messages::result<accounts_at_rest> open(storage::journal_options options, const std::filesystem::path& key);

  bool empty() const { return ledger_->all().empty(); }
  /// On behalf of @p account, which has to have signed in here; empty: of nobody.
  template <class M> messages::result<typename M::reply> say(const M& m, const std::string& account = {}) {
    const auto body = say(M::topic, M::version, messages::encode_body(m), account);
    if (!body) return messages::failure(body.error());
    return messages::decode_body<typename M::reply>(*body, M::reply::version);
  }

private:
  accounts_at_rest() = default;
  messages::result<std::string> say(std::string_view topic, std::uint64_t version, std::string body,
                                    const std::string& account);
  account_admin::hash_outcome outcome_of(account_admin::hash_job job);

  std::unique_ptr<storage::journal> journal_;
  std::unique_ptr<drivers::secrets::hasher> hasher_;
  std::unique_ptr<account_admin::ledger> ledger_;
};

} // namespace tools
