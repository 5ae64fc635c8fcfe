// The slots of a CCID reader (card-reader.md §2.2, §2.4), as ccid_link.hpp says.
#include "drivers/card/ccid_link.hpp"

#include <algorithm>

namespace drivers::card {

namespace {

using messages::error_code;

constexpr int warm_up_tries = 3;

} // namespace

ccid_link::ccid_link(event_loop& loop, std::shared_ptr<pipe> over, reader_profile how, link_limits limits,
                     link_events events)
    : loop_(loop), profile_(std::move(how)), events_(std::move(events)),
      channel_(std::move(over), profile_.message_size_max, limits, events_.frames,
               {[this](const ccid::frame& f) { notice(f); },
                [this](messages::error why) {
                  for (auto& slot : slots_)
                    slot->mark_off();
                  if (events_.reader_lost) events_.reader_lost(std::move(why));
                }}) {
  for (int i = 0; i <= profile_.descriptor.slot_max; ++i)
    slots_.push_back(std::make_unique<ccid_slot>(channel_, profile_, static_cast<std::uint8_t>(i)));
}

/// @p exchanged: the reader says so. It counts only for a card that we have powered: readers also announce the card
/// that was there when they were plugged in, and that is the one we already know.
void ccid_link::tell(std::uint8_t number, bool present, bool exchanged) {
  auto& slot = *slots_[number];
  const bool other = present && slot.present && exchanged && slot.powered();
  if (present == slot.present && !other) return;
  const bool had_card = slots_[current_]->present;
  slot.present = present;
  slot.mark_off();
  const auto say = [this](bool there, bool another) {
    if (ready_ && events_.slot_changed) events_.slot_changed(there, another);
  };
  if (number != current_ && had_card) return; // a second card waits until the first one leaves
  if (present) {
    current_ = number;
    return say(true, other);
  }
  if (number != current_) return;
  say(false, false);
  const auto waiting = std::ranges::find_if(slots_, [](const auto& s) { return s->present; });
  if (waiting == slots_.end()) return;
  current_ = static_cast<std::uint8_t>(waiting - slots_.begin());
  say(true, true);
}

/// Every reply tells whether a card is there.
void ccid_link::notice(const ccid::frame& f) {
  if (f.slot >= slots_.size()) return;
  if (f.card() == ccid::card_state::absent) return tell(f.slot, false, false);
  if (f.card() == ccid::card_state::inactive) slots_[f.slot]->mark_off();
  tell(f.slot, true, false);
}

task<exchange<bool>> ccid_link::warm_up() {
  auto turn = lock_.enter();
  co_await turn;
  listening_ = channel_.over().listen([this](pipe_result got) {
    if (got.status == pipe_status::gone) return channel_.lose({error_code::reader_lost, {"waiting for a card"}});
    // what an interrupt pipe holds from before the warm-up is old news
    for (std::uint8_t i = 0; ready_ && i < slots_.size(); ++i)
      if (const auto told = ccid::parse_notice(got.bytes, i)) tell(i, told->present, told->changed);
  });
  if (listening_) {
    auto draining = answer_of<nothing>([this](std::function<void(nothing)> then) {
      loop_.after(channel_.limits().drain_wait, [then = std::move(then)] { then(nothing{}); });
    });
    co_await draining;
  }
  auto wait = channel_.limits().answer_wait;
  for (int tries = 1;; ++tries) {
    auto asking = slots_[0]->ask_status(wait);
    const auto status = co_await asking;
    if (status) break; // bError FE and the like are normal answers here (§2.4 no. 12)
    if (tries == warm_up_tries || channel_.lost()) co_return tl::unexpected<loss>{status.error()};
    wait = channel_.limits().resync_wait;
  }
  for (std::size_t i = 1; i < slots_.size() && !channel_.lost(); ++i) {
    auto asking = slots_[i]->ask_status(channel_.limits().answer_wait);
    [[maybe_unused]] const auto status = co_await asking; // a slot that does not answer has no card
  }
  ready_ = true;
  co_return slots_[current_]->present;
}

task<nothing> ccid_link::poll() {
  if (lock_.taken()) co_return nothing{};
  auto turn = lock_.enter();
  co_await turn;
  for (std::size_t i = 0; i < slots_.size() && !channel_.lost(); ++i) {
    auto asking = slots_[i]->ask_status(channel_.limits().answer_wait);
    [[maybe_unused]] const auto status = co_await asking; // what it tells was noticed; a lost reader too
  }
  co_return nothing{};
}

task<exchange<messages::bytes>> ccid_link::power_on() {
  auto turn = lock_.enter();
  co_await turn;
  if (channel_.lost()) co_return lost({error_code::reader_lost, {"power on"}}, false);
  auto& slot = *slots_[current_];
  auto powering = slot.power_on();
  auto atr = co_await powering;
  if (atr && slot.session() && events_.card_powered) events_.card_powered(*slot.session());
  co_return atr;
}

task<exchange<wiped_bytes>> ccid_link::transmit(wiped_bytes apdu) {
  auto turn = lock_.enter();
  co_await turn;
  auto transmitting = slots_[current_]->transmit(apdu);
  co_return co_await transmitting;
}

} // namespace drivers::card
