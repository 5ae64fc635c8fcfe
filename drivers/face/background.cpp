// Niceness and time slices. glibc 2.36 has no sched_setattr (sched_setattr(2)), so the call is made as it is.
#include "drivers/face/background.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

namespace drivers::face {

namespace {

constexpr int niceness = 15; ///< at least
constexpr std::uint64_t default_slice = 0, short_slice_ns = 100'000; // the least the kernel takes

/// `struct sched_attr` in its first version, which every kernel takes.
struct scheduling {
  std::uint32_t size = sizeof(scheduling), policy = SCHED_OTHER;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t slice_ns = 0, deadline = 0, period = 0;
};

bool set(std::uint64_t slice_ns, int nice) {
  scheduling how;
  how.nice = nice;
  how.slice_ns = slice_ns;
  return ::syscall(SYS_sched_setattr, 0, &how, 0) == 0;
}

} // namespace

bool step_behind_others() { return set(default_slice, std::max(niceness, ::getpriority(PRIO_PROCESS, 0))); }

bool wake_before_others() { return set(short_slice_ns, ::getpriority(PRIO_PROCESS, 0)); }

} // namespace drivers::face
