// The bus port's mail: commands of this node's actors out, frames of the bus in.
#include "actors/runtime/bus_port.hpp"

#include "drivers/bus/dealer.hpp"
#include "drivers/bus/lookout.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <unordered_map>

namespace actors::runtime {
namespace {

using namespace messages;

class bus_port final : public caf::event_based_actor {
public:
  bus_port(caf::actor_config& config, std::shared_ptr<bus::dealer> door, std::string node,
           std::function<std::uint64_t()> clock, std::function<void(const error&)> refused)
      : caf::event_based_actor(config), door_(std::move(door)), clock_(std::move(clock)), node_(std::move(node)),
        refused_(std::move(refused)) {}

private:
  caf::behavior make_behavior() override {
    set_error_handler([](caf::scheduled_actor*, caf::error&) {}); // stack.md §2.2: the default handler quits
    lookout_.emplace([self = caf::actor_cast<caf::weak_actor_ptr>(this)] {
      if (const auto strong = self.lock()) caf::anon_send(caf::actor_cast<caf::actor>(strong), look_again{});
    });
    look();
    return {
        [this](send_out& out) {
          lookout_->rest();
          for (auto& e : out.envelopes)
            send_one(e);
          look();
        },
        [this](look_again&) { look(); },
        [this](due&) {
          due_at_ms_.reset();
          look();
        },
        [this](actor_born& born) {
          if (hub_there_) caf::anon_send(born.handle, hub_seen{true});
          local_[born.name] = std::move(born.handle);
        },
        [this](const actor_died& died) {
          lookout_->rest();
          answer_for(died.name);
          look();
        },
    };
  }

  void on_exit() override {
    lookout_.reset();
    local_.clear();
  }

  void look() {
    lookout_->rest();
    const auto at_ms = door_->look(events_);
    lookout_->watch(door_->watched());
    if (due_at_ms_ && *due_at_ms_ <= at_ms) return;
    due_at_ms_ = at_ms;
    const auto now_ms = clock_();
    delayed_send(this, std::chrono::milliseconds{at_ms - std::min(at_ms, now_ms)}, due{});
  }

  void send_one(const command_envelope& e) {
    if (e.kind == command_kind::reply) at_work_.erase(e.id);
    if (door_->send(e) || e.kind == command_kind::reply) return; // a lost reply: the asker's deadline says "unknown"
    deliver_reply(reply_error(e, {error_code::busy, {node_}}));
  }

  void deliver(command_envelope e) {
    const auto to = address::from_text(e.to);
    const auto found = to ? local_.find(to->actor) : local_.end();
    if (found == local_.end()) {
      door_->send(reply_error(e, {error_code::unknown_address, {e.to}}));
      return;
    }
    auto& noted = at_work_[e.id]; // for an answer when the actor dies over it
    noted = {to->actor, e};
    noted.command.body.clear();
    caf::anon_send(found->second, delivered{std::move(e)});
  }

  void deliver_reply(command_envelope e) {
    const auto to = address::from_text(e.to);
    const auto found = to ? local_.find(to->actor) : local_.end();
    if (found != local_.end()) caf::anon_send(found->second, answered{std::move(e)});
  }

  void answer_for(const std::string& dead) {
    local_.erase(dead);
    for (auto it = at_work_.begin(); it != at_work_.end();) {
      if (it->second.actor == dead) {
        door_->send(reply_error(it->second.command, {error_code::outcome_unknown, {it->second.command.topic}}));
        it = at_work_.erase(it);
      } else
        ++it;
    }
  }

  void tell_all(bool there) {
    hub_there_ = there;
    for (const auto& [name, handle] : local_)
      caf::anon_send(handle, hub_seen{there});
  }

  struct work {
    std::string actor;
    command_envelope command;
  };

  std::shared_ptr<bus::dealer> door_;
  const bus::dealer_events events_{
      .on_command = [this](command_envelope e) { deliver(std::move(e)); },
      .on_reply = [this](command_envelope e) { deliver_reply(std::move(e)); },
      .on_hub = [this](const node_welcome&, bool) { tell_all(true); },
      .on_hub_lost = [this] { tell_all(false); },
      .on_refused = [this](const error& why) { refused_(why); },
  };
  std::optional<bus::lookout> lookout_;
  std::optional<std::uint64_t> due_at_ms_; ///< of the earliest `due` on its way
  std::function<std::uint64_t()> clock_;
  std::string node_;
  std::function<void(const error&)> refused_;
  std::map<std::string, caf::actor> local_;
  std::unordered_map<messages::id, work> at_work_; ///< bounded by the switchboard's in-flight limit per node
  bool hub_there_ = false;
};

} // namespace

caf::actor spawn_bus_port(caf::actor_system& system, std::shared_ptr<bus::dealer> door, std::string node,
                          std::function<std::uint64_t()> clock, std::function<void(const messages::error&)> refused) {
  return caf::actor_cast<caf::actor>(
      system.spawn<bus_port>(std::move(door), std::move(node), std::move(clock), std::move(refused)));
}

} // namespace actors::runtime
