// What is agreed on with a card: parameters, speed, patience.
#include "tests/test.hpp"

#include "drivers/card/pps.hpp"

using namespace drivers::card;

namespace {

atr card_of(std::vector<std::uint8_t> bytes) {
  const auto a = parse_atr(bytes);
  BOOST_REQUIRE(a.has_value());
  return *a;
}

reader_profile reader_of(std::uint32_t features, std::uint32_t data_rate_max = 344105) {
  auto p = decide_profile(
      {"x", 1, 2, 0, ccid_class, ccid_descriptor{0, 7, 3, 252, features, 271, 4000, data_rate_max}, true});
  BOOST_REQUIRE(p.has_value());
  return *p;
}

constexpr std::uint32_t automatic_pps = 0x100BA, nothing_automatic = 0x10000;

const auto contact = card_of(
    {0x3B, 0xDA, 0x13, 0xFF, 0x81, 0x31, 0xFB, 0x46, 0x80, 0x12, 0x39, 0x2F, 0x31, 0xC1, 0x73, 0xC6, 0x01, 0xC0, 0x3B});
const auto specific =
    card_of({0x3B, 0xF5, 0x91, 0x00, 0xFF, 0x91, 0x81, 0x71, 0xFE, 0x40, 0x00, 0x42, 0x00, 0x01, 0x00, 0xD1, 0xD6});
const auto contactless = card_of({0x3B, 0x88, 0x80, 0x01, 0x00, 0x00, 0x05, 0xE0, 0xB3, 0x81, 0xA1, 0x00, 0x7F});

} // namespace

BOOST_AUTO_TEST_CASE(the_parameters_are_those_of_the_reference_trace) {
  const auto chosen = choose_parameters(contact, reader_of(automatic_pps), true);
  BOOST_TEST((chosen.t1 == std::array<std::uint8_t, 7>{0x13, 0x10, 0xFF, 0x46, 0x00, 0xFB, 0x00}));
  BOOST_TEST(chosen.pps.empty()); // the reader's
}

BOOST_AUTO_TEST_CASE(a_card_is_asked_for_its_speed_when_nobody_else_does) {
  const auto chosen = choose_parameters(contact, reader_of(nothing_automatic), true);
  BOOST_TEST((chosen.pps == std::vector<std::uint8_t>{0xFF, 0x11, 0x13, 0xFD}));
  BOOST_TEST(accepts_pps(chosen.pps, chosen.pps));
  BOOST_TEST(!accepts_pps(chosen.pps, std::vector<std::uint8_t>{0xFF, 0x01, 0xFE}));
  BOOST_TEST(!accepts_pps(chosen.pps, {}));
  const auto slow = choose_parameters(contact, reader_of(nothing_automatic), false);
  BOOST_TEST(slow.pps.empty()); // T=1 is its first protocol, the speed the default one
  BOOST_TEST(slow.t1[0] == 0x11);
}

BOOST_AUTO_TEST_CASE(a_card_in_specific_mode_is_asked_for_nothing) {
  const auto chosen = choose_parameters(specific, reader_of(nothing_automatic), true);
  BOOST_TEST(chosen.pps.empty());
  BOOST_TEST(chosen.speed == 0x91);
}

BOOST_AUTO_TEST_CASE(another_first_protocol_is_changed_to_t1) {
  const auto chosen = choose_parameters(contactless, reader_of(nothing_automatic), true);
  BOOST_TEST((chosen.pps == std::vector<std::uint8_t>{0xFF, 0x01, 0xFE}));
}

BOOST_AUTO_TEST_CASE(a_speed_the_reader_does_not_have_is_not_asked_for) {
  BOOST_TEST(choose_parameters(contact, reader_of(nothing_automatic, 20000), true).speed == 0x11);
  auto reader = reader_of(nothing_automatic);
  reader.data_rates = {10752, 21505};
  BOOST_TEST(choose_parameters(contact, reader, true).speed == 0x11);
  reader.data_rates.push_back(43010);
  BOOST_TEST(choose_parameters(contact, reader, true).speed == 0x13);
}

BOOST_AUTO_TEST_CASE(patience_follows_the_waiting_times_of_the_card) {
  const auto quick = choose_parameters(contact, reader_of(automatic_pps), true).answer_wait.count();
  BOOST_TEST((quick > 2500 && quick < 3500)); // BWI 4 is 1.4 s, two long blocks at 43 kbit/s, a second for USB
  auto patient = contact;
  patient.bwi = 9;
  BOOST_TEST(choose_parameters(patient, reader_of(automatic_pps), true).answer_wait.count() > 40'000);
}
