// The monitor: says where the journal and its readers stand. What is published goes from the journal's thread straight
// to the publisher (drivers/bus), redacted by role there: no actor stands between a patient and a slow subscriber.
#include "actors/roster.hpp"
#include "actors/runtime/ports.hpp"
#include "actors/runtime/shell.hpp"

#include <caf/actor_system.hpp>

namespace monitor {
namespace {

class actor final : public actors::runtime::shell {
public:
  actor(caf::actor_config& config, actors::runtime::place where, std::function<messages::monitor_status()> status)
      : shell(config, std::move(where)), status_(std::move(status)) {}

private:
  void on_start() override {}
  void on_command(const messages::command_envelope& command) override {
    actors::effects out;
    actors::dispatch(messages::message_list<messages::ask_status>{}, command, out,
                     [&](const messages::ask_status&) { out.reply(command, status_()); });
    carry_out(std::move(out));
  }
  void on_reply(const actors::tag&, const messages::result<std::string>&, std::uint64_t) override {}

  std::function<messages::monitor_status()> status_;
};

} // namespace

caf::actor spawn(caf::actor_system& system, const actors::runtime::place& where,
                 const actors::runtime::node_ports& ports) {
  return caf::actor_cast<caf::actor>(system.spawn<actor>(where, ports.status));
}

} // namespace monitor
