// Deciding how a reader is spoken to, as reader_profile.hpp says.
#include "drivers/card/reader_profile.hpp"

#include "drivers/card/apdu.hpp"
#include "drivers/card/ccid.hpp"

#include <algorithm>
#include <array>

namespace drivers::card {

namespace {

constexpr std::uint32_t protocol_t1 = 2;
constexpr std::uint32_t auto_voltage = 0x08, auto_negotiation = 0x40, auto_pps = 0x80, auto_ifsd = 0x400;
constexpr std::uint32_t level_mask = 0x70000, level_tpdu = 0x10000, level_short = 0x20000;
/// Smaller than the shortest useful block: a header and a SELECT by name.
constexpr std::uint32_t message_size_min = ccid::header_size + 16;
/// A short APDU with everything, or the longest T=1 block with a CRC: 254 + 5 bytes.
constexpr std::size_t whole_size_max = ccid::header_size + 261;

exchange_level level_of(std::uint32_t features) {
  // later values of the mask are the levels of before and more; 0x40000 says short and extended
  const auto level = features & level_mask;
  if ((level & ~(level_tpdu | level_short)) != 0) return exchange_level::extended_apdu;
  if (level == level_tpdu) return exchange_level::tpdu;
  return level == level_short ? exchange_level::short_apdu : exchange_level::character;
}

std::string in_hex(std::uint32_t features) {
  const std::array<std::uint8_t, 4> bytes = {
      static_cast<std::uint8_t>(features >> 24), static_cast<std::uint8_t>(features >> 16),
      static_cast<std::uint8_t>(features >> 8), static_cast<std::uint8_t>(features)};
  return apdu::hex(octets{bytes});
}

void explain_card(const card_session& card, const reader_profile& reader, std::vector<decision>& all) {
  static constexpr std::array<const char*, 4> volts = {"automatic", "5 V", "3 V", "1.8 V"};
  all.push_back({"card", apdu::hex(octets{card.answer_to_reset}),
                 "its answer to reset, in slot " + std::to_string(card.slot) + "; no card is known by it"});
  all.push_back({"voltage now", volts.at(card.voltage & 3), "the first at which the card answered"});
  if (reader.sets_parameters)
    all.push_back({"speed", apdu::hex(octets{&card.speed, 1}), "FI and DI: what the ATR offers and the reader can do"});
  if (reader.level == exchange_level::tpdu) {
    all.push_back({"IFSC", std::to_string(card.ifsc), "the card's longest block, from its ATR or announced since"});
    all.push_back({"IFSD", std::to_string(card.ifsd), "our longest block, as the card was told"});
    all.push_back({"checksum", card.crc ? "CRC" : "LRC", "TC of T=1 in the ATR"});
  }
  all.push_back({"patience", std::to_string(card.answer_wait_ms) + " ms", "one answer, from the ATR's waiting times"});
}

} // namespace

std::string_view name_of(exchange_level level) {
  switch (level) {
  case exchange_level::character: return "single characters";
  case exchange_level::tpdu: return "TPDU";
  case exchange_level::short_apdu: return "short APDU";
  case exchange_level::extended_apdu: return "extended APDU";
  }
  return "unknown";
}

messages::result<reader_profile> decide_profile(const found_interface& found) {
  const auto unsuitable = [&](const std::string& what) {
    return messages::failure(messages::error_code::reader_failed, found.model + ": " + what, "opening it");
  };
  if (!found.descriptor) return unsuitable("no CCID descriptor");
  const auto& d = *found.descriptor;
  if ((d.protocols & protocol_t1) == 0) return unsuitable("it speaks T=0 only, My Number cards speak T=1");
  reader_profile p;
  p.level = level_of(d.features);
  if (p.level == exchange_level::character) return unsuitable("it exchanges single characters, which is not supported");
  if (d.message_size_max < message_size_min) return unsuitable("its messages are too short");
  p.model = found.model;
  p.bus = found.bus;
  p.address = found.address;
  p.interface_number = found.interface_number;
  p.interface_class = found.interface_class;
  p.descriptor = d;
  p.auto_voltage = (d.features & auto_voltage) != 0;
  p.sets_parameters = (d.features & auto_negotiation) == 0;
  p.makes_pps = p.sets_parameters && (d.features & auto_pps) == 0;
  p.announces_ifsd = p.level == exchange_level::tpdu && (d.features & auto_ifsd) == 0;
  p.interrupts = found.interrupts;
  p.message_size_max = std::min<std::size_t>(d.message_size_max, ccid::message_size_max);
  // SCR331-DI and its kin say 263 and take 271 (libccid knows the same quirk); only chaining may use less than a whole
  if (p.level != exchange_level::extended_apdu) p.message_size_max = std::max(p.message_size_max, whole_size_max);
  return p;
}

std::vector<decision> explain(const reader_status& status) {
  const auto& r = status.reader;
  const auto& d = r.descriptor;
  const auto features = "dwFeatures " + in_hex(d.features);
  std::vector<decision> all;
  all.push_back({"reader", r.model,
                 "bus " + std::to_string(r.bus) + " device " + std::to_string(r.address) + " interface " +
                     std::to_string(r.interface_number)});
  all.push_back({"found by", r.interface_class == ccid_class ? "class 0B" : "class FF",
                 r.interface_class == ccid_class ? "the CCID class" : "a vendor's class with a 54-byte descriptor"});
  all.push_back(
      {"exchange", std::string{name_of(r.level)},
       features + (r.level == exchange_level::tpdu ? ": blocks; T=1 is the driver's" : ": T=1 is the reader's")});
  all.push_back({"protocol", "T=1", "dwProtocols " + std::to_string(d.protocols) + "; My Number cards speak no other"});
  all.push_back({"voltage", r.auto_voltage ? "automatic" : "5 V, 3 V, 1.8 V in turn, as offered", features});
  all.push_back({"parameters", r.sets_parameters ? "set by the driver" : "left to the reader", features});
  all.push_back({"PPS", r.makes_pps ? "by the driver, unless TA2 forbids it" : "left to the reader", features});
  if (r.level == exchange_level::tpdu)
    all.push_back({"IFSD", r.announces_ifsd ? "announced by the driver" : "left to the reader",
                   "dwMaxIFSD " + std::to_string(d.ifsd_max) + ", " + features});
  all.push_back(
      {"slots", std::to_string(d.slot_max + 1), "the first that holds a card is used, one command at a time"});
  all.push_back({"card changes", r.interrupts ? "told by interrupt" : "asked for",
                 r.interrupts ? "it has an interrupt endpoint" : "it has no interrupt endpoint"});
  all.push_back({"message", std::to_string(r.message_size_max) + " bytes",
                 "dwMaxCCIDMessageLength " + std::to_string(d.message_size_max)});
  all.push_back({"descriptor", apdu::hex(octets{d.as_given}), "of the class, as the reader gives it"});
  if (!r.data_rates.empty()) {
    std::string rates;
    for (const auto rate : r.data_rates)
      rates += (rates.empty() ? "" : " ") + std::to_string(rate);
    all.push_back({"data rates", rates, "bit/s, as the reader gives them"});
  }
  if (status.card) explain_card(*status.card, r, all);
  return all;
}

} // namespace drivers::card
