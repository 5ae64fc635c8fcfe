// APDUs and card octets: building, reading, refusing.
#include "tests/test.hpp"

#include "drivers/card/apdu.hpp"

#include <array>

using namespace drivers::card;

namespace {
wiped_bytes of(std::initializer_list<std::uint8_t> list) { return list; }
} // namespace

BOOST_AUTO_TEST_CASE(commands_are_built_as_the_reference_shows) {
  const std::array<std::uint8_t, 2> name = {0x00, 0x18};
  BOOST_TEST(apdu::build({0x00, 0xA4, 0x02, 0x0C, name, 0}) == of({0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, 0x18}));
  BOOST_TEST(apdu::build({0x00, 0x20, 0x00, 0x80, {}, 0}) == of({0x00, 0x20, 0x00, 0x80}));
  BOOST_TEST(apdu::build({0x00, 0xB0, 0x01, 0x00, {}, 256}) == of({0x00, 0xB0, 0x01, 0x00, 0x00}));
  BOOST_TEST(apdu::build({0x80, 0x2A, 0x00, 0x80, name, 256}) == of({0x80, 0x2A, 0x00, 0x80, 0x02, 0x00, 0x18, 0x00}));
}

BOOST_AUTO_TEST_CASE(what_was_built_is_read_back) {
  const std::array<std::uint8_t, 3> data = {1, 2, 3};
  for (const std::size_t le : {0u, 1u, 255u, 256u})
    for (const bool with_data : {false, true}) {
      const auto built = apdu::build({0x80, 0x2A, 0x01, 0x02, with_data ? apdu::octets{data} : apdu::octets{}, le});
      const auto read = apdu::parse(built);
      BOOST_REQUIRE(read.has_value());
      BOOST_TEST(read->le == le);
      BOOST_TEST(read->data.size() == (with_data ? 3u : 0u));
    }
}

BOOST_AUTO_TEST_CASE(every_cut_command_is_refused_or_another_case) {
  const auto whole = of({0x00, 0xA4, 0x04, 0x0C, 0x04, 1, 2, 3, 4, 0x00});
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto read = apdu::parse(apdu::octets{whole}.first(n));
    const bool complete = n == 4 || n == 5 || n == 9; // no data; only Le; without Le
    BOOST_TEST(read.has_value() == complete, "at " << n);
  }
  BOOST_TEST(!apdu::parse(of({0, 0xA4, 4, 0, 2, 1, 2, 3, 4})).has_value()); // more than Lc and Le
}

BOOST_AUTO_TEST_CASE(extended_commands_are_read) {
  const auto le = apdu::parse(of({0x00, 0xB0, 0, 0, 0, 0, 0}));
  BOOST_REQUIRE(le.has_value());
  BOOST_TEST(le->le == 65536u);
  const auto both = apdu::parse(of({0x00, 0x2A, 0, 0, 0, 0, 2, 7, 8, 1, 0}));
  BOOST_REQUIRE(both.has_value());
  BOOST_TEST(both->data.size() == 2u);
  BOOST_TEST(both->le == 256u);
  BOOST_TEST(!apdu::parse(of({0x00, 0x2A, 0, 0, 0, 0, 9, 7, 8})).has_value());
}

BOOST_AUTO_TEST_CASE(status_words_tell_the_tries) {
  BOOST_TEST((apdu::tries_left(0x63C3) == 3));
  BOOST_TEST((apdu::tries_left(0x63C0) == 0));
  BOOST_TEST((apdu::tries_left(0x6983) == 0));
  BOOST_TEST((apdu::tries_left(0x6984) == 0));
  BOOST_TEST(!apdu::tries_left(0x9000).has_value());
  BOOST_TEST(!apdu::tries_left(0x6300).has_value());
}

BOOST_AUTO_TEST_CASE(a_description_shows_no_data_but_of_select) {
  BOOST_TEST(apdu::describe(of({0x00, 0x20, 0x00, 0x80, 4, '1', '2', '3', '4'})) == "00200080 [4 bytes]");
  BOOST_TEST(apdu::describe(of({0x00, 0x24, 0x01, 0x80, 4, '1', '2', '3', '4'})) == "00240180 [4 bytes]");
  BOOST_TEST(apdu::describe(of({0x00, 0x20, 0x00, 0x80, 9, '1', '2'})) ==
             "00200080 (7 bytes)"); // broken: still nothing
  BOOST_TEST(apdu::describe(of({0x00, 0xA4, 0x02, 0x0C, 2, 0, 0x0A})) == "00A4020C 000A");
  BOOST_TEST(apdu::describe(of({0x00})) == "00 (1 bytes)");
}

BOOST_AUTO_TEST_CASE(ber_heads_are_read_with_every_length_form) {
  const auto small = apdu::parse_ber_head(of({0x30, 0x05}));
  BOOST_REQUIRE(small.has_value());
  BOOST_TEST(small->content_size == 5u);
  const auto two = apdu::parse_ber_head(of({0xDF, 0x21, 0x81, 0xFF}));
  BOOST_REQUIRE(two.has_value());
  BOOST_TEST(two->tag == 0xDF21);
  BOOST_TEST(two->head_size == 4u);
  BOOST_TEST(two->content_size == 255u);
  BOOST_TEST(apdu::parse_ber_head(of({0xFF, 0x20, 0x82, 0x12, 0x34}))->content_size == 0x1234u);
  for (const auto& bad : {of({}), of({0x30}), of({0xDF, 0x21}), of({0xDF, 0x81, 0x01}), of({0x30, 0x80}),
                          of({0x30, 0x83, 1, 2, 3}), of({0x30, 0x82, 1})})
    BOOST_TEST(!apdu::parse_ber_head(bad).has_value());
}

BOOST_AUTO_TEST_CASE(a_certificate_size_outside_the_bounds_is_refused) {
  BOOST_TEST(apdu::certificate_size(of({0x30, 0x82, 0x06, 0x00})).value() == 0x604u);
  for (const auto& bad : {of({0x30, 0x82, 0x00, 0x10}), of({0x30, 0x82, 0xFF, 0xFF}), of({0x30, 0x81, 0xF0, 0x00}),
                          of({0x31, 0x82, 0x06, 0x00}), of({0x30, 0x82, 0x06}), of({})}) {
    const auto size = apdu::certificate_size(bad);
    BOOST_REQUIRE(!size.has_value());
    BOOST_TEST((size.error().code == messages::error_code::card_answer_odd));
  }
}
