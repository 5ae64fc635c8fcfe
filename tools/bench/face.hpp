// `uketsuke bench face`: how often the face engine is wrong on a folder of photos, and how long it takes.
#pragma once

#include "messages/result.hpp"

#include <filesystem>
#include <iosfwd>

namespace tools {

struct face_bench_options {
  /// models/ (measured_models.hpp), photos/ID_*.jpg (two of a person: a and b), cards/ID_*.{j2k,jp2}.
  std::filesystem::path folder;
  bool json = false;
};

/// Prints false matches and false refusals at several thresholds, and milliseconds of a comparison. Errors:
/// face_models_unfit, file_unreadable; wrong_value in a build without OpenCV.
messages::result<void> bench_face(const face_bench_options& options, std::ostream& out);

} // namespace tools
