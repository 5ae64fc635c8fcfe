// `uketsuke bench accounts`: what a flood of wrong passwords costs the patients at the desk, and everybody else who
// signs in.
#pragma once

#include "messages/result.hpp"

#include <filesystem>
#include <iosfwd>

namespace tools {

struct accounts_bench_options {
  int checkins = 200; ///< alone, and as many beside the guesses, in turn
  int rounds = 5;
  int guesses = 1000, guessed = 50; ///< at least so many in each round
  bool json = false;
  std::filesystem::path data;    ///< made and removed
  std::filesystem::path persons; ///< insured_persons.json
};

/// Hub, desk and accounts in one process; wrong passwords for `guessed` accounts, a thousand at once, over the bus.
/// Prints how long a check-in takes beside them and alone, as a ratio (below 1.5 is wanted), how long somebody else
/// took to sign in meanwhile, and how long it takes to hear that an ID is unknown, beside a wrong password of a known
/// one.
messages::result<void> bench_accounts(const accounts_bench_options& options, std::ostream& out);

} // namespace tools
