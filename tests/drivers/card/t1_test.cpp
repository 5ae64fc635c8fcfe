// T=1, block by block: chains both ways, repeats, waiting, resynchronising, giving up. No reader, no time.
#include "tests/test.hpp"

#include "drivers/card/t1.hpp"

#include <algorithm>

using namespace drivers::card;
using namespace drivers::card::t1;

namespace {

const settings plain{checksum::lrc, 32};

wiped_bytes bytes_of(std::size_t size, std::uint8_t first = 0) {
  wiped_bytes out(size);
  for (auto& b : out)
    b = first++;
  return out;
}

/// What is sent; a failed test if nothing is.
wiped_bytes sent(const step& s) {
  const auto* one = std::get_if<send>(&s);
  BOOST_REQUIRE(one != nullptr);
  return one->block;
}
wiped_bytes answer(const step& s) {
  const auto* one = std::get_if<answered>(&s);
  BOOST_REQUIRE(one != nullptr);
  return one->apdu;
}
broken end(const step& s) {
  const auto* one = std::get_if<broken>(&s);
  BOOST_REQUIRE(one != nullptr);
  return *one;
}
wiped_bytes lrc(std::uint8_t pcb, const wiped_bytes& information = {}) {
  return build(pcb, information, checksum::lrc);
}
wiped_bytes spoilt(wiped_bytes block) {
  block.back() ^= 0x55;
  return block;
}

const wiped_bytes command = {0x00, 0x20, 0x00, 0x80}, done = {0x90, 0x00};

} // namespace

BOOST_AUTO_TEST_CASE(blocks_are_those_of_the_reference_trace) {
  BOOST_TEST((build(s_request(supervisory::ifs), wiped_bytes{0xFC}, checksum::lrc) ==
              wiped_bytes{0x00, 0xC1, 0x01, 0xFC, 0x3C}));
  BOOST_TEST((lrc(r_block(true, receipt::fine)) == wiped_bytes{0x00, 0x90, 0x00, 0x90}));
  BOOST_TEST((lrc(i_block(true, false), command) == wiped_bytes{0x00, 0x40, 0x04, 0x00, 0x20, 0x00, 0x80, 0xE4}));
  BOOST_TEST((lrc(s_response(supervisory::wtx), {3}) == wiped_bytes{0x00, 0xE3, 0x01, 0x03, 0xE1}));
}

BOOST_AUTO_TEST_CASE(a_block_with_either_checksum_is_read_and_a_wrong_bit_never_is) {
  for (const auto how : {checksum::lrc, checksum::crc}) {
    const auto whole = build(i_block(true, true), bytes_of(20), how);
    const auto b = parse(whole, how);
    BOOST_REQUIRE(b.has_value());
    BOOST_TEST((b->is_information() && b->sequence() && b->more() && b->information == bytes_of(20)));
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
      auto wrong = whole;
      wrong[bit / 8] = static_cast<std::uint8_t>(wrong[bit / 8] ^ (1 << bit % 8));
      BOOST_TEST(!parse(wrong, how).has_value());
    }
    for (std::size_t n = 0; n < whole.size(); ++n)
      BOOST_TEST(!parse(octets{whole}.first(n), how).has_value());
  }
  BOOST_TEST((parse(wiped_bytes{1, 0, 0, 1}, checksum::lrc).error() == block_fault::other_address));
  BOOST_TEST((parse(wiped_bytes{0, 0x8C, 0, 0x8C}, checksum::lrc).error() == block_fault::unknown_pcb));
}

BOOST_AUTO_TEST_CASE(sequence_numbers_alternate) {
  protocol p{plain};
  for (int i = 0; i < 4; ++i) {
    const bool n = i % 2 == 1;
    BOOST_TEST(sent(p.command(command))[1] == i_block(n, false));
    BOOST_TEST(answer(p.received(lrc(i_block(n, false), done))) == done);
  }
}

