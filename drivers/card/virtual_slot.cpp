// SIMULATED: the slot of a virtual reader, as virtual_slot.hpp says.
#include "drivers/card/virtual_slot.hpp"

#include <algorithm>

namespace drivers::card {

std::function<bool(apdu::octets)> on_instruction(std::uint8_t ins) {
  return
      [ins](apdu::octets a) { return a.size() >= 4 && a[1] == ins && (ins != apdu::ins_verify || apdu::holds_pin(a)); };
}

std::function<bool(apdu::octets)> on_apdu(int n) {
  return [n](apdu::octets) mutable { return --n == 0; };
}

void virtual_slot::tell() {
  const std::lock_guard lock{front_guard_};
  if (front_) front_();
}

void virtual_slot::set_front(std::function<void()> moved) {
  const std::lock_guard lock{front_guard_};
  front_ = std::move(moved);
}

void virtual_slot::place(std::shared_ptr<virtual_card> card) {
  {
    const std::lock_guard lock{guard_};
    card_ = std::move(card);
    card_->reset();
    ++placed_count_;
    powered_ = false;
  }
  tell();
}

void virtual_slot::remove() {
  {
    const std::lock_guard lock{guard_};
    if (card_) card_->reset();
    card_.reset();
    powered_ = false;
  }
  tell();
}

void virtual_slot::plug() {
  {
    const std::lock_guard lock{guard_};
    plugged_ = true;
  }
  tell();
}

void virtual_slot::unplug() {
  {
    const std::lock_guard lock{guard_};
    if (plugged_) ++unplugged_count_;
    plugged_ = false;
    powered_ = false;
    if (card_) card_->reset(); // it lies there without power
  }
  tell();
}

void virtual_slot::add_fault(fault what) {
  const std::lock_guard lock{guard_};
  faults_.push_back(std::move(what));
}

virtual_slot::state virtual_slot::now() const {
  const std::lock_guard lock{guard_};
  return {plugged_, card_ != nullptr, placed_count_, unplugged_count_};
}

card_make virtual_slot::make() const {
  const std::lock_guard lock{guard_};
  return card_ ? card_->make_of_card() : card_make{};
}

messages::bytes virtual_slot::power_on() {
  const std::lock_guard lock{guard_};
  if (!plugged_ || !card_) return {};
  card_->reset();
  powered_ = true;
  return card_->atr();
}

void virtual_slot::power_off() {
  const std::lock_guard lock{guard_};
  if (card_) card_->reset();
  powered_ = false;
}

bool virtual_slot::vouch() {
  const std::lock_guard lock{guard_};
  if (!plugged_ || !card_ || !powered_) return false;
  card_->believe_terminal();
  return true;
}

std::optional<fault> virtual_slot::take_fault(apdu::octets command) {
  const auto found = std::ranges::find_if(faults_, [&](fault& f) { return f.when(command); });
  if (found == faults_.end()) return std::nullopt;
  auto taken = std::move(*found);
  faults_.erase(found);
  return taken;
}

slot_answer virtual_slot::exchange(apdu::octets command) {
  using outcome = slot_answer::outcome;
  std::optional<fault> what;
  slot_answer result{outcome::answered, {}, 0};
  {
    const std::lock_guard lock{guard_};
    if (!plugged_) return {outcome::unplugged, {}, 0};
    if (!card_) return {outcome::removed, {}, 0};
    if (!powered_) return {outcome::failed, {}, 0};
    what = take_fault(command);
    const bool unseen = what && (what->kind == fault_kind::remove_before || what->kind == fault_kind::unplug_before ||
                                 what->kind == fault_kind::fail);
    if (!unseen) result.bytes = card_->answer(command);
  }
  if (!what) return result;
  if (what->kind != fault_kind::delay) result.bytes.clear();
  switch (what->kind) {
  case fault_kind::delay: result.delay_ms = what->delay_ms; break;
  case fault_kind::mute: result.how = outcome::mute; break;
  case fault_kind::fail: result.how = outcome::failed; break;
  case fault_kind::remove_before:
  case fault_kind::remove_after:
    remove();
    result.how = outcome::removed;
    break;
  case fault_kind::unplug_before:
  case fault_kind::unplug_after:
    unplug();
    result.how = outcome::unplugged;
    break;
  }
  return result;
}

} // namespace drivers::card
