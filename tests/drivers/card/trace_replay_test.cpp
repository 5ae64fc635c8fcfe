// For the same exchange our frames equal libccid's on two kinds of readers (its traces lie beside the project), and
// those of every trace that `uketsuke reader trace` captured: one that is put into traces/ is a test from then on.
#include "tests/test.hpp"

#include "tests/drivers/card/replay.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <unistd.h>

using namespace drivers::card;

namespace {

const std::filesystem::path traces = std::filesystem::path{UKETSUKE_SOURCE_DIR} / "tests/drivers/card/traces",
                            samples = std::filesystem::path{UKETSUKE_SOURCE_DIR} / ".." / "shared" / "samples" / "card";

/// A trace of libccid 1.5.2 under pcscd, and of which reader it is, which its logger does not say.
struct sample {
  const char *file, *found_by, *descriptor;
};
constexpr sample rc_s300{"trace-libccid-1.5.2-extapdu-rcs300.txt", "class 0B",
                         "36211001000702000000A00F0000A00F000000002A000000D20F0000FE0000000000000000000000"
                         "7E0004000A020000000000000001"};
constexpr sample scr3310{"trace-libccid-1.5.2-T1-tpdu-scr3310nttcom.txt", "class FF",
                         "36211001000703000000A00F0000A00F000000002A00002940050000FC0000000000000000000000"
                         "BA0101000F010000000000000001"};

/// Before Boost.Test begins: without the samples the whole program is skipped (77).
bool look_for_samples() {
  if (std::filesystem::exists(samples / rc_s300.file)) return true;
  std::puts("SKIPPED: the reference traces (shared/samples/card) are not here");
  std::fflush(stdout);
  _exit(77);
}
[[maybe_unused]] const bool found = look_for_samples();

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in{file};
  BOOST_REQUIRE(in.good());
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::string trace_of(const sample& s) {
  const auto reader = std::string{"# found by: "} + s.found_by + "\n# descriptor: " + s.descriptor + '\n';
  return reader + read_file(samples / s.file);
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
void check_libccid(const sample& of) {
  const auto trace = trace_of(of);
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

BOOST_AUTO_TEST_CASE(extended_apdu_frames_are_those_of_libccid) { check_libccid(rc_s300); }

BOOST_AUTO_TEST_CASE(t1_frames_are_those_of_libccid) { check_libccid(scr3310); }

BOOST_AUTO_TEST_CASE(every_captured_trace_replays) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator{traces}) {
    BOOST_TEST_CONTEXT(entry.path().filename()) { check(replay::run(read_file(entry.path())), 1); }
    ++count;
  }
  BOOST_TEST(count >= 1);
}

BOOST_AUTO_TEST_CASE(a_driver_that_sends_something_else_is_noticed) {
  auto trace = trace_of(scr3310);
  const std::string parameters = "13 10 FF 46 00 FB 00"; // IFSC 251, as the ATR says
  const auto at = trace.find(parameters);
  BOOST_REQUIRE(at != std::string::npos);
  trace.replace(at, parameters.size(), "13 10 FF 46 00 FA 00");
  BOOST_TEST(!replay::run(trace).differences.empty());
  BOOST_TEST(!replay::run("-> 000000 62 00 00 00 00 00 05 00 00 00\n").differences.empty()); // of which reader?
}
