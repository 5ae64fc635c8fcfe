// SIMULATED: a card's side of T=1, as virtual_t1.hpp says.
#include "drivers/card/virtual_t1.hpp"

#include <algorithm>
#include <array>

namespace drivers::card {

namespace {

constexpr std::uint8_t pps_start = 0xFF;
constexpr std::uint8_t wrong_checksum = 1, other_error = 2;
constexpr std::uint8_t resynch = 0, set_ifs = 1, abort_chain = 2, more_time = 3;
constexpr std::size_t prologue = 3;

/// CRC of ISO/IEC 13239 as T=1 cards with TC3 use it: preset to ones, most significant byte first.
std::array<std::uint8_t, 2> crc_of(apdu::octets bytes) {
  unsigned crc = 0xFFFF;
  for (const auto b : bytes) {
    crc ^= b;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc & 1) != 0 ? crc >> 1 ^ 0x8408 : crc >> 1;
  }
  return {static_cast<std::uint8_t>(crc >> 8), static_cast<std::uint8_t>(crc)};
}

std::uint8_t lrc_of(apdu::octets bytes) {
  std::uint8_t sum = 0;
  for (const auto b : bytes)
    sum ^= b;
  return sum;
}

} // namespace

bool virtual_t1::is_whole(apdu::octets block) const {
  const std::size_t check = crc_ ? 2 : 1;
  if (block.size() < prologue + check || block.size() != prologue + block[2] + check) return false;
  const auto body = block.first(block.size() - check);
  if (!crc_) return lrc_of(block) == 0;
  return std::ranges::equal(crc_of(body), block.last(2));
}

wiped_bytes virtual_t1::finish(wiped_bytes block) const {
  if (crc_)
    for (const auto b : crc_of(block))
      block.push_back(b);
  else
    block.push_back(lrc_of(block));
  return block;
}

virtual_t1::answer virtual_t1::say(std::uint8_t pcb, apdu::octets information) {
  wiped_bytes block = {0, pcb, static_cast<std::uint8_t>(information.size())};
  block.insert(block.end(), information.begin(), information.end());
  last_ = finish(std::move(block));
  return {last_, std::chrono::milliseconds{0}, slot_answer::outcome::answered};
}

virtual_t1::answer virtual_t1::ask_again(std::uint8_t why) {
  return say(static_cast<std::uint8_t>(0x80 | (expected_ ? 0x10 : 0) | why));
}

virtual_t1::answer virtual_t1::receive(apdu::octets block) {
  if (std::exchange(fresh_, false) && !block.empty() && block[0] == pps_start) {
    if (fixed_speed_) return {{}, std::chrono::milliseconds{0}, slot_answer::outcome::mute}; // no PPS is allowed
    return {wiped_bytes(block.begin(), block.end()), std::chrono::milliseconds{0}, slot_answer::outcome::answered};
  }
  if (!is_whole(block)) return ask_again(wrong_checksum);
  const auto pcb = block[1];
  const auto information = block.subspan(prologue, block[2]);
  if ((pcb & 0x80) == 0) return on_information(pcb, information);
  return (pcb & 0x40) == 0 ? on_receipt(pcb) : on_supervisory(pcb, information);
}

virtual_t1::answer virtual_t1::on_information(std::uint8_t pcb, apdu::octets information) {
  const bool number = (pcb & 0x40) != 0, more = (pcb & 0x20) != 0;
  if (number != expected_ || information.size() > ifsc_) return ask_again(other_error);
  sending_ = false;
  expected_ = !expected_;
  command_.insert(command_.end(), information.begin(), information.end());
  if (more) return say(static_cast<std::uint8_t>(0x80 | (expected_ ? 0x10 : 0)));
  return execute();
}

virtual_t1::answer virtual_t1::execute() {
  auto came = run_(command_);
  command_ = {};
  if (came.how != slot_answer::outcome::answered) return {{}, std::chrono::milliseconds{0}, came.how};
  answer_ = std::move(came.bytes);
  sent_ = 0;
  if (came.delay_ms == 0) return next_part();
  owed_ = std::chrono::milliseconds{came.delay_ms};
  asked_time_ = true;
  const std::uint8_t factor[] = {waiting_factor};
  return say(0xC0 | more_time, factor);
}

virtual_t1::answer virtual_t1::next_part() {
  const auto size = std::min(answer_.size() - sent_, ifsd_);
  const auto part = apdu::octets{answer_}.subspan(sent_, size);
  sent_ += size;
  sending_ = sent_ < answer_.size();
  const auto pcb = static_cast<std::uint8_t>((number_ ? 0x40 : 0) | (sending_ ? 0x20 : 0));
  number_ = !number_;
  return say(pcb, part);
}

virtual_t1::answer virtual_t1::on_receipt(std::uint8_t pcb) {
  const bool wanted = (pcb & 0x10) != 0;
  if (sending_ && wanted == number_ && (pcb & 0x0F) == 0) return next_part();
  if (last_.empty()) return ask_again(0);
  return {last_, std::chrono::milliseconds{0}, slot_answer::outcome::answered}; // the last block once more
}

virtual_t1::answer virtual_t1::on_supervisory(std::uint8_t pcb, apdu::octets information) {
  const auto about = static_cast<std::uint8_t>(pcb & 0x1F);
  const bool response = (pcb & 0x20) != 0;
  if (response) {
    if (about != more_time || !std::exchange(asked_time_, false)) return ask_again(other_error);
    auto late = next_part();
    late.delay = std::exchange(owed_, std::chrono::milliseconds{0});
    return late;
  }
  switch (about) {
  case resynch:
    number_ = expected_ = sending_ = asked_time_ = false;
    command_ = {};
    ifsd_ = ifsd_at_start;
    return say(0xE0 | resynch);
  case set_ifs:
    if (information.size() != 1 || information[0] == 0 || information[0] == 0xFF) return ask_again(other_error);
    ifsd_ = information[0];
    return say(0xE0 | set_ifs, information);
  case abort_chain:
    command_ = {};
    sending_ = false;
    return say(0xE0 | abort_chain);
  default: return ask_again(other_error);
  }
}

} // namespace drivers::card
