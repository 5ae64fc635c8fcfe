// Class descriptors: which interface is a reader, and how it is spoken to.
#include "tests/test.hpp"

#include "drivers/card/descriptor.hpp"

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

std::string refusal(const ccid_descriptor& d) {
  const auto decided = decide_profile(d, "Some reader");
  return decided ? "" : decided.error().args.at(0);
}

} // namespace

BOOST_AUTO_TEST_CASE(the_descriptor_of_a_known_reader_is_read) {
  const auto d = find_descriptor(rcs300());
  BOOST_REQUIRE(d.has_value());
  BOOST_TEST(d->features == 0x4007Eu);
  BOOST_TEST(d->message_size_max == 522u);
  BOOST_TEST(d->protocols == 2u);
  const auto how = decide_profile(*d, "RC-S300");
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
  d.features = 0x100BA;
  BOOST_TEST(refusal(d).find("TPDU level") != std::string::npos);
  d.features = 0x2067E;
  BOOST_TEST(refusal(d).find("short APDU level") != std::string::npos);
  d.features = 0;
  BOOST_TEST(refusal(d).find("single characters") != std::string::npos);
  d.features = 0x4007E;
  d.slot_max = 1;
  BOOST_TEST(refusal(d).find("several slots") != std::string::npos);
  d.slot_max = 0;
  d.message_size_max = 10;
  BOOST_TEST(refusal(d).find("too short") != std::string::npos);
  d.message_size_max = 0xFFFFFFFF;
  BOOST_TEST(decide_profile(d, "x")->message_size_max == 65554u);
}
