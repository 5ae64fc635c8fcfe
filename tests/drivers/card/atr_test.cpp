// Answers to reset: those of the cards that are out there, and what is none.
#include "tests/test.hpp"

#include "drivers/card/atr.hpp"

using namespace drivers::card;
using octet_vector = std::vector<std::uint8_t>;

namespace {

atr read(const octet_vector& bytes) {
  const auto a = parse_atr(bytes);
  BOOST_REQUIRE(a.has_value());
  return *a;
}

const octet_vector contact = {0x3B, 0xDA, 0x13, 0xFF, 0x81, 0x31, 0xFB, 0x46, 0x80, 0x12,
                              0x39, 0x2F, 0x31, 0xC1, 0x73, 0xC6, 0x01, 0xC0, 0x3B};
const octet_vector second_vendor = {0x3B, 0xC5, 0xFF, 0x81, 0x31, 0xFB, 0x45, 0x80, 0x73, 0xC6, 0x01, 0x00, 0x00};
const octet_vector specific_mode = {0x3B, 0xF5, 0x91, 0x00, 0xFF, 0x91, 0x81, 0x71, 0xFE,
                                    0x40, 0x00, 0x42, 0x00, 0x01, 0x00, 0xD1, 0xD6};
const octet_vector contactless = {0x3B, 0x88, 0x80, 0x01, 0x00, 0x00, 0x05, 0xE0, 0xB3, 0x81, 0xA1, 0x00, 0x7F};
const octet_vector juki_card = {0x3B, 0xE0, 0x00, 0xFF, 0x81, 0x31, 0xFE, 0x45, 0x14};

} // namespace

BOOST_AUTO_TEST_CASE(the_contact_card_speaks_t1_with_blocks_of_251_bytes) {
  const auto a = read(contact);
  BOOST_TEST((a.offers_t1 && a.first_protocol == 1));
  BOOST_TEST(a.ta1.value() == 0x13);
  BOOST_TEST(a.tc1.value() == 0xFF);
  BOOST_TEST(!a.ta2.has_value());
  BOOST_TEST(a.ifsc == 251);
  BOOST_TEST((a.bwi == 4 && a.cwi == 6 && !a.crc));
  BOOST_TEST(a.historical.size() == 10u);
}

BOOST_AUTO_TEST_CASE(other_vendors_cards_are_read) {
  const auto second = read(second_vendor);
  BOOST_TEST((second.ifsc == 251 && second.bwi == 4 && second.cwi == 5 && !second.ta1));
  const auto fixed = read(specific_mode);
  BOOST_TEST((fixed.ta1.value() == 0x91 && fixed.ta2.value() == 0x81));
  BOOST_TEST((fixed.ifsc == 254 && fixed.bwi == 4 && fixed.cwi == 0 && !fixed.crc));
  const auto radio = read(contactless);
  BOOST_TEST((radio.first_protocol == 0 && radio.offers_t1 && radio.ifsc == 32));
  BOOST_TEST(read(juki_card).ifsc == 254);
}

BOOST_AUTO_TEST_CASE(bytes_behind_an_atr_are_no_fault) {
  auto longer = contact;
  longer.push_back(0);
  BOOST_TEST(read(longer).ifsc == 251);
}

BOOST_AUTO_TEST_CASE(every_atr_that_is_cut_off_is_refused) {
  for (const auto* whole : {&contact, &second_vendor, &specific_mode, &contactless, &juki_card})
    for (std::size_t n = 0; n < whole->size(); ++n)
      BOOST_TEST(!parse_atr(std::span{*whole}.first(n)).has_value());
}

BOOST_AUTO_TEST_CASE(every_single_wrong_bit_of_an_atr_with_a_check_byte_is_refused) {
  for (const auto* whole : {&contact, &second_vendor, &specific_mode, &contactless})
    for (std::size_t bit = 8; bit < whole->size() * 8; ++bit) {
      auto wrong = *whole;
      wrong[bit / 8] = static_cast<std::uint8_t>(wrong[bit / 8] ^ (1 << bit % 8));
      // a bit that says how long it is may end it at a byte where the sum happens to be right, and a card of T=0 alone
      // has no check byte: it is refused for that
      const bool of_length = bit / 8 == 1 || (wrong[bit / 8] & 0xF0) != ((*whole)[bit / 8] & 0xF0);
      const auto a = parse_atr(wrong);
      BOOST_TEST((!a.has_value() || !a->offers_t1 || of_length));
    }
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_an_atr_is_said) {
  const auto fault = [](octet_vector bytes) { return parse_atr(bytes).error(); };
  BOOST_TEST((fault({}) == atr_fault::too_short));
  BOOST_TEST((fault(octet_vector(34, 0x3B)) == atr_fault::too_long));
  BOOST_TEST((fault({0x3C, 0x00}) == atr_fault::wrong_first_byte));
  BOOST_TEST((fault(octet_vector(33, 0xFF)) == atr_fault::wrong_first_byte));
  BOOST_TEST((fault({0x3B, 0x80}) == atr_fault::cut_off));
  auto wrong = contact;
  wrong.back() ^= 1;
  BOOST_TEST((fault(wrong) == atr_fault::wrong_check));
  auto no_ifsc = juki_card;
  no_ifsc[6] = 0;
  BOOST_TEST((fault(no_ifsc) == atr_fault::wrong_value));
  for (const auto f : {atr_fault::too_short, atr_fault::cut_off, atr_fault::wrong_check})
    BOOST_TEST(explain(f).starts_with("an ATR"));
}
