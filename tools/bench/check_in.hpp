// `uketsuke bench check-in`: what a check-in costs beside people, rig and centre.
#pragma once

#include "messages/result.hpp"

#include <cstdint>
#include <filesystem>
#include <iosfwd>

namespace tools {

struct bench_options {
  int checkins = 200;
  int warm_up = 20;
  bool json = false;
  std::filesystem::path data;    ///< on the disk whose sync is to be measured; exists, and may be filled
  std::filesystem::path persons; ///< insured_persons.json
};

/// One desk, hub and desk in one process, real bus, real journal; the card and the centre in process and not counted.
/// Prints p50 and p99 of the clinic's own time, binding waits and syncs per check-in, and the ratio to (binding waits ×
/// fdatasync p50), the fdatasyncs measured between the check-ins of the same run.
messages::result<void> bench_check_in(const bench_options& options, std::ostream& out);

} // namespace tools
