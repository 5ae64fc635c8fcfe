// Who of a host's processes computes for long and gives way, and who is woken for a patient and goes first.
#pragma once

namespace drivers::face {

/// This thread, and whatever it starts from here on, gives way to others: niced, and with the host's own time slice
/// again where its parent asked for a short one. Not SCHED_IDLE: beside a browser that draws video such an engine
/// hardly runs, and a patient waits for its answer. Needs no privilege. False: the kernel refused.
bool step_behind_others();

/// This thread, and whatever it starts from here on, wants processors often and briefly: a slice of 0.1 ms. Since Linux
/// 6.12 whoever wakes up with a shorter slice puts one with a longer aside at once; without it a niced process has its
/// processor until the next tick (4 ms at 250 Hz). Older kernels take the wish for nothing, and their scheduler (CFS)
/// put niced processes aside anyway. Needs no privilege. False: the kernel refused.
bool wake_before_others();

} // namespace drivers::face
