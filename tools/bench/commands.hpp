// `uketsuke bench commands`: a command from another node to an actor of the hub and its answer, beside bare ZeroMQ.
#pragma once

#include "messages/result.hpp"

#include <cstdint>
#include <filesystem>
#include <iosfwd>

namespace tools {

struct commands_bench_options {
  std::filesystem::path data; ///< exists, and may be filled
  int trips = 2000;           ///< of each, in every round
  std::uint64_t rounds = 5;
  bool even_if_busy = false;
  bool json = false;
};

/// A hub in a process of its own, with actors; over TCP with CURVE and over plain TCP: `desks.list` and its answer, one
/// at a time, beside a bare DEALER and ROUTER that exchange as many octets the same way. Refuses (`busy`) a machine
/// that is not idle, unless even_if_busy.
messages::result<void> bench_commands(const commands_bench_options& options, std::ostream& out);

} // namespace tools
