// Time in Japan, as the national system writes it. There has been no summer time since 1951.
#pragma once

#include <cstdint>
#include <string>

namespace messages {

/// yyyyMMddHHmmss (JST) of @p utc_ms, milliseconds since 1970.
std::string japanese_time(std::uint64_t utc_ms);

} // namespace messages
