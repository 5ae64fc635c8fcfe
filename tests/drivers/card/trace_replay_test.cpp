// For the same exchange our frames equal those of every trace in traces/: libccid's of two kinds of readers, and what
// `uketsuke reader trace` captured. A trace that is put there is a test from then on.
#include "tests/test.hpp"

#include "tests/drivers/card/replay.hpp"

#include <filesystem>
#include <fstream>

using namespace drivers::card;

namespace {

const std::filesystem::path traces = std::filesystem::path{UKETSUKE_SOURCE_DIR} / "tests/drivers/card/traces";

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in{file};
  BOOST_REQUIRE(in.good());
  return {std::istreambuf_iterator<char>{in}, {}};
}

void check(const replay::outcome& o, int apdus_min) {
  for (const auto& difference : o.differences)
    BOOST_ERROR(difference);
  BOOST_TEST(o.to_the_end);
  BOOST_TEST(o.lost == 0);
  BOOST_TEST(o.power_ons >= 1);
  BOOST_TEST(o.apdus >= apdus_min);
}

/// Our own trace of a replay shows no PIN and no file, and replays like the one it was made from.
void check_libccid(const char* file) {
  const auto trace = read_file(traces / file);
  const auto o = replay::run(trace);
  check(o, 90);
  BOOST_TEST_MESSAGE(o.power_ons << " power-ons and " << o.apdus << " APDUs as libccid sends them");
  BOOST_TEST(trace.find("31 32 33 34") != std::string::npos); // the PIN of the traced card
  BOOST_TEST(o.captured.find("31 32 33 34") == std::string::npos);
  BOOST_TEST(o.captured.find("30 82 03 A1 30 82") == std::string::npos); // its certificate
  BOOST_TEST(o.captured.find("00 20 00 80 04 **") != std::string::npos);
  std::istringstream head{trace}, again{o.captured};
  const auto second = replay::run(again, *replay::profile_of(head));
  check(second, o.apdus);
  BOOST_TEST(second.captured == o.captured);
}

} // namespace

BOOST_AUTO_TEST_CASE(extended_apdu_frames_are_those_of_libccid) { check_libccid("libccid-1.5.2-rc-s300.txt"); }

BOOST_AUTO_TEST_CASE(t1_frames_are_those_of_libccid) { check_libccid("libccid-1.5.2-scr3310-nttcom.txt"); }

BOOST_AUTO_TEST_CASE(every_captured_trace_replays) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator{traces}) {
    BOOST_TEST_CONTEXT(entry.path().filename()) { check(replay::run(read_file(entry.path())), 1); }
    ++count;
  }
  BOOST_TEST(count >= 3);
}

BOOST_AUTO_TEST_CASE(a_driver_that_sends_something_else_is_noticed) {
  auto trace = read_file(traces / "libccid-1.5.2-scr3310-nttcom.txt");
  const std::string parameters = "13 10 FF 46 00 FB 00"; // IFSC 251, as the ATR says
  const auto at = trace.find(parameters);
  BOOST_REQUIRE(at != std::string::npos);
  trace.replace(at, parameters.size(), "13 10 FF 46 00 FA 00");
  BOOST_TEST(!replay::run(trace).differences.empty());
  BOOST_TEST(!replay::run("-> 000000 62 00 00 00 00 00 05 00 00 00\n").differences.empty()); // of which reader?
}
