// A card's side of T=1, against the bytes that libccid and a card exchanged (card-reader.md §2.3) and the standard.
#include "tests/test.hpp"

#include "drivers/card/virtual_t1.hpp"

using namespace drivers::card;

namespace {

using outcome = slot_answer::outcome;

std::string block_of(virtual_t1& card, const wiped_bytes& sent) { return apdu::hex(card.receive(sent).block); }

/// Answers every APDU with as many bytes as its third one says, then 9000.
slot_answer echo(apdu::octets command) {
  slot_answer a{outcome::answered, {}, 0};
  for (int i = 0; i < command[2]; ++i)
    a.bytes.push_back(static_cast<std::uint8_t>(i));
  a.bytes.insert(a.bytes.end(), {0x90, 0x00});
  return a;
}

virtual_t1 new_card(virtual_t1::run what = echo, card_atr which = card_atr::contact) {
  return virtual_t1{make_of(which), virtual_t1::ifsd_at_start, std::move(what)};
}

} // namespace

BOOST_AUTO_TEST_CASE(the_exchange_of_the_reference_is_answered_byte_by_byte) {
  auto card = new_card([](apdu::octets) { return slot_answer{outcome::answered, {0x6A, 0x82}, 0}; });
  BOOST_TEST(block_of(card, {0x00, 0xC1, 0x01, 0xFC, 0x3C}) == "00E101FC1C");
  BOOST_TEST(block_of(card, {0x00, 0x00, 0x0C, 0x00, 0xA4, 0x04, 0x00, 0x07, 0x62, 0x76, 0x01, 0xFF, 0x00, 0x00, 0x00,
                             0x41}) == "0000026A82EA");
  BOOST_TEST(block_of(card, {0x00, 0x40, 0x0B, 0x00, 0xA4, 0x04, 0x00, 0x06, 0xA0, 0x00, 0x00, 0x00, 0x01, 0x01,
                             0x4D}) == "0040026A82AA");
}

BOOST_AUTO_TEST_CASE(a_long_answer_comes_in_parts_as_they_are_asked_for) {
  auto card = new_card();
  card.receive(wiped_bytes{0x00, 0xC1, 0x01, 0x08, 0xC8});
  const wiped_bytes command = {0x00, 0x00, 0x04, 0x00, 0xB0, 0x0C, 0x00, 0xB8};
  BOOST_TEST(block_of(card, command) == "0020080001020304050607" + std::string{"28"});
  BOOST_TEST(block_of(card, {0x00, 0x80, 0x00, 0x80}) == "0020080001020304050607" + std::string{"28"}); // again
  BOOST_TEST(block_of(card, {0x00, 0x90, 0x00, 0x90}).substr(0, 6) == "004006");
}

BOOST_AUTO_TEST_CASE(a_chained_command_is_acknowledged_block_by_block) {
  auto card = new_card();
  BOOST_TEST(block_of(card, {0x00, 0x20, 0x02, 0x00, 0xB0, 0x92}) == "00900090");
  BOOST_TEST(block_of(card, {0x00, 0x40, 0x02, 0x00, 0x00, 0x42}) == "000002900092");
}

BOOST_AUTO_TEST_CASE(damage_is_answered_with_a_request_for_the_block) {
  auto card = new_card();
  BOOST_TEST(block_of(card, {0x00, 0x00, 0x02, 0x00, 0xB0, 0x00}) == "00810081");
  BOOST_TEST(block_of(card, {0x00, 0x00}) == "00810081");
  BOOST_TEST(block_of(card, {0x00, 0x40, 0x04, 0x00, 0xB0, 0x00, 0x00, 0xF4}) == "00820082"); // not this number
}

BOOST_AUTO_TEST_CASE(a_slow_card_asks_for_time_and_answers_late) {
  auto card = new_card([](apdu::octets) { return slot_answer{outcome::answered, {0x90, 0x00}, 700}; });
  BOOST_TEST(block_of(card, {0x00, 0x00, 0x04, 0x00, 0xB0, 0x00, 0x00, 0xB4}) == "00C30103C1");
  const auto late = card.receive(wiped_bytes{0x00, 0xE3, 0x01, 0x03, 0xE1});
  BOOST_TEST(late.delay.count() == 700);
  BOOST_TEST(apdu::hex(late.block) == "000002900092");
}

BOOST_AUTO_TEST_CASE(resynchronising_begins_anew) {
  auto card = new_card();
  card.receive(wiped_bytes{0x00, 0x00, 0x04, 0x00, 0xB0, 0x00, 0x00, 0xB4});
  BOOST_TEST(block_of(card, {0x00, 0xC0, 0x00, 0xC0}) == "00E000E0");
  BOOST_TEST(block_of(card, {0x00, 0x00, 0x04, 0x00, 0xB0, 0x00, 0x00, 0xB4}) == "000002900092");
}

BOOST_AUTO_TEST_CASE(a_card_in_specific_mode_is_mute_to_a_speed_request) {
  const wiped_bytes request = {0xFF, 0x11, 0x13, 0xFD};
  auto negotiable = new_card(), fixed = new_card(echo, card_atr::contact_fixed_speed);
  BOOST_TEST(block_of(negotiable, request) == "FF1113FD");
  BOOST_CHECK(fixed.receive(request).how == outcome::mute);
}
