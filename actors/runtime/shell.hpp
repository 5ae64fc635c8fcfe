// The thin CAF shell around an actor's pure part: receives, lets it decide, writes to the journal, then acts
// (design.md §4). Everything that actors have in common is here; an actor's own file only connects its ports.
//
// Defends against CAF 0.17.6's traps (stack.md §2.2): handlers return nothing, so no reply can bounce and kill; an
// error message does not end the actor; sends from other threads are anonymous.
#pragma once

#include "actors/pure/effects.hpp"
#include "actors/pure/taken_commands.hpp"
#include "actors/runtime/mail.hpp"
#include "actors/runtime/session_uses.hpp"

#include <caf/event_based_actor.hpp>

#include <atomic>
#include <memory>
#include <type_traits>
#include <unordered_map>

namespace storage {
class journal;
}
namespace drivers::clock {
class clock;
}
namespace account_admin {
struct policy;
}

namespace actors::runtime {

struct roster_row;

/// Where an actor lives and what it may use. Everything pointed to outlives the actor.
struct place {
  const roster_row* row = nullptr;
  std::string node, hub;
  caf::actor bus;
  storage::journal* journal = nullptr; ///< only on the hub
  const drivers::clock::clock* clock = nullptr;
  id_source make_id;
  /// account_admin lives on this hub: each command needs its right (account_admin/rules.hpp), each session its use.
  std::shared_ptr<const account_admin::policy> accounts;
  std::shared_ptr<session_uses> uses; ///< beside `accounts`
  std::function<void(const messages::error&)> fail; ///< ends the node: the journal refused a write
};

class shell : public caf::event_based_actor {
public:
  shell(caf::actor_config& config, place where);
  ~shell() override;

protected:
  // -- what the actor's own file says ------------------------------------------------------------------------------

  /// Once, before any message.
  virtual void on_start() = 0;
  virtual void on_command(const messages::command_envelope& command) = 0;
  virtual void on_reply(const tag& who, const messages::result<std::string>& body, std::uint64_t version) = 0;
  virtual void on_tick() {}
  virtual void on_hub(bool /*there*/) {}
  virtual std::optional<std::uint64_t> next_tick_ms() const { return {}; }

  // -- what it may do ----------------------------------------------------------------------------------------------

  /// Carries out a decision. @p act runs on some thread once everything it rests on is durable; not at all when this
  /// incarnation of the actor ended before.
  void carry_out(effects decided, std::function<void()> act = {});
  /// Wraps @p work so that a port's thread may call it: it runs in this actor, or not at all when it is gone.
  template <class... Args> auto in_this_actor(std::type_identity_t<std::function<void(Args...)>> work) {
    return [self = caf::actor_cast<caf::weak_actor_ptr>(this), work = std::move(work)](Args... args) {
      hand_over(self, [work, ... args = std::move(args)]() mutable { work(std::move(args)...); });
    };
  }
  std::uint64_t now_ms() const;
  const place& here() const { return place_; }

private:
  static void hand_over(const caf::weak_actor_ptr& self, std::function<void()> work);
  caf::behavior make_behavior() override;
  void on_exit() override;
  void take(const messages::command_envelope& command);
  void take_reply(const messages::command_envelope& reply);
  std::optional<messages::error> refusal_of(const messages::command_envelope& command) const;
  bool seen_before(const messages::command_envelope& command);
  messages::command_envelope envelope_of(outgoing&& command);
  std::vector<messages::command_envelope> envelopes_of(std::vector<outgoing>& commands);
  void send(std::vector<messages::command_envelope> envelopes) const;
  void plan_tick();

  place place_;
  std::unordered_map<messages::id, tag> asked_;
  taken_commands taken_before_;
  std::shared_ptr<std::atomic<bool>> alive_;
  std::shared_ptr<std::atomic<int>> undurable_; ///< appends whose sync is awaited
  std::uint64_t lazy_ = 0;                      ///< appends nobody waited for; how many of them are durable:
  std::shared_ptr<std::atomic<std::uint64_t>> durable_lazy_;
  std::optional<std::uint64_t> tick_at_ms_;
  messages::id taken_;        ///< the command that is being decided on,
  std::string taken_account_; ///< and on whose behalf: what it writes says so
};

} // namespace actors::runtime
