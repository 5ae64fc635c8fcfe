// SIMULATED: the slot of a virtual reader: a card is placed and removed, the reader unplugged, things go wrong on cue.
#pragma once

#include "drivers/card/virtual_card.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace drivers::card {

/// What a scripted fault does to one APDU. "before": the card never sees it; "after": it does, the answer is lost.
enum class fault_kind : std::uint8_t {
  delay,         ///< the answer comes late by delay_ms (a real reader asks for more time)
  mute,          ///< the card sees it; no answer ever comes
  fail,          ///< the reader reports a hardware error
  remove_before, ///< the card is pulled
  remove_after,
  unplug_before, ///< the reader is pulled
  unplug_after
};

/// Happens once, to the first APDU for which @p when holds.
struct fault {
  std::function<bool(apdu::octets)> when;
  fault_kind kind{};
  std::int64_t delay_ms = 0;
};

/// The next APDU with this instruction; for VERIFY: with a PIN.
std::function<bool(apdu::octets)> on_instruction(std::uint8_t ins);
/// The n-th APDU from now, counted from 1.
std::function<bool(apdu::octets)> on_apdu(int n);

/// What came of one APDU.
struct slot_answer {
  enum class outcome : std::uint8_t { answered, mute, failed, removed, unplugged };
  outcome how{};
  wiped_bytes bytes;
  std::int64_t delay_ms = 0;
};

/// One slot, shared by the hands that place cards and by the reader in front of it: the in-process one, or the USB
/// device of rig.hpp. Thread-safe; a reader is attached (plugged) from the start.
class virtual_slot {
public:
  explicit virtual_slot(std::string model = "virtual reader (simulated)") : model_(std::move(model)) {}

  const std::string& model() const { return model_; }

  void place(std::shared_ptr<virtual_card> card);
  void remove();
  void plug();
  void unplug();
  void add_fault(fault what);
  /// The card that lies here believes a certified terminal (virtual_card::believe_terminal); false: none does.
  bool vouch();

  /// For the reader in front. @p moved is called after each change, on the thread that made it, outside the lock; it
  /// must return at once. Empty: nobody.
  void set_front(std::function<void()> moved);
  struct state {
    bool plugged = false;
    bool card_present = false;
    std::uint64_t placed_count = 0;    ///< grows with each card placed: tells an exchange from no change
    std::uint64_t unplugged_count = 0; ///< so that a reader that left and came back is seen to have left
  };
  state now() const;
  /// What the card's maker decided; of no card when there is none.
  card_make make() const;
  /// The ATR; empty when there is no card.
  messages::bytes power_on();
  void power_off();
  slot_answer exchange(apdu::octets command);

private:
  void tell();
  std::optional<fault> take_fault(apdu::octets command);

  const std::string model_;
  mutable std::mutex guard_;
  std::shared_ptr<virtual_card> card_;
  std::uint64_t placed_count_ = 0, unplugged_count_ = 0;
  bool plugged_ = true;
  bool powered_ = false;
  std::deque<fault> faults_;
  std::mutex front_guard_;
  std::function<void()> front_;
};

} // namespace drivers::card
