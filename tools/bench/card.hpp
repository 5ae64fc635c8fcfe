// `uketsuke bench card`: a CCID round trip through the driver, beside a bare libusb loop on the same emulated reader in
// the same run; and what reading a card takes.
#pragma once

#include "messages/result.hpp"

#include <cstddef>
#include <iosfwd>
#include <string>

namespace tools {

struct card_bench_options {
  std::string profile = "rc-s300"; ///< or tc63cut021: the profiles at APDU level, where the bare loop needs no T=1
  std::size_t trips = 2000;        ///< of each, in turns
  std::size_t readings = 20;
  bool json = false;
};

/// True when the process runs under umockdev; otherwise the program has to start itself again so.
bool card_bench_is_possible();
/// Prints median and 99th percentile of both and their ratio; and of identify, VERIFY and signature.
messages::result<void> bench_card(const card_bench_options& options, std::ostream& out);

} // namespace tools
