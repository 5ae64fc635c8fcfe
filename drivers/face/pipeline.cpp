// YuNet and an embedding network through OpenCV, without its image codecs.
#include "drivers/face/pipeline.hpp"

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect/face.hpp>

#include <algorithm>
#include <cmath>

namespace drivers::face {

using messages::error_code;
using messages::face_sight;
using messages::failure;

namespace {

constexpr int chip_side = 128;
constexpr int detect_side_max = 640, detect_side_min = 64; // below, FaceDetectorYN throws
constexpr int photo_side_wanted = 240;                     // a smaller card photo is enlarged before it is searched
constexpr float detect_score_min = 0.7F, overlap_max = 0.3F;
constexpr int faces_max = 100;

/// Where the five points lie on an aligned face, as the embedding was trained.
constexpr std::array<std::array<double, 2>, 5> aligned_points{
    {{0.31556875, 0.46157411}, {0.68262292, 0.46157411}, {0.50026250, 0.64050536}, {0.34947187, 0.82469197},
     {0.65343645, 0.82469197}}};

/// A picture's pixels as OpenCV sees them; not copied, so they are wiped with the picture.
cv::Mat view_of(const picture& p) {
  return {static_cast<int>(p.height), static_cast<int>(p.width), CV_8UC3, const_cast<std::uint8_t*>(p.bgr.data())};
}

/// Similarity (turn, scale, move; no mirror) that brings the face's points closest to the aligned ones: least squares
/// in closed form.
cv::Mat alignment(const found_face& face) {
  double from_x = 0, from_y = 0, to_x = 0, to_y = 0;
  for (std::size_t n = 0; n < 5; ++n) {
    from_x += face.points[n][0] / 5;
    from_y += face.points[n][1] / 5;
    to_x += aligned_points[n][0] * chip_side / 5;
    to_y += aligned_points[n][1] * chip_side / 5;
  }
  double along = 0, across = 0, spread = 1e-9;
  for (std::size_t n = 0; n < 5; ++n) {
    const double x = face.points[n][0] - from_x, y = face.points[n][1] - from_y;
    const double u = aligned_points[n][0] * chip_side - to_x, v = aligned_points[n][1] * chip_side - to_y;
    along += x * u + y * v;
    across += x * v - y * u;
    spread += x * x + y * y;
  }
  along /= spread;
  across /= spread;
  return (cv::Mat_<double>(2, 3) << along, -across, to_x - along * from_x + across * from_y, across, along,
          to_y - along * from_y - across * from_x);
}

class networks final : public pipeline {
public:
  networks(cv::Ptr<cv::FaceDetectorYN> detector, cv::dnn::Net embedder)
      : detector_(std::move(detector)), embedder_(std::move(embedder)) {}

  std::vector<found_face> find(const picture& in) override {
    const auto all = view_of(in);
    const double scale = std::min(1.0, double{detect_side_max} / std::max(all.cols, all.rows));
    cv::Mat small = all;
    if (scale < 1) cv::resize(all, small, {}, scale, scale, cv::INTER_AREA);
    if (small.cols < detect_side_min || small.rows < detect_side_min) return {};
    cv::Mat rows;
    try {
      detector_->setInputSize(small.size());
      detector_->detect(small, rows);
    } catch (const cv::Exception&) { // it cannot take this shape: nobody is seen in it
      return {};
    }
    std::vector<found_face> faces;
    for (int n = 0; n < rows.rows && n < faces_max; ++n)
      faces.push_back(face_from(rows.ptr<float>(n), static_cast<float>(1 / scale)));
    std::ranges::sort(faces, std::greater{}, [](const found_face& f) { return f.width * f.height; });
    return faces;
  }

  messages::result<embedding> learn(picture p) override {
    const auto side = std::min(p.width, p.height);
    if (side < photo_side_wanted) p = enlarged(p, double{photo_side_wanted} / side);
    const auto faces = find(p);
    if (faces.empty()) return failure(error_code::face_not_found);
    return embed(chip_of(p, faces.front()));
  }

  /// Is the network one that embeds faces of our shape?
  messages::result<embedding> try_embedding(const picture& p) {
    cv::Mat chip;
    cv::resize(view_of(p), chip, {chip_side, chip_side});
    return embed(chip);
  }

