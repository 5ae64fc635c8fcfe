// What the face room's tests share: engines behind the port, pictures they understand, and answers awaited.
#pragma once

#include "tests/test.hpp"

#include "drivers/face/port.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>

namespace face_test {

using namespace drivers::face;
using messages::wiped_bytes;

inline wiped_bytes octets(std::string_view text) { return {text.begin(), text.end()}; }

inline wiped_bytes file(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  BOOST_REQUIRE_MESSAGE(in, path << " cannot be read");
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// Models and photos: UKETSUKE_FACE_DIR, or ../shared/face beside the sources; nothing when neither is there.
inline std::optional<std::filesystem::path> face_folder() {
  const char* named = std::getenv("UKETSUKE_FACE_DIR");
  const std::filesystem::path beside = std::filesystem::path{UKETSUKE_SOURCE_DIR}.parent_path() / "shared" / "face";
  const auto folder = named != nullptr ? std::filesystem::path{named} : beside;
  if (std::filesystem::is_directory(folder / "models")) return folder;
  return std::nullopt;
}

inline models models_in(const std::filesystem::path& folder) {
  return {(folder / "models/face_detection_yunet_2022mar.onnx").string(),
          "50ef07f702a31741ca46a4c0d947773b64143b9362780237bf0d427d6c79bab7",
          (folder / "models/face-reidentification-retail-0095.onnx").string(),
          "686a5b45a7dc96f97bda55a0707cdbb56dd80572010911bedd5d698ef03b3914",
          {}};
}

inline std::string program() { return (std::filesystem::path{UKETSUKE_BINARY_DIR} / "tools" / "uketsuke").string(); }

inline messages::result<void> learn(engine& e, wiped_bytes photo) {
  std::promise<messages::result<void>> done;
  auto answer = done.get_future();
  e.learn(std::move(photo), [&](const auto& r) { done.set_value(r); });
  BOOST_REQUIRE(answer.wait_for(std::chrono::seconds{60}) == std::future_status::ready);
  return answer.get();
}

inline messages::result<frame_report> look(engine& e, wiped_bytes frame) {
  std::promise<messages::result<frame_report>> done;
  auto answer = done.get_future();
  e.look(std::move(frame), [&](const auto& r) { done.set_value(r); });
  BOOST_REQUIRE(answer.wait_for(std::chrono::seconds{60}) == std::future_status::ready);
  return answer.get();
}

} // namespace face_test
