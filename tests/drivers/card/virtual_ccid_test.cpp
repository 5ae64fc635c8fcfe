// The firmware of the simulated readers: each profile, and each misdeed, frame by frame.
#include "tests/test.hpp"

#include "drivers/card/descriptor.hpp"
#include "drivers/card/virtual_ccid.hpp"
#include "tests/drivers/card/notebook.hpp"

using namespace conformance;

namespace {

struct bench {
  explicit bench(std::string_view profile) : slot(std::make_shared<virtual_slot>()) {
    slot->place(new_card());
    const auto reader = *rig_profile_named(profile);
    card_slot = static_cast<std::uint8_t>(reader.card_slot);
    device = std::make_unique<ccid_device>(slot, reader);
  }
  std::vector<timed_frame> say(std::uint8_t type, const wiped_bytes& data = {}, std::uint8_t first = 0) {
    wiped_bytes request = {type, static_cast<std::uint8_t>(data.size()), 0, 0, 0, card_slot, ++sequence, first, 0, 0};
    request.insert(request.end(), data.begin(), data.end());
    return device->receive(request);
  }
  /// The one answer, as hexadecimal digits from bStatus on.
  std::string answer(std::uint8_t type, const wiped_bytes& data = {}, std::uint8_t first = 0) {
    const auto frames = say(type, data, first);
    BOOST_REQUIRE(frames.size() == 1u);
    BOOST_TEST(int{frames[0].bytes[6]} == int{sequence});
    return apdu::hex(apdu::octets{frames[0].bytes}.subspan(7));
  }
  std::shared_ptr<virtual_slot> slot;
  std::unique_ptr<ccid_device> device;
  std::uint8_t sequence = 0, card_slot = 0;
};

constexpr std::uint8_t power_on = 0x62, slot_status = 0x65, transfer = 0x6F, set_parameters = 0x61;
const wiped_bytes challenge_command = {0x00, 0x84, 0x00, 0x00, 0x02};

} // namespace

BOOST_AUTO_TEST_CASE(every_named_reader_describes_itself_as_the_reference_does) {
  for (const char* name : rig_profile_names) {
    const auto profile = rig_profile_named(name);
    BOOST_REQUIRE(profile.has_value());
    const auto all = make_descriptors(*profile);
    const auto read = find_descriptor(octets{all}.subspan(18 + 9 + 9));
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(read->features == profile->features, name);
    BOOST_TEST(read->ifsd_max == profile->ifsd_max, name);
    BOOST_TEST(read->message_size_max == profile->message_size_max, name);
  }
  BOOST_TEST(!rig_profile_named("another").has_value());
}

BOOST_AUTO_TEST_CASE(apdu_level_readers_carry_an_apdu) {
  for (const char* name : {"rc-s300", "tc63cut021"}) {
    bench b{name};
    BOOST_TEST(b.answer(power_on).substr(0, 10) == "0000003BDA");
    const auto answer = b.answer(transfer, challenge_command);
    BOOST_TEST(answer.size() == 2 * (3 + 2 + 2u), name);
    BOOST_TEST(answer.substr(answer.size() - 4) == "9000", name);
  }
}

BOOST_AUTO_TEST_CASE(a_tpdu_reader_carries_blocks_and_takes_parameters) {
  bench b{"scr3310-nttcom"};
  BOOST_TEST(b.answer(power_on).substr(0, 10) == "0000003BDA");
  BOOST_TEST(b.answer(set_parameters, {0x13, 0x10, 0xFF, 0x46, 0x00, 0xFB, 0x00}, 1) == "0000011310FF4600FB00");
  BOOST_TEST(b.answer(set_parameters, {0x13, 0x10}, 0) == "400701"); // T=0: not with this card
  BOOST_TEST(b.answer(transfer, {0x00, 0xC1, 0x01, 0xFC, 0x3C}) == "00000000E101FC1C");
}

BOOST_AUTO_TEST_CASE(a_reader_without_automatic_voltage_wants_one) {
  bench b{"acr39u"};
  BOOST_TEST(b.answer(power_on, {}, 0) == "410700");
  BOOST_TEST(b.answer(power_on, {}, 2).substr(0, 6) == "000000");
  auto profile = *rig_profile_named("acr39u");
  profile.card_voltages = 2; // this card answers at 3 V only
  ccid_device picky{b.slot, profile};
  const auto at = [&](std::uint8_t volts) {
    return int{picky.receive(wiped_bytes{power_on, 0, 0, 0, 0, 0, 1, volts, 0, 0}).at(0).bytes[8]};
  };
  BOOST_TEST(at(1) == 0xFE);
  BOOST_TEST(at(2) == 0x00);
}

