// Names that the two sides of `bench bus` know each other by.
#pragma once

namespace tools::bus_node_names {

inline constexpr const char* hub = "hub";
inline constexpr const char* actor = "eligibility_gateway"; ///< who registers numbers in a clinic
inline constexpr const char* client = "bench";

} // namespace tools::bus_node_names
