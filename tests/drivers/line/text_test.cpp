// Small conversions of text on the line.
#include "tests/test.hpp"

#include "drivers/line/text.hpp"

using namespace drivers::line;

BOOST_AUTO_TEST_CASE(base64_goes_both_ways_for_every_length) {
  messages::bytes octets;
  for (int n = 0; n < 70; ++n) {
    BOOST_REQUIRE(from_base64(to_base64(octets)) == octets);
    octets.push_back(static_cast<std::uint8_t>(n * 37));
  }
  BOOST_CHECK(from_base64(" AQ\r\nID ").value() == (messages::bytes{1, 2, 3}));
}

BOOST_AUTO_TEST_CASE(what_is_no_base64_is_nothing) {
  for (const char* bad : {"A", "AB", "ABC", "AB=C", "====", "A===", "AB-_", "AAAA=", "=AAA", "あああ"})
    BOOST_CHECK(!from_base64(bad));
}

BOOST_AUTO_TEST_CASE(time_is_told_in_japan) {
  BOOST_CHECK_EQUAL(japanese_time(0), "19700101090000");
  BOOST_CHECK_EQUAL(japanese_time(1795306500999), "20261122091500");
  BOOST_CHECK_EQUAL(japanese_time(1709132400000), "20240229000000"); // midnight of a leap day, the day before in UTC
}

BOOST_AUTO_TEST_CASE(numbers_are_compared_as_the_field_compares_them) {
  BOOST_CHECK_EQUAL(normalised("  999901"), "999901");
  BOOST_CHECK_EQUAL(normalised("０００３４５６"), "3456");
  BOOST_CHECK_EQUAL(normalised("８５－１・０"), "85-1・0");
  BOOST_CHECK_EQUAL(normalised("見本　１２"), "見本12");
  BOOST_CHECK_EQUAL(normalised("85‐1"), normalised("85−1"));
  BOOST_CHECK_EQUAL(normalised("000"), "0");
  BOOST_CHECK_EQUAL(normalised(""), "");
  BOOST_CHECK_EQUAL(normalised("\xff\xe3"), "\xff\xe3"); // damaged text does no harm
}

BOOST_AUTO_TEST_CASE(utf8_is_strict) {
  BOOST_CHECK(is_utf8("見本●𠮷"));
  for (const std::string bad : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe3\x81", "\x80", "\xff"})
    BOOST_CHECK(!is_utf8(bad));
  BOOST_CHECK(!is_utf8(std::string_view("\0", 1)));
  BOOST_CHECK_EQUAL(length_of("見本●𠮷"), 4u);
}

BOOST_AUTO_TEST_CASE(shift_jis_has_the_extensions_of_nec_and_ibm) {
  BOOST_CHECK_EQUAL(from_shift_jis("\x87\x40\xfb\xfc").value(), "①髙");
  BOOST_CHECK(!from_shift_jis("\x81"));
}