BOOST_AUTO_TEST_CASE(the_card_is_told_how_much_it_may_send) {
  protocol p{plain};
  BOOST_TEST((sent(p.announce(252)) == wiped_bytes{0x00, 0xC1, 0x01, 0xFC, 0x3C}));
  BOOST_TEST(answer(p.received(lrc(0xE1, {252}))).empty());
  BOOST_TEST(sent(p.command(command))[1] == i_block(false, false)); // its numbers begin after that
}

BOOST_AUTO_TEST_CASE(a_card_that_does_not_listen_to_the_announcement_is_told_three_times) {
  protocol p{plain};
  sent(p.announce(252));
  BOOST_TEST(sent(p.received(lrc(0xE1, {32})))[1] == 0xC1);
  BOOST_TEST(sent(p.unreadable())[1] == 0xC1);
  BOOST_TEST(!end(p.unreadable()).maybe_done);
  BOOST_TEST(sent(p.command(command))[1] == i_block(false, false)); // 32 bytes hold; that is no reason to stop
}

BOOST_AUTO_TEST_CASE(long_commands_and_answers_are_chained) {
  protocol p{{checksum::crc, 10}};
  const auto apdu = bytes_of(25, 7);
  wiped_bytes got;
  auto now = p.command(apdu);
  bool number = false;
  for (int i = 0; i < 3; ++i) {
    const auto b = parse(sent(now), checksum::crc);
    BOOST_REQUIRE(b.has_value());
    BOOST_TEST(b->sequence() == number);
    BOOST_TEST(b->more() == (i < 2));
    got.insert(got.end(), b->information.begin(), b->information.end());
    number = !number;
    if (i < 2) now = p.received(build(r_block(number, receipt::fine), {}, checksum::crc));
  }
  BOOST_TEST(got == apdu);
  now = p.received(build(i_block(false, true), bytes_of(200), checksum::crc));
  BOOST_TEST((sent(now) == build(r_block(true, receipt::fine), {}, checksum::crc)));
  now = p.received(build(i_block(true, true), bytes_of(50, 200), checksum::crc));
  BOOST_TEST((sent(now) == build(r_block(false, receipt::fine), {}, checksum::crc)));
  auto whole = bytes_of(250);
  whole.insert(whole.end(), done.begin(), done.end());
  BOOST_TEST(answer(p.received(build(i_block(false, false), done, checksum::crc))) == whole);
}

BOOST_AUTO_TEST_CASE(an_unreadable_answer_is_asked_for_again_and_the_command_is_not_sent_again) {
  protocol p{plain};
  sent(p.command(command));
  BOOST_TEST((sent(p.received(spoilt(lrc(i_block(false, false), done)))) == lrc(0x81)));
  BOOST_TEST((sent(p.unreadable()) == lrc(0x81)));
  BOOST_TEST(answer(p.received(lrc(i_block(false, false), done))) == done);
}

BOOST_AUTO_TEST_CASE(an_answer_that_stays_unreadable_leaves_doubt_and_no_resynchronisation_repeats_the_command) {
  protocol p{plain};
  sent(p.command(command));
  sent(p.unreadable());
  sent(p.unreadable());
  const auto over = end(p.unreadable());
  BOOST_TEST(over.maybe_done);
  BOOST_TEST(over.why == "the card's blocks stay unreadable");
}

BOOST_AUTO_TEST_CASE(a_block_is_sent_again_when_the_card_says_that_it_did_not_get_it) {
  protocol p{plain};
  const auto block = sent(p.command(command));
  BOOST_TEST(sent(p.received(lrc(r_block(false, receipt::wrong_checksum)))) == block);
  BOOST_TEST(sent(p.received(lrc(r_block(false, receipt::other_error)))) == block);
  const auto over = end(p.received(lrc(r_block(false, receipt::wrong_checksum))));
  BOOST_TEST(over.maybe_done); // nobody can know
}

