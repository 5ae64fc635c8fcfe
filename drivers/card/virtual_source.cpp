// SIMULATED: the in-process source of transports: the reader port over a virtual slot, without USB and CCID.
#include "drivers/card/card_reader.hpp"
#include "drivers/card/virtual_slot.hpp"

#include <atomic>

namespace drivers::card {

namespace {

using messages::error_code;
using std::chrono::milliseconds;

/// What a real reader's driver waits for an answer, shortened: nothing here is slow by itself.
constexpr milliseconds mute_wait{200};

messages::error error_of(slot_answer::outcome how) {
  switch (how) {
  case slot_answer::outcome::mute:
    return {error_code::reader_failed, {"no answer in time", "an APDU"}};
  case slot_answer::outcome::removed:
    return {error_code::card_removed, {}};
  case slot_answer::outcome::unplugged:
    return {error_code::reader_lost, {"an APDU"}};
  case slot_answer::outcome::failed:
  case slot_answer::outcome::answered:
    break;
  }
  return {error_code::reader_failed, {"hardware error", "an APDU"}};
}

/// One attachment of the virtual reader.
class virtual_transport final : public transport {
public:
  virtual_transport(std::shared_ptr<event_loop> loop, std::shared_ptr<virtual_slot> slot)
      : slot_(std::move(slot)), closed_(*loop) {}

  void close() {
    gone_ = true;
    closed_.raise();
  }

  task<exchange<messages::bytes>> power_on() override {
    powered_ = false;
    if (gone_) co_return lost({error_code::reader_lost, {"power on"}}, false);
    auto atr = slot_->power_on();
    if (atr.empty()) co_return lost({error_code::card_removed, {}}, false);
    powered_ = true;
    co_return atr;
  }

  task<exchange<wiped_bytes>> transmit(wiped_bytes apdu) override {
    if (gone_) co_return lost({error_code::reader_lost, {"an APDU"}}, false);
    if (!powered_) co_return lost({error_code::card_mute, {"it is not powered"}}, false);
    auto came = slot_->exchange(apdu);
    const bool slow = came.delay_ms > 0 || came.how == slot_answer::outcome::mute;
    if (slow) {
      auto waiting = closed_.next(came.delay_ms > 0 ? milliseconds{came.delay_ms} : mute_wait);
      co_await waiting;
      if (gone_) came.how = slot_answer::outcome::unplugged;
    }
    if (came.how == slot_answer::outcome::answered) co_return std::move(came.bytes);
    powered_ = false; // as with a real reader: only a power cycle goes on from here
    co_return lost(error_of(came.how), true);
  }

private:
  std::shared_ptr<virtual_slot> slot_;
  wake_up closed_;
  bool gone_ = false;
  bool powered_ = false;
};

class virtual_source final : public transport_source {
public:
  virtual_source(std::shared_ptr<event_loop> loop, std::shared_ptr<virtual_slot> slot)
      : loop_(std::move(loop)), slot_(std::move(slot)) {}

  void start(source_watcher& watcher) override {
    watcher_ = &watcher;
    slot_->set_front([this] {
      if (!told_.exchange(true)) loop_->post([this] { follow(); });
    });
    follow();
  }

  task<nothing> stop() override {
    slot_->set_front({});
    // a call of follow() may still be posted: it comes before this
    auto posting = answer_of<nothing>(
        [this](std::function<void(nothing)> then) { loop_->post([then = std::move(then)] { then(nothing{}); }); });
    co_await posting;
    if (transport_) std::exchange(transport_, nullptr)->close();
    co_return nothing{};
  }

private:
  /// Tells the difference between the slot as it was last seen and as it is.
  void follow() {
    told_ = false;
    const auto now = slot_->now();
    if (transport_ && (!now.plugged || now.unplugged_count != last_.unplugged_count)) {
      std::exchange(transport_, nullptr)->close();
      watcher_->detached({error_code::reader_lost, {"the virtual slot"}});
    } else if (!transport_ && !now.plugged && !seen_) {
      watcher_->detached({error_code::no_reader, {}});
    }
    const bool fresh = !transport_ && now.plugged;
    if (fresh) {
      transport_ = std::make_shared<virtual_transport>(loop_, slot_);
      watcher_->attached(transport_, slot_->model());
    }
    if (transport_ && (fresh || now.card_present != last_.card_present || now.placed_count != last_.placed_count))
      watcher_->slot_changed(now.card_present, now.placed_count != last_.placed_count);
    last_ = now;
    seen_ = true;
  }

  std::shared_ptr<event_loop> loop_;
  std::shared_ptr<virtual_slot> slot_;
  std::atomic<bool> told_ = false;
  source_watcher* watcher_ = nullptr;
  std::shared_ptr<virtual_transport> transport_;
  virtual_slot::state last_;
  bool seen_ = false;
};

} // namespace

std::unique_ptr<reader> make_virtual_reader(std::shared_ptr<virtual_slot> slot, trace_line trace, authorities trusted) {
  auto loop = event_loop::shared();
  auto source = std::make_unique<virtual_source>(loop, std::move(slot));
  return std::make_unique<card_reader>(std::move(loop), std::move(source), std::move(trace), std::move(trusted));
}

} // namespace drivers::card
