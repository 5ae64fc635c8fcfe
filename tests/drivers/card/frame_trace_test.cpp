// A trace of frames shows how a reader was spoken to, and no PIN and no file.
#include "tests/test.hpp"

#include "drivers/card/frame_trace.hpp"
#include "drivers/card/t1.hpp"

using namespace drivers::card;

namespace {

wiped_bytes request(const wiped_bytes& body) { return ccid::build(ccid::request::transfer, 0, 7, {}, body); }
wiped_bytes reply(const wiped_bytes& body, std::uint8_t chain = 0) {
  auto f = ccid::build(ccid::request{}, 0, 7, {0, 0, chain}, body);
  f[0] = 0x80;
  return f;
}
const wiped_bytes verify = {0x00, 0x20, 0x00, 0x80, 0x04, 0x31, 0x32, 0x33, 0x34};
const wiped_bytes read_file = {0x00, 0xB0, 0x00, 0x00, 0x04};

} // namespace

BOOST_AUTO_TEST_CASE(what_is_secret_follows_from_the_command) {
  BOOST_TEST((secrecy_of(verify).command && !secrecy_of(verify).answer));
  BOOST_TEST((!secrecy_of(read_file).command && secrecy_of(read_file).answer));
  BOOST_TEST(!secrecy_of(wiped_bytes{0x00, 0x20, 0x00, 0x80}).command); // asks for the tries
}

BOOST_AUTO_TEST_CASE(a_pin_is_masked_at_every_level) {
  const secrecy hidden{true, false};
  BOOST_TEST(describe_request(request(verify), {hidden, exchange_level::extended_apdu, 5}) ==
             "-> 000000 6F 09 00 00 00 00 07 00 00 00 00 20 00 80 04 ** ** ** **");
  const auto block = t1::build(0x40, verify, t1::checksum::lrc);
  BOOST_TEST(describe_request(request(block), {hidden, exchange_level::tpdu, 5}) ==
             "-> 000000 6F 0D 00 00 00 00 07 00 00 00 00 40 09 00 20 00 80 04 ** ** ** ** **"); // its checksum too
  // the second part of a chain
  BOOST_TEST(describe_request(request({0x33, 0x34}), {hidden, exchange_level::extended_apdu, 0}) ==
             "-> 000000 6F 02 00 00 00 00 07 00 00 00 ** **");
  const auto receipt = t1::build(0x81, {}, t1::checksum::lrc);
  BOOST_TEST(describe_request(request(receipt), {hidden, exchange_level::tpdu, 0}) ==
             "-> 000000 6F 04 00 00 00 00 07 00 00 00 00 81 00 81");
}

BOOST_AUTO_TEST_CASE(what_a_file_holds_is_masked_and_the_status_word_is_not) {
  const secrecy hidden{false, true};
  BOOST_TEST(describe_reply(reply({1, 2, 0x90, 0x00}), {hidden, exchange_level::short_apdu, 0}, false) ==
             "<- 000000 80 04 00 00 00 00 07 00 00 00 ** ** 90 00");
  BOOST_TEST(describe_reply(reply({1, 2}, 1), {hidden, exchange_level::extended_apdu, 0}, false) ==
             "<- 000000 80 02 00 00 00 00 07 00 00 01 ** **");
  const auto last = t1::build(0x40, wiped_bytes{5, 0x90, 0x00}, t1::checksum::crc);
  BOOST_TEST(describe_reply(reply(last), {hidden, exchange_level::tpdu, 0}, false) ==
             "<- 000000 80 08 00 00 00 00 07 00 00 00 00 40 03 ** 90 00 ** **");
  const auto more = t1::build(0x20, wiped_bytes{5, 6}, t1::checksum::lrc);
  BOOST_TEST(describe_reply(reply(more), {hidden, exchange_level::tpdu, 0}, false) ==
             "<- 000000 80 06 00 00 00 00 07 00 00 00 00 20 02 ** ** **");
}

BOOST_AUTO_TEST_CASE(nothing_of_a_stale_answer_is_shown) {
  BOOST_TEST(describe_reply(reply({1, 2, 0x90, 0x00}), {}, true) ==
             "<- 000000 80 04 00 00 00 00 07 00 00 00 ** ** ** **");
  BOOST_TEST(describe_reply(wiped_bytes{0x80, 1}, {}, true) == "<- 000000 80 01"); // shorter than its header
}