BOOST_AUTO_TEST_CASE(a_card_that_has_asked_for_time_has_the_command_and_never_gets_it_again) {
  protocol p{plain};
  sent(p.command(command));
  const auto granted = p.received(lrc(0xC3, {3}));
  BOOST_TEST((sent(granted) == lrc(0xE3, {3})));
  BOOST_TEST(std::get<send>(granted).granted == 3);
  // against the rules: it asks for the block whose work it was doing. Its own answer is repeated instead
  BOOST_TEST((sent(p.received(lrc(r_block(false, receipt::wrong_checksum)))) == lrc(0xE3, {3})));
  BOOST_TEST(answer(p.received(lrc(i_block(false, false), done))) == done);
}

BOOST_AUTO_TEST_CASE(a_command_cut_in_the_middle_begins_anew_after_resynchronising) {
  protocol p{{checksum::lrc, 4}};
  const auto apdu = bytes_of(10);
  const auto first = sent(p.command(apdu));
  sent(p.received(lrc(r_block(true, receipt::fine))));
  sent(p.unreadable());
  sent(p.unreadable());
  BOOST_TEST((sent(p.unreadable()) == lrc(0xC0)));
  BOOST_TEST((sent(p.received(lrc(r_block(true, receipt::fine)))) == lrc(0xC0)));
  BOOST_TEST(sent(p.received(lrc(0xE0))) == first);
}

BOOST_AUTO_TEST_CASE(a_card_that_does_not_resynchronise_is_given_up_without_doubt) {
  protocol p{{checksum::lrc, 4}};
  sent(p.command(bytes_of(10)));
  sent(p.unreadable());
  sent(p.unreadable());
  for (int i = 0; i < protocol::resynchs_max; ++i)
    BOOST_TEST((sent(p.unreadable()) == lrc(0xC0)));
  BOOST_TEST(!end(p.unreadable()).maybe_done);
}

BOOST_AUTO_TEST_CASE(a_card_may_announce_a_smaller_block_in_the_middle) {
  protocol p{{checksum::lrc, 8}};
  sent(p.command(bytes_of(12)));
  BOOST_TEST((sent(p.received(lrc(0xC1, {2}))) == lrc(0xE1, {2})));
  BOOST_TEST(p.ifsc() == 2);
  const auto next = sent(p.received(lrc(r_block(true, receipt::fine))));
  BOOST_TEST((next == lrc(i_block(true, true), {8, 9})));
}

BOOST_AUTO_TEST_CASE(a_card_may_give_up_and_is_answered) {
  protocol p{plain};
  sent(p.command(command));
  BOOST_TEST((sent(p.received(lrc(0xC2))) == lrc(0xE2)));
  BOOST_TEST(end(p.received(lrc(r_block(true, receipt::fine)))).maybe_done);
  protocol part{{checksum::lrc, 2}};
  sent(part.command(command));
  sent(part.received(lrc(0xC2)));
  BOOST_TEST(!end(part.unreadable()).maybe_done); // it had half of it
}

BOOST_AUTO_TEST_CASE(a_card_may_not_resynchronise_or_ask_without_end) {
  protocol p{plain};
  sent(p.command(command));
  BOOST_TEST(end(p.received(lrc(0xC0))).maybe_done);
  protocol q{plain};
  sent(q.command(command));
  int asked = 0;
  step now = q.received(lrc(0xC3, {1}));
  while (std::holds_alternative<send>(now) && ++asked < 1000)
    now = q.received(lrc(0xC3, {1}));
  BOOST_TEST(asked == protocol::requests_max);
  BOOST_TEST(end(now).maybe_done);
}

BOOST_AUTO_TEST_CASE(an_endless_answer_is_given_up) {
  protocol p{plain};
  sent(p.command(command));
  bool number = false;
  step now = p.received(lrc(i_block(number, true), bytes_of(254)));
  int blocks = 1;
  while (std::holds_alternative<send>(now) && blocks < 1000) {
    number = !number;
    now = p.received(lrc(i_block(number, true), bytes_of(254)));
    ++blocks;
  }
  BOOST_TEST(end(now).why == "an endless answer");
  BOOST_TEST(blocks == 259); // the 259th would make more than 65538 bytes
}
