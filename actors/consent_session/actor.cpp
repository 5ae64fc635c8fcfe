// The shell of consent_session: loads what is open, and has no port but the journal and the bus.
#include "actors/consent_session/session.hpp"
#include "actors/roster.hpp"
#include "actors/runtime/ports.hpp"
#include "actors/runtime/shell.hpp"
#include "storage/load.hpp"
#include "storage/views/desks.hpp"
#include "storage/views/face_failures.hpp"
#include "storage/views/outage_ledger.hpp"

#include <caf/actor_system.hpp>

namespace consent_session {
namespace {

class actor final : public actors::runtime::shell {
public:
  actor(caf::actor_config& config, actors::runtime::place where, const actors::runtime::node_ports& ports)
      : shell(config, where), session_({.hub = where.hub,
                                        .waits = ports.patience,
                                        .asks_without_pin = ports.simulated,
                                        .may_vouch = ports.may_vouch},
                                       where.make_id) {}

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
    const auto desks = storage::load_rows<storage::desk_row>(*here().journal, "desks", "", 1'000);
    if (!desks) return here().fail(desks.error());
    session_.remember(visual_checks_in(*desks));
    auto failed = storage::load_rows<storage::face_failures_row>(*here().journal, "face_failures",
                                                                 storage::face_failures_prefix, 10'000);
    if (!failed) return here().fail(failed.error());
    std::vector<face_failures> failures;
    for (const auto& row : *failed)
      failures.push_back({row.patient, static_cast<unsigned>(row.failures), row.last_ms});
    session_.remember_failures(std::move(failures));
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

  /// Desks that were switched for one patient when the last process ended.
  std::map<std::string, visual_check> visual_checks_in(const std::vector<storage::desk_row>& desks) const {
    std::map<std::string, visual_check> checks;
    for (const auto& d : desks) {
      if (d.mode != messages::desk_mode::visual_check || d.kind != messages::desk_kind::reader) continue;
      const auto stage = d.vouched_by.empty() ? visual_stage::comparing : visual_stage::awaiting_card;
      checks[d.desk] = {stage, d.card, d.vouched_by, {}, now_ms() + patience{}.visual_check_ms};
    }
    return checks;
  }

  session session_;
};

} // namespace

caf::actor spawn(caf::actor_system& system, const actors::runtime::place& where,
                 const actors::runtime::node_ports& ports) {
  return caf::actor_cast<caf::actor>(system.spawn<actor>(where, ports));
}

} // namespace consent_session
