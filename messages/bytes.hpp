// Octets that are not text: certificates, signatures, challenges.
#pragma once

#include <cstdint>
#include <vector>

namespace messages {

using bytes = std::vector<std::uint8_t>;

} // namespace messages
