// The conformance cases for one reader profile after another: the program runs the first and starts itself again for
// each other one.
#pragma once

#include "drivers/card/virtual_ccid.hpp"
#include "tests/drivers/card/conformance.hpp"

#include <cstdlib>
#include <string>

#include <sys/wait.h>

namespace conformance {

inline constexpr char reader_variable[] = "UKETSUKE_TEST_READER";

inline rig_profile profile_under_test(const side_options& options) {
  const char* name = std::getenv(reader_variable);
  auto profile = rig_profile_named(name != nullptr ? name : rig_profile_names[0]);
  BOOST_REQUIRE(profile.has_value());
  static constexpr std::uint32_t extended_level = 0x40000;
  // what is chained below APDUs is only there at this level; a TPDU reader chains blocks anyway
  if (options.small_blocks && (profile->features & extended_level) != 0) profile->message_size_max = 42;
  return *profile;
}

inline usb_options quick_options(const side_options& options, trace_line trace) {
  usb_options quick;
  if (options.impatient) quick.answer_wait_ms_max = impatience_ms;
  quick.rescan_ms = 50;
  quick.drain_ms = 5;
  quick.trace = std::move(trace);
  return quick;
}

inline void run_cases_with(const char* reader) {
  if (std::getenv(reader_variable) != nullptr) return; // this is such a run
  const auto child = fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    setenv(reader_variable, reader, 1);
    execl("/proc/self/exe", reader, "--log_level=error", "--color_output=no", nullptr);
    _exit(127);
  }
  int how = 0;
  waitpid(child, &how, 0);
  BOOST_TEST((WIFEXITED(how) && WEXITSTATUS(how) == 0));
}

} // namespace conformance

BOOST_AUTO_TEST_CASE(a_tpdu_reader_of_the_vendor_class_keeps_the_same_promises) { run_cases_with("scr3310-nttcom"); }
BOOST_AUTO_TEST_CASE(a_tpdu_reader_without_automatic_voltage_keeps_the_same_promises) { run_cases_with("acr39u"); }
BOOST_AUTO_TEST_CASE(a_short_apdu_reader_keeps_the_same_promises) { run_cases_with("tc63cut021"); }
