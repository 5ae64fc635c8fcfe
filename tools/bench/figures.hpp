// What the benches do with what they measured: percentiles and medians.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace tools {

/// @p p: 0 to 1. Of nothing: 0.
inline double percentile(std::vector<double> all, double p) {
  if (all.empty()) return 0;
  const auto at = all.begin() + static_cast<std::ptrdiff_t>(p * static_cast<double>(all.size() - 1));
  std::ranges::nth_element(all, at);
  return *at;
}

inline double median(std::vector<double> all) { return percentile(std::move(all), 0.5); }

} // namespace tools
