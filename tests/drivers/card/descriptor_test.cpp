// Class descriptors: which interface is a reader, and how it is spoken to.
#include "tests/test.hpp"

#include "drivers/card/reader_profile.hpp"

using namespace drivers::card;

namespace {

std::vector<std::uint8_t> rcs300() {
  std::vector<std::uint8_t> d(54);
  d[0] = 54;
  d[1] = 0x21;
  d[5] = 7;
  d[6] = 2;
  d[28] = 254;
  d[40] = 0x7E;
  d[42] = 4;
  d[44] = 0x0A;
  d[45] = 2;
  return d;
}

messages::result<reader_profile> decide(const ccid_descriptor& d) {
  return decide_profile({"Some reader", 1, 2, 0, ccid_class, d, true});
}

std::string refusal(const ccid_descriptor& d) {
  const auto decided = decide(d);
  return decided ? "" : decided.error().args.at(0);
}

} // namespace

BOOST_AUTO_TEST_CASE(the_descriptor_of_a_known_reader_is_read) {
  const auto d = find_descriptor(rcs300());
  BOOST_REQUIRE(d.has_value());
  BOOST_TEST(d->features == 0x4007Eu);
  BOOST_TEST(d->message_size_max == 522u);
  BOOST_TEST(d->protocols == 2u);
  const auto how = decide(*d);
  BOOST_REQUIRE(how.has_value());
  BOOST_TEST((how->level == exchange_level::extended_apdu));
  BOOST_TEST(how->auto_voltage);
}

BOOST_AUTO_TEST_CASE(the_descriptor_is_found_behind_others) {
  std::vector<std::uint8_t> extra = {5, 0x24, 1, 2, 3};
  const auto d = rcs300();
  extra.insert(extra.end(), d.begin(), d.end());
  BOOST_TEST(find_descriptor(extra).has_value());
}

BOOST_AUTO_TEST_CASE(every_truncated_descriptor_is_refused) {
  const auto whole = rcs300();
  for (std::size_t n = 0; n < whole.size(); ++n)
    BOOST_TEST(!find_descriptor(octets{whole}.first(n)).has_value());
  BOOST_TEST(!find_descriptor(std::vector<std::uint8_t>(60, 0)).has_value()); // length 0 must not go round for ever
}

BOOST_AUTO_TEST_CASE(readers_are_told_by_class_or_by_the_vendor_class_with_a_descriptor) {
  const auto d = rcs300();
  BOOST_TEST(is_reader(0x0B, d));
  BOOST_TEST(is_reader(0x0B, {})); // its descriptor may hang on an endpoint
  BOOST_TEST(is_reader(0xFF, d));
  BOOST_TEST(!is_reader(0xFF, {}));
  BOOST_TEST(!is_reader(0x03, d));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_spoken_to_is_refused_in_words) {
  auto d = *find_descriptor(rcs300());
  d.protocols = 1;
  BOOST_TEST(refusal(d) == "Some reader: it speaks T=0 only, My Number cards speak T=1");
  d.protocols = 2;
  d.features = 0;
  BOOST_TEST(refusal(d).find("single characters") != std::string::npos);
  d.features = 0x4007E;
  d.message_size_max = 10;
  BOOST_TEST(refusal(d).find("too short") != std::string::npos);
  d.message_size_max = 0xFFFFFFFF;
  BOOST_TEST(decide(d)->message_size_max == 65554u);
}

BOOST_AUTO_TEST_CASE(what_the_reader_does_itself_is_not_done_again) {
  auto d = *find_descriptor(rcs300());
  auto p = *decide(d); // RC-S300: all of it
  BOOST_TEST((p.auto_voltage && !p.sets_parameters && !p.makes_pps && !p.announces_ifsd));
  d.features = 0x101BA; // SCR3310-NTTCom: PPS, not the parameters nor the IFSD
  p = *decide(d);
  BOOST_TEST((p.level == exchange_level::tpdu && p.auto_voltage && p.sets_parameters && !p.makes_pps));
  BOOST_TEST(p.announces_ifsd);
  d.features = 0x100B2; // ACR39U: no voltage either
  BOOST_TEST(!decide(d)->auto_voltage);
  d.features = 0x20010; // nothing at all, but short APDUs
  p = *decide(d);
  BOOST_TEST((p.level == exchange_level::short_apdu && p.makes_pps && !p.announces_ifsd));
  d.features = 0x10400;
  BOOST_TEST(!decide(d)->announces_ifsd);
}

BOOST_AUTO_TEST_CASE(a_reader_that_says_too_little_for_a_whole_apdu_is_not_believed) {
  auto d = *find_descriptor(rcs300());
  d.features = 0x200BA;
  d.message_size_max = 263; // SCR331-DI-NTTCom
  BOOST_TEST(decide(d)->message_size_max == 271u);
}

BOOST_AUTO_TEST_CASE(what_was_decided_is_told_with_the_reason) {
  auto d = *find_descriptor(rcs300());
  d.features = 0x101BA;
  reader_status status{*decide(d), card_session{}};
  status.card->answer_to_reset = {0x3B, 0x00};
  std::string text;
  for (const auto& one : explain(status)) {
    BOOST_TEST((!one.what.empty() && !one.decided.empty() && !one.why.empty()));
    text += one.what + ": " + one.decided + " (" + one.why + ")\n";
  }
  BOOST_TEST(text.find("exchange: TPDU (dwFeatures 000101BA: blocks; T=1 is the driver's)") != std::string::npos);
  BOOST_TEST(text.find("PPS: left to the reader") != std::string::npos);
  BOOST_TEST(text.find("card changes: told by interrupt") != std::string::npos);
}
