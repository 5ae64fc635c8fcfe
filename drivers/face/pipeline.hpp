// What the engine does with pictures: find the one face, judge whether it can be compared, align it, embed it. OpenCV
// stays in pipeline.cpp. Not thread-safe; used by the engine's process and by the bench.
#pragma once

#include "drivers/face/decode.hpp"
#include "messages/values.hpp"

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace drivers::face {

/// Where the face in a picture is, in its pixels.
struct found_face {
  float left = 0, top = 0, width = 0, height = 0;
  std::array<std::array<float, 2>, 5> points{}; ///< eyes, nose, corners of the mouth, the person's right first
  float eye_distance() const;
};

/// A unit vector; the cosine of two of them is their score.
using embedding = std::vector<float>;
double score_of(const embedding& a, const embedding& b);

/// What a camera frame has to be to be compared. From face-recognition practice and the measurements in README.md.
struct gates {
  float eye_distance_min = 40;    ///< pixels
  float centre_off_max = 0.22F;   ///< of the frame's width and height
  float second_face_max = 0.4F;   ///< area of a second face, of the first one's
  double luma_min = 40, luma_max = 225;
  double sharpness_min = 8; ///< variance of the Laplacian over the aligned face
};

class pipeline {
public:
  /// Loads both networks; `face_models_unfit` when OpenCV cannot.
  static messages::result<std::unique_ptr<pipeline>> load(const std::string& detector, const std::string& embedding);
  virtual ~pipeline() = default;

  /// The largest face first. Empty also for a picture the detector cannot take.
  virtual std::vector<found_face> find(const picture& in) = 0;
  /// @p p: changed in size when it is too small for the detector.
  virtual messages::result<embedding> learn(picture p) = 0;
  struct sighting {
    messages::face_sight seen{};
    embedding of;         ///< only when good
    double sharpness = 0; ///< of the aligned face; 0 when it was not looked at
  };
  virtual sighting look(const picture& frame, const gates& by = {}) = 0;
};

} // namespace drivers::face
