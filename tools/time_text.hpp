// A moment as people in Japan read it, for what commands print.
#pragma once

#include <cstdint>
#include <string>

namespace tools {

/// 2026-11-22 08:42:10 in Japan, which has no summer time; @p utc_ms since 1970. From any thread.
std::string time_text(std::uint64_t utc_ms);

} // namespace tools
