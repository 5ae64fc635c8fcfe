// `uketsuke bench journal`: durable appends a second with sealing, chain and views, beside what this disk and RocksDB
// give alone in the same run, in turns; and what a long history costs.
#pragma once

#include "messages/result.hpp"

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

namespace tools {

struct journal_bench_options {
  std::filesystem::path data;                             ///< must exist; folders are made in it and removed
  std::vector<std::uint64_t> in_flight = {1, 8, 64, 512}; ///< appends under way at once
  std::uint64_t slice_tenths = 10; ///< of a second: one measurement; at its end the views catch up, on one thread
  std::uint64_t rounds = 5;        ///< each measures the three in turn
  std::uint64_t events = 0; ///< a history this long: its start-up, memory and replay; 0: not measured
  bool json = false;
};

/// What one number of appends in flight gave: medians over the rounds. The ratios are medians of the rounds' ratios,
/// each of two neighbours in time.
struct journal_rates {
  std::uint64_t in_flight = 0;
  double journal = 0, rocksdb = 0, bare_sync = 0; ///< appends (rows) a second
  double of_rocksdb = 0;                          ///< journal / rocksdb
  double p50_us = 0, sync_p50_us = 0;             ///< from append() until durable; of one write with its fdatasync
  double of_sync = 0;                             ///< p50_us / sync_p50_us
  double appends_per_sync = 0;
  double bytes = 0; ///< that one append gives RocksDB to write: entry, rows of views, topics
};

/// Prints rates for each number in flight. Errors: those of the journal, `write_failed`.
messages::result<void> bench_journal(const journal_bench_options& options, std::ostream& out);

} // namespace tools
