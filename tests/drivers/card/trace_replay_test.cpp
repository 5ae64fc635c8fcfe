// For the same exchange our frames equal libccid's: its traces of two kinds of readers are replayed against our driver.
#include "tests/test.hpp"

#include "tests/drivers/card/replay.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <unistd.h>

using namespace drivers::card;

namespace {

const std::filesystem::path samples = std::filesystem::path{UKETSUKE_SOURCE_DIR} / ".." / "shared" / "samples" / "card";

/// Before Boost.Test begins: without the traces the whole program is skipped (77).
bool look_for_traces() {
  if (std::filesystem::exists(samples / "trace-libccid-1.5.2-extapdu-rcs300.txt")) return true;
  std::puts("SKIPPED: the reference traces (shared/samples/card) are not here");
  std::fflush(stdout);
  _exit(77);
}
[[maybe_unused]] const bool found = look_for_traces();

reader_profile decide(std::uint8_t interface_class, const ccid_descriptor& d) {
  auto p = decide_profile({"the traced reader", 1, 2, 0, interface_class, d, true});
  BOOST_REQUIRE(p.has_value());
  return *p;
}
const ccid_descriptor rc_s300{0, 7, 2, 254, 0x0004007E, 522, 4000, 1036800};
const ccid_descriptor scr3310{0, 7, 3, 252, 0x000101BA, 271, 4000, 344105};

replay::outcome replay_file(const char* name, const reader_profile& reader) {
  std::ifstream in{samples / name};
  BOOST_REQUIRE(in.good());
  return replay::run(in, reader);
}

void check(const replay::outcome& o, int apdus_min) {
  for (const auto& difference : o.differences)
    BOOST_ERROR(difference);
  BOOST_TEST(o.to_the_end);
  BOOST_TEST(o.lost == 0);
  BOOST_TEST(o.power_ons >= 1);
  BOOST_TEST(o.apdus >= apdus_min);
  BOOST_TEST_MESSAGE(o.power_ons << " power-ons and " << o.apdus << " APDUs as libccid sends them");
}

/// Our own trace of a replay shows no PIN and no file, and replays like the one it was made from.
void check_capture(const replay::outcome& o, const reader_profile& reader) {
  BOOST_TEST(o.captured.find("31 32 33 34") == std::string::npos);       // the PIN of the traced card
  BOOST_TEST(o.captured.find("30 82 03 A1 30 82") == std::string::npos); // its certificate
  BOOST_TEST(o.captured.find("00 20 00 80 04 **") != std::string::npos);
  std::istringstream again{o.captured};
  const auto second = replay::run(again, reader);
  check(second, o.apdus);
  BOOST_TEST(second.captured == o.captured);
}

} // namespace

BOOST_AUTO_TEST_CASE(extended_apdu_frames_are_those_of_libccid) {
  const auto reader = decide(ccid_class, rc_s300);
  const auto o = replay_file("trace-libccid-1.5.2-extapdu-rcs300.txt", reader);
  check(o, 90);
  check_capture(o, reader);
}

BOOST_AUTO_TEST_CASE(t1_frames_are_those_of_libccid) {
  const auto reader = decide(vendor_class, scr3310);
  const auto o = replay_file("trace-libccid-1.5.2-T1-tpdu-scr3310nttcom.txt", reader);
  check(o, 90);
  check_capture(o, reader);
}
