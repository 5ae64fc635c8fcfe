// `uketsuke bench journal`: durable appends a second with sealing, chain and views, beside what this disk and RocksDB
// give alone in the same run, in turns; and what a long history costs.
#pragma once

#include "messages/result.hpp"

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <vector>

namespace tools {

struct journal_bench_options {
  std::filesystem::path data; ///< must exist; folders are made in it and removed
  std::uint64_t seconds_tenths = 10; ///< of each measurement
  std::uint64_t rounds = 3;          ///< alternations; the median is printed
  std::uint64_t events = 0;          ///< a history this long, for its start-up and its memory; 0: not measured
  bool json = false;
};

/// What one number of appends in flight gave; a second each, and microseconds until durable.
struct journal_rates {
  std::uint64_t in_flight = 0;
  double journal = 0, rocksdb = 0, bare_sync = 0;
  double journal_p50_us = 0, sync_p50_us = 0;
};

/// Prints rates at 1, 8, 64 and 512 in flight. Errors: those of the journal, `write_failed`.
messages::result<void> bench_journal(const journal_bench_options& options, std::ostream& out);

} // namespace tools
