// `uketsuke bench check-in --desks N`: the same press at all desks at once.
#pragma once

#include "messages/result.hpp"

#include <filesystem>
#include <iosfwd>

namespace tools {

struct many_desks_options {
  std::filesystem::path program; ///< this one: the clinic's nodes are processes of it
  std::filesystem::path data;    ///< exists, and may be filled
  std::filesystem::path persons; ///< insured_persons.json
  int desks = 50;
  int rounds = 5; ///< and one that warms up
  bool json = false;
};

/// A clinic of that many desks, each a process of its own, a page at each, one at reception, and a centre that answers
/// at once. Patients walk to the last question; then all press it in one go. Prints p50 and p99 from each press to its
/// answer on reception's page, and the hub's peak memory.
messages::result<void> bench_many_desks(const many_desks_options& options, std::ostream& out);

} // namespace tools
