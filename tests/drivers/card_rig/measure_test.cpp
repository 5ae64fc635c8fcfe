// What `uketsuke bench card` measures is done: each round trip brings 9000, each reading a signature, in any order.
#include "tests/test.hpp"

#include "drivers/card/rig.hpp"
#include "drivers/card/rig_measure.hpp"
#include "tests/drivers/card/notebook.hpp"

using namespace conformance;

BOOST_AUTO_TEST_CASE(the_driver_and_the_bare_loop_take_turns_on_the_same_reader) {
  const auto slot = std::make_shared<virtual_slot>();
  const auto card = new_card();
  slot->place(card);
  const auto rig = usb_rig::start(slot);
  BOOST_REQUIRE(rig.has_value());
  for (int turn = 0; turn < 2; ++turn) {
    const auto bare = time_bare_libusb("054c:0dc8", 7);
    BOOST_REQUIRE(bare.has_value());
    BOOST_TEST(bare->size() == 7u);
    const auto driven = time_driver("054c:0dc8", 7);
    BOOST_REQUIRE(driven.has_value());
    BOOST_TEST(driven->size() == 7u);
  }
  const auto readings = time_readings("054c:0dc8", "1234", 2);
  BOOST_REQUIRE(readings.has_value());
  BOOST_TEST(readings->size() == 2u);
  BOOST_TEST(card->counts().verifies == 2);
  const auto wrong = time_readings("054c:0dc8", "9999", 5);
  BOOST_REQUIRE(!wrong.has_value());
  BOOST_TEST(card->counts().verifies == 3); // the first wrong PIN ends it: a bench burns no card either
}

BOOST_AUTO_TEST_CASE(without_a_reader_there_is_nothing_to_measure) {
  const auto bare = time_bare_libusb("1234:5678", 1);
  BOOST_REQUIRE(!bare.has_value());
  BOOST_TEST((bare.error().code == error_code::no_reader));
}
