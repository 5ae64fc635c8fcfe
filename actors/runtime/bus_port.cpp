// The loop of the bus port: mail of this node's actors out, frames of the bus in.
#include "actors/runtime/bus_port.hpp"

#include "drivers/bus/dealer.hpp"

#include <caf/blocking_actor.hpp>
#include <caf/others.hpp>
#include <caf/send.hpp>
#include <caf/spawn_options.hpp>

#include <map>
#include <unordered_map>

namespace actors::runtime {
namespace {

using namespace messages;

class bus_port final : public caf::blocking_actor {
public:
  bus_port(caf::actor_config& config, std::shared_ptr<bus::dealer> door, std::string node,
           std::function<void(const error&)> refused)
      : caf::blocking_actor(config), door_(std::move(door)), node_(std::move(node)), refused_(std::move(refused)) {}

  /// Any thread: a message for this actor also ends the poll it may be in.
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* unit) override {
    const auto door = door_; // act() may end while we are here
    caf::blocking_actor::enqueue(std::move(what), unit);
    door->wake();
  }

  void act() override {
    const bus::dealer_events events{
        .on_command = [this](command_envelope e) { deliver(std::move(e)); },
        .on_reply = [this](command_envelope e) { deliver_reply(std::move(e)); },
        .on_hub = [this](const node_welcome&, bool) { tell_all(true); },
        .on_hub_lost = [this] { tell_all(false); },
        .on_refused = [this](const error& why) { refused_(why); },
    };
    while (running_) {
      take_mail();
      if (running_) door_->turn(-1, events);
    }
    local_.clear();
  }

private:
  void take_mail() {
    receive_while([this] { return running_ && has_next_message(); })(
        [this](send_out& out) {
          for (auto& e : out.envelopes)
            send_one(e);
        },
        [this](actor_born& born) {
          if (hub_there_) caf::anon_send(born.handle, hub_seen{true});
          local_[born.name] = std::move(born.handle);
        },
        [this](const actor_died& died) { answer_for(died.name); },
        [this](const caf::exit_msg&) { running_ = false; }, // stack.md §2.2: a blocking actor has to look for it
        caf::others >> [](caf::message_view&) -> caf::result<caf::message> { return caf::sec::unexpected_message; });
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
  std::string node_;
  std::function<void(const error&)> refused_;
  std::map<std::string, caf::actor> local_;
  std::unordered_map<messages::id, work> at_work_; ///< bounded by the switchboard's in-flight limit per node
  bool hub_there_ = false;
  bool running_ = true;
};

} // namespace

caf::actor spawn_bus_port(caf::actor_system& system, std::shared_ptr<bus::dealer> door, std::string node,
                          std::function<void(const messages::error&)> refused) {
  return caf::actor_cast<caf::actor>(
      system.spawn<bus_port, caf::detached>(std::move(door), std::move(node), std::move(refused)));
}

} // namespace actors::runtime