  sighting look(const picture& frame, const gates& by) override {
    const auto faces = find(frame);
    if (faces.empty()) return {face_sight::no_face, {}};
    const auto& first = faces.front();
    const auto area = [](const found_face& f) { return f.width * f.height; };
    if (faces.size() > 1 && area(faces[1]) > by.second_face_max * area(first)) return {face_sight::several_faces, {}};
    if (first.eye_distance() < by.eye_distance_min) return {face_sight::too_far, {}};
    const auto off = [&](float middle, std::uint32_t side) {
      return std::abs(middle / static_cast<float>(side) - 0.5F) > by.centre_off_max;
    };
    if (off(first.left + first.width / 2, frame.width) || off(first.top + first.height / 2, frame.height))
      return {face_sight::off_centre, {}};
    const auto chip = chip_of(frame, first);
    cv::Mat grey, edges;
    cv::cvtColor(chip, grey, cv::COLOR_BGR2GRAY);
    const auto luma = cv::mean(grey)[0];
    if (luma < by.luma_min) return {face_sight::too_dark, {}};
    if (luma > by.luma_max) return {face_sight::too_bright, {}};
    cv::Laplacian(grey, edges, CV_32F);
    cv::Scalar mean, deviation;
    cv::meanStdDev(edges, mean, deviation);
    const double sharpness = deviation[0] * deviation[0];
    if (sharpness < by.sharpness_min) return {face_sight::unclear, {}, sharpness};
    auto embedded = embed(chip);
    if (!embedded) return {face_sight::unreadable, {}, sharpness};
    return {face_sight::good, std::move(*embedded), sharpness};
  }

private:
  static found_face face_from(const float* row, float scale) {
    found_face f{row[0] * scale, row[1] * scale, row[2] * scale, row[3] * scale, {}};
    for (std::size_t n = 0; n < 5; ++n)
      f.points[n] = {row[4 + 2 * n] * scale, row[5 + 2 * n] * scale};
    return f;
  }

  static picture enlarged(const picture& p, double by) {
    picture larger{static_cast<std::uint32_t>(p.width * by), static_cast<std::uint32_t>(p.height * by), {}};
    larger.bgr.resize(std::size_t{3} * larger.width * larger.height);
    auto into = view_of(larger);
    cv::resize(view_of(p), into, into.size(), 0, 0, cv::INTER_CUBIC);
    return larger;
  }

  static cv::Mat chip_of(const picture& p, const found_face& face) {
    cv::Mat chip;
    cv::warpAffine(view_of(p), chip, alignment(face), {chip_side, chip_side}, cv::INTER_LINEAR);
    return chip;
  }

  messages::result<embedding> embed(const cv::Mat& chip) {
    try {
      embedder_.setInput(cv::dnn::blobFromImage(chip, 1.0, {chip_side, chip_side}, {}, false, false, CV_32F));
      const cv::Mat out = embedder_.forward();
      embedding e(out.ptr<float>(), out.ptr<float>() + out.total());
      double length = 0;
      for (const float x : e)
        length += double{x} * x;
      if (e.empty() || !(length > 1e-12) || !std::isfinite(length))
        return failure(error_code::face_models_unfit, "embedding", "gives no vector");
      for (float& x : e)
        x = static_cast<float>(x / std::sqrt(length));
      return e;
    } catch (const cv::Exception& e) {
      return failure(error_code::face_models_unfit, "embedding", e.err);
    }
  }

  cv::Ptr<cv::FaceDetectorYN> detector_;
  cv::dnn::Net embedder_;
};

} // namespace

float found_face::eye_distance() const {
  return std::hypot(points[0][0] - points[1][0], points[0][1] - points[1][1]);
}

double score_of(const embedding& a, const embedding& b) {
  if (a.size() != b.size() || a.empty()) return -1;
  double sum = 0;
  for (std::size_t n = 0; n < a.size(); ++n)
    sum += double{a[n]} * b[n];
  return std::clamp(sum, -1.0, 1.0);
}

messages::result<std::unique_ptr<pipeline>> pipeline::load(const std::string& detector, const std::string& embedder) {
  cv::setNumThreads(1); // one matcher is one core's work, beside everything else on the desk
  try {
    auto finds = cv::FaceDetectorYN::create(detector, "", {320, 320}, detect_score_min, overlap_max, faces_max);
    auto embeds = cv::dnn::readNetFromONNX(embedder);
    auto made = std::make_unique<networks>(std::move(finds), std::move(embeds));
    // Once over an empty picture: what the networks need is loaded and allocated now, and a model of another shape is
    // found out here.
    picture grey{320, 320, messages::wiped_bytes(std::size_t{3} * 320 * 320, 127)};
    (void)made->find(grey);
    if (auto tried = made->try_embedding(grey); !tried) return failure(tried.error());
    return made;
  } catch (const cv::Exception& e) {
    return failure(error_code::face_models_unfit, detector + ", " + embedder, e.err);
  }
}

} // namespace drivers::face
