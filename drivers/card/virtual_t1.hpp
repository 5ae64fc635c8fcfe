// SIMULATED: a card's side of T=1, block in, block out (ISO/IEC 7816-3 §11). Written apart from the driver's side, so
// that one's misreading of the standard is not the other's.
#pragma once

#include "drivers/card/virtual_slot.hpp"

#include <chrono>
#include <cstdint>
#include <functional>

namespace drivers::card {

/// From one power-on to the next. Not thread-safe.
class virtual_t1 {
public:
  using run = std::function<slot_answer(apdu::octets)>;
  static constexpr std::size_t ifsd_at_start = 32;
  /// How much more of its block waiting time a slow card asks for.
  static constexpr std::uint8_t waiting_factor = 3;

  /// @p ifsd: what the reader's own firmware has agreed on, where it does (dwFeatures 0x400).
  virtual_t1(const card_make& make, std::size_t ifsd, run what)
      : ifsc_(make.ifsc), crc_(make.crc), fixed_speed_(make.fixed_speed), ifsd_(ifsd), run_(std::move(what)) {}

  struct answer {
    wiped_bytes block; ///< empty unless `answered`
    std::chrono::milliseconds delay{0};
    slot_answer::outcome how = slot_answer::outcome::answered;
  };
  answer receive(apdu::octets block);

private:
  bool is_whole(apdu::octets block) const;
  wiped_bytes finish(wiped_bytes block) const;
  answer say(std::uint8_t pcb, apdu::octets information = {});
  answer ask_again(std::uint8_t why);
  answer on_information(std::uint8_t pcb, apdu::octets information);
  answer on_receipt(std::uint8_t pcb);
  answer on_supervisory(std::uint8_t pcb, apdu::octets information);
  answer execute();
  answer next_part();

  std::size_t ifsc_;
  bool crc_, fixed_speed_;
  std::size_t ifsd_;
  run run_;
  bool fresh_ = true;                      ///< nothing was received yet: the one moment for a PPS
  bool number_ = false, expected_ = false; ///< N(S) of our next I-block, and of the reader's
  wiped_bytes command_, answer_, last_;
  std::size_t sent_ = 0;
  bool sending_ = false; ///< in the middle of a chained answer
  std::chrono::milliseconds owed_{0};
  bool asked_time_ = false;
};

} // namespace drivers::card
