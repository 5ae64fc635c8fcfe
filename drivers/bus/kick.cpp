// The eventfd by which other threads wake a socket's owner.
#include "drivers/bus/kick.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace bus {

kick::kick() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
kick::~kick() {
  if (fd_ >= 0) ::close(fd_);
}

void kick::give() noexcept {
  if (given_.exchange(true, std::memory_order_acq_rel)) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one); // fails only when it is readable anyway
}

bool kick::take(bool readable) noexcept {
  if (!readable && !given_.load(std::memory_order_acquire)) return false;
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(fd_, &count, sizeof count);
  // An exchange, not a store: it reads the last giver's write, and so sees what that giver queued before.
  return given_.exchange(false, std::memory_order_acq_rel) || readable;
}

} // namespace bus
