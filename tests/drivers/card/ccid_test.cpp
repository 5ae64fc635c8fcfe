// CCID frames: every byte a reader may send wrongly.
#include "tests/test.hpp"

#include "drivers/card/ccid.hpp"

using namespace drivers::card;

namespace {

/// A DataBlock as RC-S300 sent it: 6A82 to a SELECT (samples/card, libccid trace).
wiped_bytes sample() { return {0x80, 2, 0, 0, 0, 0, 7, 0, 0, 0, 0x6A, 0x82}; }

} // namespace

BOOST_AUTO_TEST_CASE(requests_are_built_as_the_reference_driver_does) {
  const wiped_bytes power = {0x62, 0, 0, 0, 0, 0, 5, 0, 0, 0};
  BOOST_TEST(ccid::build(ccid::request::power_on, 0, 5, {0, 0, 0}) == power);
  const wiped_bytes apdu = {0x00, 0xA4, 0x04};
  const wiped_bytes transfer = {0x6F, 3, 0, 0, 0, 0, 7, 0, 0x10, 0, 0x00, 0xA4, 0x04};
  BOOST_TEST(ccid::build(ccid::request::transfer, 0, 7, {0, 0x10, 0}, apdu) == transfer);
}

BOOST_AUTO_TEST_CASE(a_whole_frame_is_read) {
  const auto f = ccid::parse(sample());
  BOOST_REQUIRE(f.has_value());
  BOOST_TEST((f->type == ccid::reply::data_block));
  BOOST_TEST(f->sequence == 7);
  BOOST_TEST((f->data == wiped_bytes{0x6A, 0x82}));
  BOOST_TEST((f->card() == ccid::card_state::active));
  BOOST_TEST((f->command() == ccid::command_state::done));
}

BOOST_AUTO_TEST_CASE(every_truncated_frame_is_refused) {
  const auto whole = sample();
  for (std::size_t n = 0; n < whole.size(); ++n)
    BOOST_TEST(!ccid::parse(ccid::octets{whole}.first(n)).has_value());
}

BOOST_AUTO_TEST_CASE(hostile_lengths_and_types_are_refused) {
  auto longer = sample();
  longer.push_back(0);
  BOOST_TEST((ccid::parse(longer).error() == ccid::frame_fault::length_differs));
  for (std::size_t at = 1; at <= 4; ++at) {
    auto f = sample();
    f[at] = 0xFF;
    BOOST_TEST((ccid::parse(f).error() == ccid::frame_fault::length_differs));
  }
  for (const int type : {0x00, 0x50, 0x6F, 0x7F, 0x85, 0xFF}) {
    auto f = sample();
    f[0] = static_cast<std::uint8_t>(type);
    BOOST_TEST((ccid::parse(f).error() == ccid::frame_fault::unknown_type));
  }
}

BOOST_AUTO_TEST_CASE(apdus_are_cut_into_levelled_blocks) {
  const wiped_bytes apdu(25, 1);
  const auto whole = ccid::split(apdu, 25);
  BOOST_REQUIRE(whole.size() == 1u);
  BOOST_TEST(whole[0].level == ccid::level_whole);
  const auto cut = ccid::split(apdu, 10);
  BOOST_REQUIRE(cut.size() == 3u);
  BOOST_TEST(cut[0].level == ccid::level_first);
  BOOST_TEST(cut[1].level == ccid::level_middle);
  BOOST_TEST(cut[2].level == ccid::level_last);
  BOOST_TEST(cut[2].data.size() == 5u);
}

BOOST_AUTO_TEST_CASE(slot_notices_are_read_for_their_slot) {
  const auto notice = ccid::parse_notice(wiped_bytes{0x50, 0x0B}, 0);
  BOOST_REQUIRE(notice.has_value());
  BOOST_TEST((notice->present && notice->changed));
  const auto second = ccid::parse_notice(wiped_bytes{0x50, 0x0B}, 1);
  BOOST_TEST((!second->present && second->changed));
  BOOST_TEST(!ccid::parse_notice(wiped_bytes{0x50}, 0).has_value());
  BOOST_TEST(!ccid::parse_notice(wiped_bytes{0x50, 3}, 4).has_value());
  BOOST_TEST(!ccid::parse_notice(wiped_bytes{0x51, 3}, 0).has_value());
}

BOOST_AUTO_TEST_CASE(every_error_byte_has_words) {
  for (int code = 0; code < 256; ++code)
    BOOST_TEST(!ccid::explain_error(static_cast<std::uint8_t>(code)).empty());
  BOOST_TEST(ccid::explain_error(0xFE) == "card mute");
  BOOST_TEST(ccid::explain_error(0x07) == "wrong field at offset 0x07");
}
