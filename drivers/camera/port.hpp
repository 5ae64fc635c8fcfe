// The port of a desk's camera: single frames, only while somebody looks.
#pragma once

#include "messages/wiped.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace drivers::camera {

/// A frame is one JPEG; more bytes than this are dropped unseen.
inline constexpr std::size_t frame_bytes_max = 512 * 1024;

/// One camera. Thread-safe; `taken` is called on some thread of the camera's, at most once for each call of next().
class camera {
public:
  virtual ~camera() = default;
  /// The first frame that comes after this call; a later call replaces an earlier one, which is then never answered.
  virtual void next(std::function<void(messages::wiped_bytes)> taken) = 0;
  /// Nobody looks any more: frames that come are wiped.
  virtual void rest() = 0;
};

/// The camera of the computer on which the patient's page is open. The page sends frames over its own WebSocket;
/// whoever owns that socket puts them in here, and they go nowhere else.
class page_camera : public camera {
public:
  /// A frame that came; wiped at once when nobody waits for one.
  virtual void put(messages::wiped_bytes frame) = 0;
};
std::shared_ptr<page_camera> make_page_camera();

/// SIMULATED: these frames, one for each call, the last one again and again; without frames none ever comes.
std::shared_ptr<camera> make_recorded_camera(std::vector<messages::wiped_bytes> frames);

} // namespace drivers::camera
