// How a process that computes for long gives way to whoever waits for a patient.
#pragma once

namespace drivers::face {

/// This thread, and whatever it starts from here on, computes only while nobody else of its session wants a processor:
/// SCHED_IDLE, which needs no privilege. Nice alone is not enough: since Linux 6.6 a niced process keeps its processor
/// until the next tick (4 ms at 250 Hz) although somebody else has woken up; an idle one is put aside at once. False:
/// the kernel refused. Never for a thread whose answer somebody waits for without a deadline: on a host whose
/// processors are never free it hardly runs.
bool step_behind_others();

} // namespace drivers::face
