// The shell of account_admin: connects the ledger to the journal and to the thread that hashes.
#include "actors/account_admin/ledger.hpp"
#include "actors/roster.hpp"
#include "actors/runtime/ports.hpp"
#include "actors/runtime/shell.hpp"
#include "drivers/secrets/port.hpp"
#include "storage/load.hpp"
#include "storage/views/accounts.hpp"

#include <caf/actor_system.hpp>

namespace account_admin {
namespace {

namespace secrets = drivers::secrets;

constexpr std::size_t password_groups = 4, reset_secret_groups = 6;

secrets::job job_of(hash_job&& of, std::uint64_t utc_ms) {
  secrets::job job;
  job.judges = of.judges;
  job.account = std::move(of.account);
  job.password = of.password;
  job.verifier = std::move(of.verifier);
  job.code_nonce = std::move(of.code_nonce);
  job.code = std::move(of.code);
  job.utc_ms = utc_ms;
  job.make = std::move(of.make);
  return job;
}

class actor final : public actors::runtime::shell {
public:
  actor(caf::actor_config& config, actors::runtime::place where, std::shared_ptr<secrets::hasher> hasher)
      : shell(config, where), rules_(where.accounts ? *where.accounts : policy{}), hasher_(std::move(hasher)) {}

private:
  void on_start() override {
    auto rows =
        storage::load_rows<messages::account_record>(*here().journal, "accounts", "", ledger::accounts_max);
    if (!rows) return here().fail(rows.error());
    const sources from{here().make_id, [] { return secrets::fresh_password(password_groups); },
                       [] { return secrets::fresh_password(reset_secret_groups); }, secrets::fresh_nonce,
                       [hasher = hasher_](const std::string& account, const messages::bytes& nonce) {
                         return hasher->code_secret(account, nonce);
                       }};
    ledger_.emplace(std::move(*rows), rules_, from);
  }
  void on_command(const messages::command_envelope& command) override {
    if (ledger_) act_on(ledger_->on_command(command, now_ms()));
  }
  void on_reply(const actors::tag&, const messages::result<std::string>&, std::uint64_t) override {}

  void act_on(decision d) {
    auto jobs = std::move(d.jobs);
    carry_out(std::move(d));
    for (auto& job : jobs) {
      const auto number = job.number;
      const bool queued = hasher_->start(
          job_of(std::move(job), now_ms()), in_this_actor<secrets::outcome>([this, number](secrets::outcome o) {
            act_on(ledger_->on_hashed(number, hash_outcome{o.right, o.code_step, std::move(o.made)}, now_ms()));
          }));
      if (!queued) act_on(ledger_->on_hashed(number, {}, now_ms()));
    }
  }

  policy rules_;
  std::shared_ptr<secrets::hasher> hasher_;
  std::optional<ledger> ledger_;
};

} // namespace

caf::actor spawn(caf::actor_system& system, const actors::runtime::place& where,
                 const actors::runtime::node_ports& ports) {
  return caf::actor_cast<caf::actor>(system.spawn<actor>(where, ports.hasher));
}

} // namespace account_admin
