// `uketsuke bench screens`: how long a patient's last consent takes to become an answer on reception's page, and what
// the hub's process weighs with many desks live.
#pragma once

#include "messages/result.hpp"

#include <filesystem>
#include <iosfwd>

namespace tools {

struct screens_bench_options {
  std::filesystem::path program; ///< this binary: hub, desks and centre are processes of it
  std::filesystem::path data;    ///< made when missing
  std::filesystem::path persons; ///< insured_persons.json
  int desks = 50;
  int checkins = 200;
  std::uint32_t answer_delay_ms = 20; ///< of the simulated centre; subtracted
  bool json = false;
};

/// From the press that answers the last question, on a desk's page, to the answer in a WebSocket message of reception's
/// page: p50, p99 (target below 100 ms), the centre's delay subtracted, its own work not. And the peak memory of the
/// hub (target below 100 MB), whose page server all the while has that page open, with every desk connected.
messages::result<void> bench_screens(const screens_bench_options& options, std::ostream& out);

} // namespace tools
