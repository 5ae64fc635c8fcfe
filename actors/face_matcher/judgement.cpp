// Frames into an outcome.
#include "actors/face_matcher/judgement.hpp"

#include <algorithm>

namespace face_matcher {

using messages::face_outcome;
using messages::face_sight;

std::optional<face_outcome> judgement::take(face_sight seen, double score) {
  if (seen != face_sight::good) {
    if (seen == face_sight::several_faces || seen == face_sight::no_face) row_ = 0;
    return std::nullopt;
  }
  good_.push_back(score);
  row_ = score >= by_.accept_at ? row_ + 1 : 0;
  if (row_ >= rule_.in_a_row) return face_outcome::matched;
  if (static_cast<int>(good_.size()) >= rule_.good_max) return by_the_middle();
  return std::nullopt;
}

face_outcome judgement::at_the_end() const {
  return static_cast<int>(good_.size()) < rule_.good_least ? face_outcome::no_face : by_the_middle();
}

/// Never "matched": that takes a row of frames.
face_outcome judgement::by_the_middle() const {
  auto sorted = good_;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::ranges::nth_element(sorted, middle);
  return *middle >= by_.unsure_from ? face_outcome::unsure : face_outcome::different;
}

} // namespace face_matcher
