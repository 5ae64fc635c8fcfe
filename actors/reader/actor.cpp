// The shell of reader: connects the card's stay to the card port. The PIN goes from the desk's secret_slot to the port
// here, and is in no message.
#include "actors/reader/card_stay.hpp"
#include "actors/roster.hpp"
#include "actors/runtime/ports.hpp"
#include "actors/runtime/shell.hpp"
#include "drivers/card/port.hpp"
#include "drivers/card/terminal.hpp"
#include "messages/photo_slot.hpp"

#include <caf/actor_system.hpp>

#include <algorithm>
#include <mutex>

namespace reader {
namespace {

using namespace messages;

/// What the port last said, so that a restarted actor starts where the reader stands: the port is watched once and
/// outlives every incarnation.
class last_facts final : public drivers::card::reader_watcher {
public:
  struct facts {
    bool attached = false, placed = false;
    std::string model;
    error why{error_code::no_reader, {}};
  };
  using listener = std::function<void(facts)>;

  /// @p who is told how things stand, and everything after; replaces the last one.
  void tell(listener who) {
    const std::lock_guard lock{mutex_};
    listener_ = std::move(who);
    listener_(now_);
  }
  void reader_attached(const std::string& model) override {
    change([&](facts& f) { f = {true, false, model, {}}; });
  }
  void reader_detached(const error& why) override {
    change([&](facts& f) { f = {false, false, f.model, why}; });
  }
  void card_placed() override {
    change([](facts& f) { f.placed = true; });
  }
  void card_removed() override {
    change([](facts& f) { f.placed = false; });
  }

private:
  template <class F> void change(F&& how) {
    const std::lock_guard lock{mutex_};
    how(now_);
    if (listener_) listener_(now_);
  }
  std::mutex mutex_;
  facts now_;
  listener listener_;
};

/// One watcher per port, kept as long as the port.
std::shared_ptr<last_facts> facts_of(const std::shared_ptr<drivers::card::reader>& port) {
  static std::mutex mutex;
  static std::map<drivers::card::reader*, std::pair<std::weak_ptr<drivers::card::reader>, std::shared_ptr<last_facts>>>
      all;
  const std::lock_guard lock{mutex};
  std::erase_if(all, [](const auto& entry) { return entry.second.first.expired(); });
  auto& entry = all[port.get()];
  if (!entry.second) {
    entry = {port, std::make_shared<last_facts>()};
    port->watch(*entry.second);
  }
  return entry.second;
}

class actor final : public actors::runtime::shell {
public:
  actor(caf::actor_config& config, actors::runtime::place where, const actors::runtime::node_ports& ports)
      : shell(config, where), port_(ports.reader), pin_(ports.pin), number_(ports.check_number), photo_(ports.photo),
        terminal_(ports.terminal), stay_(where.hub, where.make_id) {}

private:
  void on_start() override {
    act_on(stay_.on_start());
    facts_of(port_)->tell(in_this_actor<last_facts::facts>([this](const last_facts::facts& f) { take(f); }));
  }
  void on_command(const command_envelope& command) override { act_on(stay_.on_command(command, now_ms())); }
  void on_reply(const actors::tag& who, const result<std::string>& body, std::uint64_t version) override {
    act_on(stay_.on_reply(who, body, version, now_ms()));
  }
  void on_tick() override { act_on(stay_.on_tick(now_ms())); }
  void on_hub(bool there) override { act_on(stay_.on_hub(there)); }
  std::optional<std::uint64_t> next_tick_ms() const override { return stay_.next_tick_ms(); }

  /// The port tells how things stand; what changed since is what happened.
  void take(const last_facts::facts& f) {
    if (known_.placed && (!f.placed || !f.attached)) {
      if (f.attached) act_on(stay_.on_lifted());
    }
    if (!known_.attached && f.attached) act_on(stay_.on_attached(f.model));
    if (!f.attached) act_on(stay_.on_detached(f.why));
    if (!known_.placed && f.placed) act_on(stay_.on_placed());
    known_ = f;
  }

  void act_on(decision d) {
    const auto actions = d.port;
    auto challenge = std::move(d.challenge);
    carry_out(std::move(d));
    for (const auto action : actions)
      act(action, challenge);
  }

