// `uketsuke bench bus`: durable publishing to many readers, beside bare floors and Redis Streams of the same run.
#pragma once

#include "messages/result.hpp"

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <vector>

namespace tools {

struct bus_bench_options {
  std::filesystem::path data; ///< on the disk whose sync is to be measured; exists, and may be filled
  std::vector<std::uint64_t> readers{8}, windows{1, 64, 512}, bytes{256};
  std::uint64_t rounds = 3; ///< alternations; figures are medians, ratios those of neighbours
  double seconds = 1;       ///< each turn
  bool even_if_busy = false;
  bool json = false;        ///< a JSON object a line
};

/// A publisher and N readers in one process and one thread, a hub in another: plain TCP, TCP with CURVE, and Redis
/// Streams with appendfsync always where it is installed, in turns; then what one publisher waits for, with and without
/// two processes that burn the processors as the face engine does, and replay. Refuses (`busy`) a machine that is not
/// idle, unless even_if_busy; then it says so.
messages::result<void> bench_bus(const bus_bench_options& options, std::ostream& out);

} // namespace tools
