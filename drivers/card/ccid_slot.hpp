// The card in one slot of a reader: power, parameters, and APDUs at the level the reader speaks.
#pragma once

#include "drivers/card/ccid_channel.hpp"
#include "drivers/card/pps.hpp"
#include "drivers/card/t1.hpp"

#include <memory>
#include <optional>

namespace drivers::card {

/// On the loop's thread; the caller lets one task run at a time.
class ccid_slot {
public:
  ccid_slot(ccid_channel& channel, const reader_profile& reader, std::uint8_t number)
      : channel_(channel), reader_(reader), number_(number) {}

  /// Off first; then on, and everything that must be agreed on with the card. The answer is the ATR.
  task<exchange<messages::bytes>> power_on();
  task<exchange<wiped_bytes>> transmit(const wiped_bytes& apdu);
  task<exchange<ccid::frame>> ask_status(std::chrono::milliseconds wait);

  bool powered() const { return powered_; }
  /// The card left, or its power did.
  void mark_off();
  /// Since the last power_on(), if that went well.
  const std::optional<card_session>& session() const { return session_; }

  bool present = false;

private:
  using milliseconds = std::chrono::milliseconds;

  ccid_question question(ccid::request type, milliseconds wait) const { return {type, number_, {}, {}, wait, {}}; }
  ccid_question block(ccid::octets data, std::uint16_t level, const frame_content& content) const;
  task<exchange<nothing>> power_off();
  task<exchange<card_session>> switch_on();
  task<exchange<bool>> settle(card_session& session, bool fast);
  task<exchange<bool>> ask_speed(const card_parameters& chosen);
  task<exchange<nothing>> set_parameters(const card_parameters& chosen);
  task<exchange<wiped_bytes>> transmit_apdu(const wiped_bytes& apdu);
  task<exchange<ccid::frame>> send_parts(const wiped_bytes& apdu, secrecy hidden);
  task<exchange<wiped_bytes>> collect(ccid::frame first, secrecy hidden);
  task<exchange<wiped_bytes>> run_blocks(t1::step now, secrecy hidden);

  ccid_channel& channel_;
  const reader_profile& reader_;
  const std::uint8_t number_;
  bool powered_ = false;  ///< the card is active and its exchanges are in step
  bool doubtful_ = false; ///< a command got no answer: the reader may still be at it
  milliseconds answer_wait_{};
  std::optional<t1::protocol> blocks_;
  std::optional<card_session> session_;
};

} // namespace drivers::card
