// How other threads wake the one that owns a socket: an eventfd in its poll set (stack.md §2.5).
#pragma once

#include <atomic>

namespace bus {

/// Coalescing: while a kick is not yet taken, another costs no system call. The owner takes the kick *before* it looks
/// at what was queued for it, so that nothing queued later goes unnoticed. give() is for any thread, take() for the
/// owner.
class kick {
public:
  kick();
  ~kick();
  kick(const kick&) = delete;
  kick& operator=(const kick&) = delete;

  int fd() const { return fd_; }
  void give() noexcept;
  /// @p readable: what the wait said about fd(); a giver may be between its mark and its write.
  bool take(bool readable) noexcept;

private:
  int fd_;
  std::atomic<bool> given_{false};
};

} // namespace bus
