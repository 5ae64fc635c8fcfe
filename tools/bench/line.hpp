// `uketsuke bench line`: rows of a bulk result per second, beside a bare parse of the same units in the same run.
#pragma once

#include "messages/result.hpp"

#include <cstddef>
#include <iosfwd>

namespace tools {

struct line_bench_options {
  std::size_t persons = 100'000;
  bool json = false;
};

/// Prints rows per second of both, and their ratio.
messages::result<void> bench_line(const line_bench_options& options, std::ostream& out);

} // namespace tools