BOOST_AUTO_TEST_CASE(every_misdeed_happens_once_and_to_its_answer) {
  bench b{"rc-s300"};
  b.answer(power_on);
  const auto frames_after = [&](misdeed what) {
    b.device->misbehave(what);
    return b.say(slot_status);
  };
  const auto stale = frames_after({misdeed_kind::stale_frame});
  BOOST_REQUIRE(stale.size() == 2u);
  BOOST_TEST(int{stale[0].bytes[6]} == b.sequence - 1);
  BOOST_TEST(int{stale[1].bytes[6]} == int{b.sequence});
  BOOST_TEST(int{frames_after({misdeed_kind::wrong_sequence}).at(0).bytes[6]} != int{b.sequence});
  BOOST_TEST(int{frames_after({misdeed_kind::wrong_slot}).at(0).bytes[5]} == 1);
  BOOST_TEST(frames_after({.kind = misdeed_kind::short_read, .number = 4}).at(0).bytes.size() == 4u);
  BOOST_TEST(int{frames_after({.kind = misdeed_kind::wrong_length, .number = 9}).at(0).bytes[1]} == 9);
  BOOST_TEST(frames_after({.kind = misdeed_kind::time_extension, .number = 3}).size() == 4u);
  BOOST_TEST(frames_after({misdeed_kind::stall}).at(0).stalled);
  BOOST_TEST(frames_after({misdeed_kind::silence}).empty());
  BOOST_TEST(int{frames_after({.kind = misdeed_kind::garbage_chain, .number = 1}).at(0).bytes[9]} == 1);
  BOOST_TEST(frames_after({.kind = misdeed_kind::silence, .to = transfer}).size() == 1u); // not this one
  BOOST_TEST(b.say(transfer, challenge_command).empty());
  BOOST_TEST(b.answer(slot_status) == "000000");
  b.device->misbehave({.kind = misdeed_kind::silence, .answer = 2});
  BOOST_TEST(b.say(slot_status).size() == 1u);
  BOOST_TEST(b.say(slot_status).empty());
}

BOOST_AUTO_TEST_CASE(a_reader_leaves_at_the_byte_it_was_told) {
  const wiped_bytes select = {0x00, 0xA4, 0x04, 0x0C, 0x0A, 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01};
  for (const std::size_t byte : {1u, 25u, 26u, 37u, 38u}) { // 25 bytes go in, 12 come out
    bench b{"rc-s300"};
    const auto card = new_card();
    b.slot->place(card);
    b.device->look();
    b.answer(power_on);
    b.device->misbehave({.kind = misdeed_kind::unplug_at_byte, .number = byte});
    const bool answered = !b.say(transfer, select).empty();
    BOOST_TEST(answered == (byte > 37), byte);
    BOOST_TEST(card->selected().empty() == (byte <= 25), byte); // never seen, or seen and not answered
    BOOST_TEST(b.slot->now().plugged == answered, byte);
  }
}

BOOST_AUTO_TEST_CASE(a_voltage_that_is_none_is_refused_as_the_field_it_stands_in) {
  for (const char* name : rig_profile_names) {
    bench b{name};
    for (const std::uint8_t voltage :
         std::initializer_list<std::uint8_t>{4, 32, 34, 255}) // a shift by the last ones is no shift any more
      BOOST_TEST(b.answer(power_on, {}, voltage) == "410700", name);
    BOOST_TEST(b.answer(power_on, {}, 1).substr(0, 10) == "0000003BDA", name);
  }
}

BOOST_AUTO_TEST_CASE(the_rest_of_an_answer_is_forgotten_when_the_power_comes_anew) {
  bench b{"rc-s300"};
  b.answer(power_on);
  b.answer(transfer, challenge_command);
  b.answer(power_on);
  const wiped_bytes next = {transfer, 0, 0, 0, 0, 0, ++b.sequence, 0, 0x10, 0}; // wLevelParameter: the next block
  const auto frames = b.device->receive(next);
  BOOST_REQUIRE(frames.size() == 1u);
  BOOST_TEST(frames[0].bytes.size() == 10u); // nothing, and not what lies behind it
}
