// The one ZeroMQ context of a process: inproc endpoints meet only inside it.
#pragma once

namespace bus {

/// Shared (std::shared_ptr) by the switchboard, every dealer, publisher, replay server and subscriber of the process;
/// each of them keeps it alive, so the last one to go ends it. Thread-safe. One I/O thread carries what this house
/// sends (stack.md §3: more than two million small messages a second).
class context {
public:
  context();
  ~context();
  context(const context&) = delete;
  context& operator=(const context&) = delete;

  /// The library's own handle; null when the process is out of file descriptors. For socket.cpp.
  void* handle() const { return handle_; }

private:
  void* handle_;
};

} // namespace bus
