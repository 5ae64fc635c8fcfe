// Commands to accounts without a hub: decided, hashed, written, then answered.
#include "tools/accounts_at_rest.hpp"

#include "storage/load.hpp"
#include "storage/views/all.hpp"
#include "tools/hub_client.hpp"

#include <future>

namespace tools {

using namespace messages;

result<accounts_at_rest> accounts_at_rest::open(storage::journal_options options, const std::filesystem::path& key) {
  accounts_at_rest made;
  options.read_only = false;
  auto journal = storage::journal::open(std::move(options), storage::all_views());
  if (!journal) return failure(journal.error());
  made.journal_ = std::move(*journal);
  if (!std::filesystem::exists(key))
    if (auto written = drivers::secrets::make_accounts_key(key); !written) return failure(written.error());
  auto hasher = drivers::secrets::open_hasher(key);
  if (!hasher) return failure(hasher.error());
  made.hasher_ = std::move(*hasher);
  auto rows = storage::load_rows<account_record>(*made.journal_, "accounts", "", account_admin::ledger::accounts_max);
  if (!rows) return failure(rows.error());
  account_admin::sources from;
  from.make_id = fresh_id;
  from.password = [] { return drivers::secrets::fresh_password(); };
  from.reset_secret = [] { return drivers::secrets::fresh_password(6); };
  from.nonce = drivers::secrets::fresh_nonce;
  from.code_secret = [hasher = made.hasher_.get()](const std::string& account, const bytes& nonce) {
    return hasher->code_secret(account, nonce);
  };
  made.ledger_ = std::make_unique<account_admin::ledger>(std::move(*rows), account_admin::policy{}, std::move(from),
                                                         true);
  return made;
}

account_admin::hash_outcome accounts_at_rest::outcome_of(account_admin::hash_job job) {
  drivers::secrets::job wanted;
  wanted.make = std::move(job.make);
  if (wanted.make.empty()) return {job.judges, 0, {}};
  std::promise<drivers::secrets::outcome> made;
  hasher_->start(std::move(wanted), [&](drivers::secrets::outcome out) { made.set_value(std::move(out)); });
  return {job.judges, 0, made.get_future().get().made};
}

result<std::string> accounts_at_rest::say(std::string_view topic, std::uint64_t version, std::string body,
                                          const std::string& account) {
  command_envelope command;
  command.v = version;
  command.id = fresh_id();
  command.topic = topic;
  command.from = "tool@at-rest";
  command.account = account;
  command.body = std::move(body);
  auto decided = ledger_->on_command(command, command.id.time_ms());
  if (!decided.jobs.empty()) {
    const auto number = decided.jobs.front().number;
    decided = ledger_->on_hashed(number, outcome_of(std::move(decided.jobs.front())), command.id.time_ms());
  }
  if (!decided.journal.empty()) {
    std::promise<std::optional<error>> written;
    journal_->append(std::move(decided.journal), [&](const result<storage::appended>& a) {
      written.set_value(a ? std::nullopt : std::optional{a.error()});
    });
    if (const auto why = written.get_future().get()) return failure(*why);
  }
  return std::move(decided.replies.front().body);
}

} // namespace tools
