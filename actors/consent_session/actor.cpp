// The shell of consent_session: loads what is open, and has no port but the journal and the bus.
#include "actors/consent_session/session.hpp"
#include "actors/roster.hpp"
#include "actors/runtime/ports.hpp"
#include "actors/runtime/shell.hpp"
#include "storage/load.hpp"
#include "storage/views/outage_ledger.hpp"

#include <caf/actor_system.hpp>

namespace consent_session {
namespace {

class actor final : public actors::runtime::shell {
public:
  actor(caf::actor_config& config, actors::runtime::place where, patience waits)
      : shell(config, where), session_({.hub = where.hub, .waits = waits}, where.make_id) {}

private:
  void on_start() override {
    auto rows = storage::load_rows<messages::open_checkin>(*here().journal, "open_checkins", "", 10'000);
    auto kept = here().journal->open_effects("consent_session");
    if (!rows) return here().fail(rows.error());
    if (!kept) return here().fail(kept.error());
    auto past =
        storage::load_rows<storage::ledger_row>(*here().journal, "outage_ledger", storage::ledger_prefix, 10'000);
    if (!past) return here().fail(past.error());
    std::vector<past_visit> not_asked;
    for (const auto& row : *past)
      if (!row.settled() && !row.checkin.empty()) not_asked.push_back({row.checkin, row.patient, row.desk, row.person});
    session_.remember(std::move(not_asked));
    carry_out(session_.resume(std::move(*rows), std::move(*kept), now_ms()));
  }
  void on_command(const messages::command_envelope& command) override {
    carry_out(session_.on_command(command, now_ms()));
  }
  void on_reply(const actors::tag& who, const messages::result<std::string>& body, std::uint64_t version) override {
    carry_out(session_.on_reply(who, body, version, now_ms()));
  }
  void on_tick() override { carry_out(session_.on_tick(now_ms())); }
  std::optional<std::uint64_t> next_tick_ms() const override { return session_.next_tick_ms(); }

  session session_;
};

} // namespace

caf::actor spawn(caf::actor_system& system, const actors::runtime::place& where,
                 const actors::runtime::node_ports& ports) {
  return caf::actor_cast<caf::actor>(system.spawn<actor>(where, ports.patience));
}

} // namespace consent_session
