// Giving way: what a process like the face engine's is to the scheduler.
#include "tests/test.hpp"

#include "drivers/face/background.hpp"

#include <sched.h>
#include <sys/resource.h>
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

} // namespace

BOOST_AUTO_TEST_CASE(whoever_gives_way_is_idle_to_the_scheduler_and_so_are_the_threads_it_starts) {
  BOOST_TEST(::sched_getscheduler(0) == SCHED_OTHER);
  const auto seen = in_a_process([] {
    if (!drivers::face::step_behind_others()) return 1;
    if (::sched_getscheduler(0) != SCHED_IDLE || ::getpriority(PRIO_PROCESS, 0) < 10) return 2;
    int of_thread = -1;
    std::thread{[&] { of_thread = ::sched_getscheduler(0); }}.join();
    return of_thread == SCHED_IDLE ? 0 : 3;
  });
  BOOST_TEST(seen == 0);
  BOOST_TEST(::sched_getscheduler(0) == SCHED_OTHER);
}

BOOST_AUTO_TEST_CASE(it_stays_in_its_session_where_the_policy_reaches_those_it_gives_way_to) {
  const auto session = ::getsid(0);
  const auto seen = in_a_process([session] {
    return drivers::face::step_behind_others() && ::getsid(0) == session ? 0 : 1;
  });
  BOOST_TEST(seen == 0);
}

BOOST_AUTO_TEST_CASE(it_needs_no_rights) {
  const auto seen = in_a_process([] {
    if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) return 1;
    return drivers::face::step_behind_others() ? 0 : 2;
  });
  BOOST_TEST(seen == 0);
}
