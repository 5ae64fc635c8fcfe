// T=1 blocks and the reader's side of the protocol, as t1.hpp says.
#include "drivers/card/t1.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace drivers::card::t1 {

namespace {

/// Polynomial x^16 + x^12 + x^5 + 1, bits reflected, begins with all ones, not complemented, high byte first: as in
/// libccid (src/openct/checksum.c), which is what cards with a CRC are tried with. No My Number card uses it.
std::uint16_t crc_of(octets bytes) {
  std::uint16_t crc = 0xFFFF;
  for (const auto byte : bytes) {
    crc = static_cast<std::uint16_t>(crc ^ byte);
    for (int bit = 0; bit < 8; ++bit)
      crc = static_cast<std::uint16_t>((crc & 1) != 0 ? crc >> 1 ^ 0x8408 : crc >> 1);
  }
  return crc;
}

std::uint8_t lrc_of(octets bytes) {
  std::uint8_t sum = 0;
  for (const auto byte : bytes)
    sum ^= byte;
  return sum;
}

bool known(std::uint8_t pcb) {
  if ((pcb & 0x80) == 0) return (pcb & 0x1F) == 0;
  if ((pcb & 0xC0) == 0x80) return (pcb & 0x2C) == 0 && (pcb & 3) != 3;
  return (pcb & 0x1C) == 0;
}

} // namespace

wiped_bytes build(std::uint8_t pcb, octets information, checksum how) {
  assert(information.size() <= information_size_max);
  wiped_bytes out;
  out.reserve(prologue_size + information.size() + size_of(how));
  out.insert(out.end(), {0, pcb, static_cast<std::uint8_t>(information.size())});
  out.insert(out.end(), information.begin(), information.end());
  if (how == checksum::lrc) {
    out.push_back(lrc_of(out));
    return out;
  }
  const auto crc = crc_of(out);
  out.push_back(static_cast<std::uint8_t>(crc >> 8));
  out.push_back(static_cast<std::uint8_t>(crc));
  return out;
}

std::string_view explain(block_fault fault) {
  switch (fault) {
  case block_fault::too_short: return "a T=1 block shorter than its frame";
  case block_fault::length_differs: return "a T=1 block whose length is not what came";
  case block_fault::wrong_checksum: return "a T=1 block with a wrong checksum";
  case block_fault::other_address: return "a T=1 block for another address";
  case block_fault::unknown_pcb: return "a T=1 block of unknown kind";
  }
  return "a broken T=1 block";
}

tl::expected<block, block_fault> parse(octets received, checksum how) {
  const auto epilogue = size_of(how);
  if (received.size() < prologue_size + epilogue) return tl::unexpected{block_fault::too_short};
  const std::size_t size = received[2];
  if (size > information_size_max || prologue_size + size + epilogue != received.size())
    return tl::unexpected{block_fault::length_differs};
  const auto checked = received.first(prologue_size + size);
  const auto sum = received.last(epilogue);
  const bool right = how == checksum::lrc ? lrc_of(checked) == sum[0] : crc_of(checked) == (sum[0] << 8 | sum[1]);
  if (!right) return tl::unexpected{block_fault::wrong_checksum};
  if (received[0] != 0) return tl::unexpected{block_fault::other_address};
  if (!known(received[1])) return tl::unexpected{block_fault::unknown_pcb};
  const auto information = checked.subspan(prologue_size);
  return block{received[1], wiped_bytes(information.begin(), information.end())};
}

step protocol::transmit(std::uint8_t pcb, octets information, std::uint8_t granted) {
  last_ = build(pcb, information, with_.how);
  return send{last_, granted};
}

step protocol::end(std::string_view why) {
  // nothing of the command reached the card before sending began; a part of it was not a command yet
  const bool in_command = phase_ == phase::sending || phase_ == phase::receiving || phase_ == phase::aborting;
  const bool doing = in_command && all_sent();
  phase_ = phase::idle;
  command_ = {};
  answer_ = {};
  last_ = {};
  return broken{why, doing};
}

step protocol::announce(std::uint8_t ifsd) {
  phase_ = phase::announcing;
  announced_ = ifsd;
  repeats_ = requests_ = 0;
  return transmit(s_request(supervisory::ifs), octets{&ifsd, 1});
}

step protocol::command(octets apdu) {
  assert(!apdu.empty());
  command_.assign(apdu.begin(), apdu.end());
  answer_ = {};
  sent_ = 0;
  repeats_ = resynchs_ = requests_ = 0;
  return send_information();
}

/// The block of the command that is to be sent next, or once more.
step protocol::send_information() {
  phase_ = phase::sending;
  card_has_all_ = false;
  size_ = std::min<std::size_t>(command_.size() - sent_, with_.ifsc);
  return transmit(i_block(ns_, !all_sent()), octets{command_}.subspan(sent_, size_));
}