  void act(port_action action, bytes& challenge) {
    switch (action) {
    case port_action::identify:
      port_->identify(in_this_actor<result<drivers::card::card_found>>(
          [this](const result<drivers::card::card_found>& found) {
            act_on(stay_.on_identified(facts_from(found, now_ms())));
          }));
      break;
    case port_action::verify_pin: {
      auto pin = pin_->take();
      if (pin.empty()) return act_on(stay_.on_verified(pin_outcome::not_made, -1));
      port_->verify_pin(std::move(pin),
                        in_this_actor<drivers::card::pin_attempt>([this](const drivers::card::pin_attempt& a) {
                          act_on(stay_.on_verified(a.outcome, a.tries_left));
                        }));
      break;
    }
    case port_action::sign:
      port_->sign(std::move(challenge),
                  in_this_actor<result<bytes>>([this](const result<bytes>& s) { act_on(stay_.on_signed(s)); }));
      break;
    case port_action::prove: prove(std::move(challenge)); break;
    case port_action::read_photo: read_photo(stay_.session()); break;
    case port_action::wipe_pin:
      pin_->wipe();
      if (number_) number_->wipe();
      [[fallthrough]];
    case port_action::wipe_photo:
      if (photo_) photo_->wipe();
      break;
    }
  }

  /// First how many tries are left, then one with the number that staff typed or the reader read. The last try is never
  /// used up here: a locked 照合番号B is mended at the municipality only.
  void read_photo(messages::id session) {
    using drivers::card::surface_read;
    auto number = std::make_shared<secret>(number_ ? number_->take() : secret{});
    if (number->empty() && terminal_) *number = terminal_->printed_number();
    auto tell = in_this_actor<photo_outcome, std::int64_t>([this, session](photo_outcome outcome, std::int64_t tries) {
      act_on(stay_.on_photo(session, outcome, tries));
    });
    if (number->empty() || !photo_) return tell(photo_outcome::number_missing, -1);
    auto counted = in_this_actor<std::int64_t>([this, session, number, tell](std::int64_t tries) {
      constexpr std::int64_t tries_kept = 1;
      if (tries <= tries_kept)
        return tell(tries < 0 ? photo_outcome::unreadable : photo_outcome::number_held_back, tries);
      port_->read_surface(std::move(*number), tries, [photo = photo_, session, tell](const surface_read& read) {
        const auto [outcome, left] = read.attempt;
        const bool held = outcome == pin_outcome::right && read.surface;
        if (held) photo->put(session, read.surface->photo.reveal());
        tell(held                                ? photo_outcome::held
             : outcome == pin_outcome::wrong     ? photo_outcome::wrong_number
             : outcome == pin_outcome::blocked   ? photo_outcome::number_held_back
                                                 : photo_outcome::unreadable,
             left);
      });
    });
    port_->read_surface({}, -1, [counted](const surface_read& read) { counted(read.attempt.tries_left); });
  }

  /// What only a certified terminal can do, simulated: the card is powered anew, told that its owner's face was seen,
  /// and signs.
  void prove(bytes challenge) {
    auto tell = in_this_actor<result<bytes>>([this](const result<bytes>& s) { act_on(stay_.on_signed(s)); });
    if (!terminal_) return tell(failure(error_code::face_not_offered));
    port_->identify([port = port_, terminal = terminal_, challenge = std::move(challenge),
                     tell](const result<drivers::card::card_found>& found) mutable {
      if (!found) return tell(failure(found.error()));
      if (!terminal->vouch()) return tell(failure(error_code::face_not_offered));
      port->sign(std::move(challenge), tell);
    });
  }

  static result<card_facts> facts_from(const result<drivers::card::card_found>& found, std::uint64_t now_ms) {
    if (!found) return failure(found.error());
    card_facts f{found->kind, found->tries_left, found->certificate, {}, {}};
    if (found->kind == card_kind::my_number_card)
      f.standing = drivers::card::standing_at(found->facts, static_cast<std::int64_t>(now_ms / 1000));
    if (found->mark.size() == id::size) std::ranges::copy(found->mark, f.mark.bytes.begin());
    return f;
  }

  std::shared_ptr<drivers::card::reader> port_;
  std::shared_ptr<secret_slot> pin_, number_;
  std::shared_ptr<photo_slot> photo_;
  std::shared_ptr<drivers::card::terminal> terminal_;
  card_stay stay_;
  last_facts::facts known_;
};

} // namespace

caf::actor spawn(caf::actor_system& system, const actors::runtime::place& where,
                 const actors::runtime::node_ports& ports) {
  return caf::actor_cast<caf::actor>(system.spawn<actor>(where, ports));
}

} // namespace reader
