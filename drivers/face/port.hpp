// The port of the face engine: one comparison at a time of a card's photo with camera frames, whatever stands behind
// it. What it says is a score; what follows from a score is the actor's business (actors/face_matcher).
#pragma once

#include "messages/result.hpp"
#include "messages/values.hpp"
#include "messages/wiped.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace drivers::face {

/// From which scores on (cosine of two embeddings, -1 … 1) one model may say "the same person", and from which on staff
/// are asked. Never used with another model.
struct thresholds {
  double accept_at = 1, unsure_from = 1;
};

/// Which model judges, and what its scores mean.
struct model_facts {
  std::string id; ///< first 16 hexadecimal digits of the embedding's SHA-256
  thresholds means;
};

/// One frame. The score counts only when `good` was seen.
struct frame_report {
  messages::face_sight seen{};
  double score = -1;
};

/// Limits of what is looked at; more is refused before it is decoded.
inline constexpr std::size_t photo_bytes_max = 64 * 1024, frame_bytes_max = 512 * 1024;

/// One engine at one desk. Thread-safe; methods return at once. Answers come on the engine's own thread, exactly one
/// for each call, in the order of the calls. At most `waiting_max` calls wait; one more is answered `busy`.
class engine {
public:
  static constexpr int waiting_max = 4;

  virtual ~engine() = default;
  virtual model_facts model() const = 0;
  /// Takes the face in a card's @p photo (JPEG 2000) as the one that frames are compared with; the one before is
  /// forgotten. Errors: picture_unfit, face_not_found, face_engine_lost.
  virtual void learn(messages::wiped_bytes photo, std::function<void(messages::result<void>)> done) = 0;
  /// Compares one camera @p frame (JPEG). A frame that is none is `unreadable`, no error. Errors: face_engine_lost,
  /// also when no face was learnt: whoever asks has to begin anew.
  virtual void look(messages::wiped_bytes frame, std::function<void(messages::result<frame_report>)> done) = 0;
  /// Nothing of the photo and the frames is left when the next call is answered.
  virtual void forget() = 0;
  /// Ends everything: what still waits is answered with face_engine_lost, then nothing is called any more. Waits for
  /// that, so it must not be called on the engine's own thread.
  virtual void stop() = 0;
};

/// Two model files (ONNX), each with the SHA-256 (64 hexadecimal digits) it has to have.
struct models {
  std::string detector, detector_sha256;   ///< YuNet in the form that OpenCV's FaceDetectorYN takes
  std::string embedding, embedding_sha256; ///< BGR 0 … 255, 1×3×128×128, five-point aligned; one vector out
  thresholds means; ///< of this embedding; both at 1: those that this project measured for it, if it did
};

/// What this project measured for a model; nothing for one it never saw. The numbers and their worth: README.md.
const thresholds* measured_for(const std::string& embedding_sha256);

/// `face_models_unfit` when a file is missing or is another one, or the thresholds make no sense or are missing.
messages::result<model_facts> check_models(const models& which);

struct process_options {
  models which;
  std::string program; ///< whose hidden subcommand `face-engine` is started; empty: this very program
  std::uint32_t start_ms_max = 20'000, answer_ms_max = 5'000; ///< then it is ended, and counts as lost
};

/// OpenCV in a process of its own that gives way to all others, without keys, files, network or children, ended after
/// each comparison and with it everything it saw. Loads once before it returns, so that a model which cannot be used is
/// known at the start.
/// Errors: face_models_unfit (also in a build without OpenCV).
messages::result<std::unique_ptr<engine>> open_process_engine(process_options options);

/// The other end of that process: `uketsuke face-engine DETECTOR EMBEDDING`, the socket at descriptor 3. The exit code.
int serve_engine(const std::string& detector, const std::string& embedding);

/// SIMULATED: photos and frames are texts: `photo NAME` (behind the first four octets of a JPEG 2000 codestream where
/// a card holds it), `frame NAME [NAME …]`, `frame` (nobody), or begin with the name of a face_sight. The same name
/// scores 0.9, another one 0.1; `frame ~NAME` scores 0.5.
std::unique_ptr<engine> make_scripted_engine(model_facts as = {"scripted", {0.6, 0.45}});

} // namespace drivers::face
