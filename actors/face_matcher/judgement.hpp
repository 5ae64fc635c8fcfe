// What follows from the scores of one comparison. Pure.
#pragma once

#include "messages/values.hpp"

#include <optional>
#include <vector>

namespace face_matcher {

/// From which score on one model says "the same person", and from which on staff are asked.
struct scale {
  double accept_at = 1, unsure_from = 1;
};

/// How many frames a comparison takes. A single lucky frame decides nothing.
struct frame_rule {
  int in_a_row = 3;   ///< good frames one after another at or above accept_at
  int good_max = 10;  ///< good frames; then the middle one decides
  int good_least = 3; ///< fewer say nothing when time is up
};

/// Collects the frames of one comparison.
class judgement {
public:
  explicit judgement(scale by, frame_rule rule = {}) : by_(by), rule_(rule) {}

  /// The outcome, once there is one. A frame with a second person breaks the row: who is compared must not change.
  std::optional<messages::face_outcome> take(messages::face_sight seen, double score);
  /// The outcome when no more frames come.
  messages::face_outcome at_the_end() const;

private:
  messages::face_outcome by_the_middle() const;

  scale by_;
  frame_rule rule_;
  std::vector<double> good_;
  int row_ = 0;
};

} // namespace face_matcher
