// SIMULATED: an engine that reads names instead of faces, as port.hpp says.
#include "drivers/face/queued_engine.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>

namespace drivers::face {

using messages::error_code;
using messages::face_sight;
using messages::failure;
using messages::wiped_bytes;

namespace {

/// The words after @p first, when the text begins with it.
std::optional<std::vector<std::string>> words_after(std::string_view first, const wiped_bytes& text) {
  std::istringstream in{std::string{text.begin(), text.end()}};
  std::string word;
  if (!(in >> word) || word != first) return std::nullopt;
  std::vector<std::string> words;
  while (in >> word)
    words.push_back(word);
  return words;
}

/// How many bytes of a JPEG 2000 codestream's beginning stand before the words: cards hold nothing else.
std::size_t codestream_of(const wiped_bytes& photo) {
  static constexpr std::array<std::uint8_t, 4> begins{0xFF, 0x4F, 0xFF, 0x51};
  return photo.size() >= begins.size() && std::equal(begins.begin(), begins.end(), photo.begin()) ? begins.size() : 0;
}

class scripted_engine final : public queued_engine {
public:
  explicit scripted_engine(model_facts as) : facts_(std::move(as)) { begin(); }
  ~scripted_engine() override { stop(); }

  model_facts model() const override { return facts_; }

private:
  messages::result<void> learn_now(const wiped_bytes& photo) override {
    learnt_.clear();
    const wiped_bytes plain(photo.begin() + static_cast<std::ptrdiff_t>(codestream_of(photo)), photo.end());
    const auto names = words_after("photo", plain);
    if (!names) return failure(error_code::picture_unfit, "JPEG 2000", "no header");
    if (names->empty()) return failure(error_code::face_not_found);
    learnt_ = names->front();
    return {};
  }

  messages::result<frame_report> look_now(const wiped_bytes& frame) override {
    if (learnt_.empty()) return failure(error_code::face_engine_lost, "no face was learnt");
    for (std::size_t n = 0; n < messages::enumeration<face_sight>::names.size(); ++n)
      if (const auto sight = static_cast<face_sight>(n); words_after(name(sight), frame))
        return frame_report{sight, -1};
    const auto names = words_after("frame", frame);
    if (!names) return frame_report{face_sight::unreadable, -1};
    if (names->empty()) return frame_report{face_sight::no_face, -1};
    if (names->size() > 1) return frame_report{face_sight::several_faces, -1};
    const auto& who = names->front();
    return frame_report{face_sight::good, who == learnt_ ? 0.9 : who == "~" + learnt_ ? 0.5 : 0.1};
  }

  void forget_now() override { learnt_.clear(); }

  const model_facts facts_;
  std::string learnt_;
};

} // namespace

std::unique_ptr<engine> make_scripted_engine(model_facts as) {
  return std::make_unique<scripted_engine>(std::move(as));
}

} // namespace drivers::face
