// T=1, the block protocol between a TPDU-level reader and a card (ISO/IEC 7816-3 §11; card-reader.md §2.3). Pure.
#pragma once

#include "drivers/card/wiped.hpp"
#include "messages/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace drivers::card::t1 {

using octets = std::span<const std::uint8_t>;

inline constexpr std::size_t prologue_size = 3, information_size_max = 254;

enum class checksum : std::uint8_t { lrc, crc };
constexpr std::size_t size_of(checksum c) { return c == checksum::lrc ? 1 : 2; }

/// What a block is about: the requests and answers beside the data.
enum class supervisory : std::uint8_t { resynch = 0, ifs = 1, abort = 2, wtx = 3 };

constexpr std::uint8_t i_block(bool sequence, bool more) {
  return static_cast<std::uint8_t>((sequence ? 0x40 : 0) | (more ? 0x20 : 0));
}
enum class receipt : std::uint8_t { fine = 0, wrong_checksum = 1, other_error = 2 };
constexpr std::uint8_t r_block(bool expected, receipt how) {
  return static_cast<std::uint8_t>(0x80 | (expected ? 0x10 : 0) | static_cast<std::uint8_t>(how));
}
constexpr std::uint8_t s_request(supervisory s) {
  return static_cast<std::uint8_t>(0xC0 | static_cast<std::uint8_t>(s));
}
constexpr std::uint8_t s_response(supervisory s) {
  return static_cast<std::uint8_t>(0xE0 | static_cast<std::uint8_t>(s));
}

/// One block. The node address is always 0: one reader, one card.
struct block {
  std::uint8_t pcb = 0;
  wiped_bytes information;

  bool is_information() const { return (pcb & 0x80) == 0; }
  bool is_receipt() const { return (pcb & 0xC0) == 0x80; }
  bool is_response() const { return (pcb & 0x20) != 0; } ///< of a supervisory block
  bool sequence() const { return (pcb & 0x40) != 0; }    ///< N(S) of an I-block
  bool more() const { return (pcb & 0x20) != 0; }        ///< of an I-block
  bool expected() const { return (pcb & 0x10) != 0; }    ///< N(R) of an R-block
  supervisory about() const { return static_cast<supervisory>(pcb & 0x03); }
};

/// A block as it goes over the wire. More than information_size_max bytes are a fault of the caller (asserted).
wiped_bytes build(std::uint8_t pcb, octets information, checksum how);

enum class block_fault : std::uint8_t { too_short, length_differs, wrong_checksum, other_address, unknown_pcb };
std::string_view explain(block_fault fault);
tl::expected<block, block_fault> parse(octets received, checksum how);

/// What holds between this reader and this card.
struct settings {
  checksum how = checksum::lrc;
  std::uint8_t ifsc = 32; ///< the card's longest information field; the card may announce another
};

/// What to do next: send a block, or the exchange has ended. @p granted is the multiplier of the waiting time that the
/// card was just given, else 0.
struct send {
  wiped_bytes block;
  std::uint8_t granted = 0;
};
struct answered {
  wiped_bytes apdu; ///< empty after announce()
};
/// Only powering the card anew goes on from here. @p maybe_done: the card may have got the whole command.
struct broken {
  std::string_view why;
  bool maybe_done = false;
};
using step = std::variant<send, answered, broken>;

/// The reader's side of the protocol, from one power-on to the next. Begin with announce() or command(), send what it
/// says, tell it what came with received() or unreadable(), until the exchange has ended.
///
/// A block of a command is repeated only when the card itself says that it did not get it. When the two are out of step
/// (two repeats in vain) they resynchronise, and the command begins anew, only while the card cannot have got all of
/// it; else the exchange is broken and maybe_done: nobody but a person may decide to send a VERIFY again.
class protocol {
public:
  static constexpr int repeats_max = 2, resynchs_max = 3, requests_max = 250;
  static constexpr std::size_t answer_size_max = 65538;

  explicit protocol(settings with) : with_(with) {}

  /// Tells the card how much it may send in a block: S(IFS request).
  step announce(std::uint8_t ifsd);
  /// Sends a command. Not empty.
  step command(octets apdu);
  step received(octets came);
  /// The reader got something and could not read it (parity, overrun).
  step unreadable();

  std::uint8_t ifsc() const { return with_.ifsc; }

private:
  enum class phase : std::uint8_t { idle, announcing, sending, receiving, resynching, aborting };

  step transmit(std::uint8_t pcb, octets information, std::uint8_t granted = 0);
  step send_information();
  step again();
  step complain(receipt how);
  step out_of_step();
  step take_information(const block& b);
  step take_receipt(const block& b);
  step take_request(const block& b);
  step take_response(const block& b);
  step end(std::string_view why);
  bool all_sent() const { return sent_ + size_ >= command_.size(); }

  settings with_;
  phase phase_ = phase::idle;
  bool ns_ = false, nr_ = false; ///< N(S) of our next block, N(S) expected of the card's
  wiped_bytes command_, answer_, last_;
  std::size_t sent_ = 0, size_ = 0; ///< of the command: acknowledged, and in the block under way
  std::uint8_t announced_ = 0;
  bool card_has_all_ = false; ///< it asked for time over the whole command
  int repeats_ = 0, resynchs_ = 0, requests_ = 0;
};

} // namespace drivers::card::t1
