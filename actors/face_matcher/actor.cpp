// The shell of face_matcher: carries pictures between the photo slot, the camera and the engine, inside this process.
#include "actors/face_matcher/matching.hpp"
#include "actors/roster.hpp"
#include "actors/runtime/ports.hpp"
#include "actors/runtime/shell.hpp"
#include "drivers/camera/port.hpp"
#include "drivers/face/port.hpp"
#include "messages/photo_slot.hpp"

#include <caf/actor_system.hpp>

namespace face_matcher {
namespace {

using namespace messages;

class actor final : public actors::runtime::shell {
public:
  actor(caf::actor_config& config, actors::runtime::place where, const actors::runtime::node_ports& ports)
      : shell(config, where), engine_(ports.face), camera_(ports.camera), photo_(ports.photo),
        matching_(options_of(where, *ports.face)) {}

private:
  static options options_of(const actors::runtime::place& where, const drivers::face::engine& engine) {
    const auto facts = engine.model();
    options o;
    o.hub = where.hub;
    o.node = where.node;
    o.model = facts.id;
    o.by = {facts.means.accept_at, facts.means.unsure_from};
    return o;
  }

  void on_start() override { forget(); } // whatever an earlier incarnation was looking at
  void on_command(const command_envelope& command) override { act_on(matching_.on_command(command, now_ms())); }
  void on_reply(const actors::tag& who, const result<std::string>& body, std::uint64_t version) override {
    act_on(matching_.on_reply(who, body, version, now_ms()));
  }
  void on_tick() override { act_on(matching_.on_tick(now_ms())); }
  std::optional<std::uint64_t> next_tick_ms() const override { return matching_.next_tick_ms(); }

  void act_on(decision d) {
    const auto actions = d.port;
    carry_out(std::move(d));
    for (const auto action : actions)
      act(action);
  }

  void act(port_action action) {
    const auto of = matching_.comparison();
    switch (action) {
    case port_action::learn:
      engine_->learn(photo_->take(matching_.reader_session()),
                     in_this_actor<result<void>>(
                         [this, of](const result<void>& learnt) { act_on(matching_.on_learnt(of, learnt)); }));
      break;
    case port_action::take_frame: take_frame(of); break;
    case port_action::forget: forget(); break;
    }
  }

  /// From the camera's thread straight to the engine: a frame passes no mailbox.
  void take_frame(std::uint64_t of) {
    auto seen = in_this_actor<result<drivers::face::frame_report>>([this, of](
                                                                       const result<drivers::face::frame_report>& r) {
      act_on(matching_.on_seen(of, r ? result<face_sight>{r->seen} : failure(r.error()), r ? r->score : -1));
    });
    camera_->next([engine = engine_, seen = std::move(seen)](wiped_bytes frame) {
      engine->look(std::move(frame), seen);
    });
  }

  void forget() {
    camera_->rest();
    photo_->wipe();
    engine_->forget();
  }

  std::shared_ptr<drivers::face::engine> engine_;
  std::shared_ptr<drivers::camera::camera> camera_;
  std::shared_ptr<photo_slot> photo_;
  matching matching_;
};

} // namespace

caf::actor spawn(caf::actor_system& system, const actors::runtime::place& where,
                 const actors::runtime::node_ports& ports) {
  return caf::actor_cast<caf::actor>(system.spawn<actor>(where, ports));
}

} // namespace face_matcher
