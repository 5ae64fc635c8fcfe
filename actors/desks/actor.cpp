// The shell of desks.
#include "actors/desks/board.hpp"
#include "actors/roster.hpp"
#include "actors/runtime/ports.hpp"
#include "actors/runtime/shell.hpp"
#include "storage/load.hpp"
#include "storage/views/desks.hpp"

#include <caf/actor_system.hpp>

namespace desks {
namespace {

class actor final : public actors::runtime::shell {
public:
  actor(caf::actor_config& config, actors::runtime::place where) : shell(config, std::move(where)) {}

private:
  void on_start() override {
    const auto rows = storage::load_rows<storage::desk_row>(*here().journal, "desks", "", board::desks_max);
    if (!rows) return here().fail(rows.error());
    std::vector<messages::desk_status> known;
    for (const auto& r : *rows)
      known.push_back({r.desk, r.open, r.mode, r.reader, r.model, r.kind, r.has_display, r.update_pending});
    board_ = board{std::move(known), here().hub};
  }
  void on_command(const messages::command_envelope& command) override {
    if (command.topic == messages::list_desks::topic) board_.stands_at(here().journal->head(), here().journal->epoch());
    carry_out(board_.on_command(command));
  }
  void on_reply(const actors::tag&, const messages::result<std::string>&, std::uint64_t) override {}

  board board_;
};

} // namespace

caf::actor spawn(caf::actor_system& system, const actors::runtime::place& where, const actors::runtime::node_ports&) {
  return caf::actor_cast<caf::actor>(system.spawn<actor>(where));
}

} // namespace desks
