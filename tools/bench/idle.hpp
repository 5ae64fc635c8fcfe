// Is this machine idle? Figures taken beside other work judge that work too.
#pragma once

#include "messages/result.hpp"

#include <iosfwd>
#include <string>

namespace tools {

/// More than this share of the processors at work, by others, and a bench refuses to judge.
inline constexpr double busy_share_max = 0.10;

/// Looks for half a second: the share (0 to 1) of all processors' time that somebody used, the host's own included.
double busy_share();

/// `busy` on a machine that is not idle; @p even_if_busy instead says on @p out that nothing is to be judged.
messages::result<void> check_idle(const std::string& bench, bool even_if_busy, bool json, std::ostream& out);

} // namespace tools
