// The conformance cases for each reader profile: the program runs the first and starts itself again for the others.
#pragma once

#include "drivers/card/virtual_ccid.hpp"
#include "tests/drivers/card/conformance.hpp"

#include <cstdlib>
#include <span>
#include <string>
#include <vector>

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

/// This program again, for another reader; the keys that were made here are taken over.
inline pid_t start_cases_with(const char* reader) {
  const auto keys = authority_folder().string();
  const auto child = fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    setenv(reader_variable, reader, 1);
    setenv(keys_variable, keys.c_str(), 1);
    execl("/proc/self/exe", reader, "--log_level=error", "--color_output=no", nullptr);
    _exit(127);
  }
  return child;
}

} // namespace conformance

BOOST_AUTO_TEST_CASE(the_other_kinds_of_readers_keep_the_same_promises) {
  if (std::getenv(reader_variable) != nullptr) return; // this is such a run
  // a TPDU reader of the vendor class, one without automatic voltage, a short-APDU reader: at the same time, because
  // all of them mostly wait
  const auto readers = std::span{rig_profile_names}.subspan(1);
  std::vector<pid_t> runs;
  for (const char* reader : readers)
    runs.push_back(start_cases_with(reader));
  for (std::size_t n = 0; n < runs.size(); ++n) {
    int how = 0;
    waitpid(runs[n], &how, 0);
    BOOST_TEST((WIFEXITED(how) && WEXITSTATUS(how) == 0), readers[n]);
  }
}
