// The two model files that this project has measured, by the names they are published under. They are no part of it: a
// folder that holds them is named where one is needed.
#pragma once

#include <string_view>

namespace tools {

/// YuNet (MIT), and Intel's face-reidentification-retail-0095 (Apache-2.0) as ONNX, below the folder that is named.
inline constexpr std::string_view
    measured_detector = "models/face_detection_yunet_2022mar.onnx",
    measured_detector_sha256 = "50ef07f702a31741ca46a4c0d947773b64143b9362780237bf0d427d6c79bab7",
    measured_embedding = "models/face-reidentification-retail-0095.onnx",
    measured_embedding_sha256 = "686a5b45a7dc96f97bda55a0707cdbb56dd80572010911bedd5d698ef03b3914";

} // namespace tools
