// Who gives way and who goes first, as the kernel has it.
#include "tests/test.hpp"

#include "drivers/face/background.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

namespace {

/// What @p check says of a process of its own.
template <class Check> int in_a_process(Check check) {
  const auto pid = ::fork();
  if (pid == 0) ::_exit(check());
  int status = -1;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// What the kernel says of this thread; the slice is nothing where it knows none (before Linux 6.12).
struct scheduled {
  int policy = -1, nice = 0;
  std::uint64_t slice_ns = 0;
};
scheduled now() {
  struct {
    std::uint32_t size, policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime, deadline, period;
  } of{};
  if (::syscall(SYS_sched_getattr, 0, &of, sizeof of, 0) != 0) return {};
  return {static_cast<int>(of.policy), of.nice, of.runtime};
}

} // namespace

BOOST_AUTO_TEST_CASE(whoever_gives_way_is_niced_but_not_idle_and_so_are_the_threads_it_starts) {
  const auto seen = in_a_process([] {
    if (!drivers::face::step_behind_others()) return 1;
    scheduled of_thread;
    std::thread{[&] { of_thread = now(); }}.join();
    for (const auto& one : {now(), of_thread})
      if (one.policy != SCHED_OTHER || one.nice < 10) return 2; // an idle one starves beside a browser
    return 0;
  });
  BOOST_TEST(seen == 0);
}

BOOST_AUTO_TEST_CASE(whoever_is_woken_for_patients_has_a_short_slice_and_its_engine_the_hosts_own) {
  const auto seen = in_a_process([] {
    const auto of_the_host = now();
    if (!drivers::face::wake_before_others()) return 1;
    const auto awake = now();
    if (awake.policy != SCHED_OTHER || awake.nice != of_the_host.nice) return 2;
    if (of_the_host.slice_ns == 0) return 0; // a kernel without slices of one's own
    scheduled of_thread;
    std::thread{[&] { of_thread = now(); }}.join();
    if (awake.slice_ns != 100'000 || of_thread.slice_ns != 100'000) return 3;
    if (!drivers::face::step_behind_others()) return 4;
    return now().slice_ns == of_the_host.slice_ns ? 0 : 5;
  });
  BOOST_TEST(seen == 0);
}

BOOST_AUTO_TEST_CASE(neither_needs_rights) {
  const auto seen = in_a_process([] {
    if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) return 1;
    return drivers::face::wake_before_others() && drivers::face::step_behind_others() ? 0 : 2;
  });
  BOOST_TEST(seen == 0);
}

BOOST_AUTO_TEST_CASE(who_is_meeker_already_stays_so) {
  const auto seen = in_a_process([] {
    if (::setpriority(PRIO_PROCESS, 0, 19) != 0) return 1;
    if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) return 2;
    return drivers::face::step_behind_others() && now().nice == 19 ? 0 : 3;
  });
  BOOST_TEST(seen == 0);
}
