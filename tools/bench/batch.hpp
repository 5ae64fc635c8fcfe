// `uketsuke bench batch`: how fast many people are planned, asked about and listed by a whole hub, what it weighs, and
// what check-ins feel of it.
#pragma once

#include "messages/result.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>

namespace tools {

struct batch_bench_options {
  std::filesystem::path data, persons;
  std::size_t rows = 100'000, rows_per_file = 5'000, checkins = 1'000;
  std::uint32_t seconds_max = 600; ///< from the plan to the last answer: then it tells how far it came, and fails
  bool json = false;
};

/// Says on stderr how far it is. Prints rows per second of each stage, the check-ins' p50 and p99 alone and meanwhile,
/// their ratio (1.2 at most is asked for), and the peak of memory (hub, desk, card and both centres in one process).
messages::result<void> bench_batch(const batch_bench_options& options, std::ostream& out);

} // namespace tools
