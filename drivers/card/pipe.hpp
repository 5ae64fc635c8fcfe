// The pipes of one USB interface, asynchronous: what the CCID link writes to and reads from.
#pragma once

#include "drivers/card/task.hpp"
#include "drivers/card/wiped.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace drivers::card {

enum class pipe_status : unsigned char {
  done,
  not_sent,  ///< refused before the device could see it
  timed_out, ///< bytes hold what came until then
  gone,      ///< the device left, or the pipe is closed
  stalled,
  failed
};

/// How a transfer ended; for a read, with what it brought.
struct pipe_result {
  pipe_status status{};
  wiped_bytes bytes;
};

/// On the loop's thread only. Callbacks come from the loop, never from inside the call, once for each call.
class pipe {
public:
  using milliseconds = std::chrono::milliseconds;
  using ended = std::function<void(pipe_result)>;

  virtual ~pipe() = default;
  /// Writes @p frame and reads the first thing that comes after it, waited for from the end of the writing. Ends when
  /// both have; not as `done` unless the frame went out whole, and as `not_sent` only when nothing of it can have.
  virtual void ask(wiped_bytes frame, milliseconds write_wait, std::size_t size_max, milliseconds read_wait,
                   ended then) = 0;
  /// Reads what else comes. Never while ask() is under way.
  virtual void read(std::size_t size_max, milliseconds wait, ended then) = 0;
  /// Calls @p each for every interrupt message, and once more when the device is gone. Nothing when there is no
  /// interrupt endpoint (it is optional in the class).
  virtual bool listen(ended each) = 0;
  virtual void clear_halt() = 0;
  /// The class request ABORT on endpoint 0: the first half of making a slot forget its command (§5.3.1 of the class).
  virtual void request_abort(std::uint8_t slot, std::uint8_t sequence, ended then) = 0;
};

} // namespace drivers::card