/// The last block, exactly as it was.
step protocol::again() {
  if (++repeats_ > repeats_max) return out_of_step();
  return send{last_, 0};
}

step protocol::complain(receipt how) {
  // a request of ours, or a complaint that was not understood, is said again (rule 7.2)
  const bool ours = phase_ == phase::announcing || phase_ == phase::resynching;
  const bool complained = last_.size() > 1 && (last_[1] & 0xC0) == 0x80;
  if (ours || complained) return again();
  if (++repeats_ > repeats_max) return out_of_step();
  return transmit(r_block(nr_, how), {});
}

step protocol::out_of_step() {
  const bool may_begin_anew = phase_ == phase::resynching || (phase_ == phase::sending && !all_sent());
  if (!may_begin_anew) return end("the card's blocks stay unreadable");
  if (++resynchs_ > resynchs_max) return end("the card does not resynchronise");
  phase_ = phase::resynching;
  sent_ = size_ = 0;
  repeats_ = repeats_max; // each resynchronisation is asked for once
  return transmit(s_request(supervisory::resynch), {});
}

step protocol::unreadable() {
  if (phase_ == phase::idle) return end("nothing was asked");
  if (phase_ == phase::aborting) return end("the card gave up the exchange");
  return complain(receipt::wrong_checksum);
}

step protocol::received(octets came) {
  if (phase_ == phase::idle) return end("nothing was asked");
  if (phase_ == phase::aborting) return end("the card gave up the exchange");
  const auto b = parse(came, with_.how);
  if (!b) return complain(b.error() == block_fault::wrong_checksum ? receipt::wrong_checksum : receipt::other_error);
  if (b->is_information()) return take_information(*b);
  if (b->is_receipt()) return take_receipt(*b);
  return b->is_response() ? take_response(*b) : take_request(*b);
}

step protocol::take_information(const block& b) {
  const bool due = phase_ == phase::receiving || (phase_ == phase::sending && all_sent());
  if (!due || b.sequence() != nr_) return complain(receipt::other_error);
  if (phase_ == phase::sending) { // the answer is the receipt of the last block
    ns_ = !ns_;
    sent_ = command_.size();
    size_ = 0;
    phase_ = phase::receiving;
    command_ = {};
  }
  if (answer_.size() + b.information.size() > answer_size_max || (b.more() && b.information.empty()))
    return end("an endless answer");
  nr_ = !nr_;
  repeats_ = 0;
  answer_.insert(answer_.end(), b.information.begin(), b.information.end());
  if (b.more()) return transmit(r_block(nr_, receipt::fine), {});
  phase_ = phase::idle;
  last_ = {};
  return answered{std::exchange(answer_, {})};
}

step protocol::take_receipt(const block& b) {
  if (!b.information.empty()) return complain(receipt::other_error);
  if (phase_ != phase::sending || card_has_all_) return again();
  if (b.expected() == ns_) { // it did not get this one
    if (++repeats_ > repeats_max) return out_of_step();
    return send_information();
  }
  if (all_sent()) return complain(receipt::other_error); // the answer is due, not a receipt
  ns_ = !ns_;
  sent_ += size_;
  repeats_ = 0;
  return send_information();
}

step protocol::take_request(const block& b) {
  if (++requests_ > requests_max) return end("the card asks without end");
  const std::uint8_t value = b.information.size() == 1 ? b.information[0] : 0;
  switch (b.about()) {
  case supervisory::ifs:
    if (value == 0 || value > information_size_max) return complain(receipt::other_error);
    with_.ifsc = value;
    return transmit(s_response(supervisory::ifs), b.information);
  case supervisory::wtx:
    if (value == 0) return complain(receipt::other_error);
    card_has_all_ = phase_ == phase::sending && all_sent();
    return transmit(s_response(supervisory::wtx), b.information, value);
  case supervisory::abort: {
    auto answer = transmit(s_response(supervisory::abort), {});
    phase_ = phase::aborting;
    return answer;
  }
  case supervisory::resynch: break; // only the reader may ask for that
  }
  return end("the card asks to resynchronise");
}

step protocol::take_response(const block& b) {
  if (phase_ == phase::announcing && b.about() == supervisory::ifs) {
    if (b.information.size() != 1 || b.information[0] != announced_) return again();
    phase_ = phase::idle;
    return answered{};
  }
  if (phase_ == phase::resynching && b.about() == supervisory::resynch && b.information.empty()) {
    ns_ = nr_ = false;
    sent_ = 0;
    repeats_ = 0;
    return send_information();
  }
  return complain(receipt::other_error);
}

} // namespace drivers::card::t1
