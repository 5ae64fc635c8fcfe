// Giving way: the idle policy, and niceness for whoever reads it.
#include "drivers/face/background.hpp"

#include <sched.h>
#include <sys/resource.h>

namespace drivers::face {

namespace {

constexpr int niceness = 15; ///< where the idle policy does not reach: input and output, and what `top` shows

}

bool step_behind_others() {
  const sched_param none{};
  return ::setpriority(PRIO_PROCESS, 0, niceness) == 0 && ::sched_setscheduler(0, SCHED_IDLE, &none) == 0;
}

} // namespace drivers::face
