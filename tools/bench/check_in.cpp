// Measures check-ins beside a bare fdatasync of the same run.
#include "tools/bench/check_in.hpp"

#include "tools/bench/figures.hpp"
#include "tools/bench/floors.hpp"
#include "tools/bench/one_process.hpp"

#include <sys/resource.h>

#include <chrono>
#include <iomanip>
#include <ostream>
#include <vector>

namespace tools {

namespace fs = std::filesystem;
using namespace messages;
using steady = std::chrono::steady_clock;

namespace {

double microseconds(steady::duration d) { return std::chrono::duration<double, std::micro>(d).count(); }

struct measured {
  std::vector<double> own_us, sync_us;
  double waits = 0, syncs = 0, frames = 0;
  double memory_mb = 0; ///< peak of this process: hub, desk, card and centre together
};

void print(const measured& m, bool json, std::ostream& out) {
  const auto p50 = percentile(m.own_us, 0.5), p99 = percentile(m.own_us, 0.99), sync = percentile(m.sync_us, 0.5);
  const auto ratio = p50 / (m.waits * sync);
  if (json) {
    out << "{\"checkins\":" << m.own_us.size() << ",\"own_us_p50\":" << p50 << ",\"own_us_p99\":" << p99
        << ",\"binding_waits\":" << m.waits << ",\"syncs\":" << m.syncs << ",\"frames\":" << m.frames
        << ",\"fdatasync_us_p50\":" << sync << ",\"ratio\":" << ratio << ",\"memory_mb\":" << m.memory_mb << "}\n";
    return;
  }
  out << std::fixed << std::setprecision(1) << "check-ins                      " << m.own_us.size() << '\n'
      << "the clinic's own time  p50     " << p50 << " us   p99 " << p99 << " us   (without people, card and centre)\n"
      << "binding waits per check-in     " << m.waits << '\n'
      << "syncs per check-in             " << m.syncs << '\n'
      << "bus deliveries per check-in    " << m.frames << '\n'
      << "fdatasync p50, same run        " << sync << " us\n"
      << std::setprecision(2) << "ratio p50 / (waits x fdatasync) " << ratio << "   (target <= 1.25)\n"
      << std::setprecision(0) << "memory, peak                   " << m.memory_mb
      << " MB   (hub, desk, card and centre)\n";
}

} // namespace

result<void> bench_check_in(const bench_options& options, std::ostream& out) {
  auto opened = one_process_clinic::open({.data = options.data, .persons = options.persons});
  if (!opened) return failure(opened.error());
  auto& clinic = **opened;
  measured m;
  sync_floor floor{options.data / "floor"};
  actors::runtime::node::write_counts before;
  actors::runtime::node::bus_counts bus_before;
  for (int i = 0; i < options.warm_up + options.checkins; ++i) {
    if (i == options.warm_up) {
      before = clinic.node().writes();
      bus_before = clinic.node().bus();
    }
    const auto took = clinic.check_in();
    if (const auto why = clinic.failed()) return failure(*why);
    if (!took)
      return failure(error_code::story_failed, "bench", std::to_string(i), "a check-in did not end within 10 s");
    if (i >= options.warm_up) m.own_us.push_back(microseconds(took->whole - took->others));
    for (int k = 0; k < 3; ++k)
      m.sync_us.push_back(floor.one_us()); // between the check-ins: the same minute, the same disk
  }
  const auto after = clinic.node().writes();
  const auto bus_after = clinic.node().bus();
  m.waits = static_cast<double>(after.awaited - before.awaited) / options.checkins;
  m.syncs = static_cast<double>(after.syncs - before.syncs) / options.checkins;
  m.frames = static_cast<double>(bus_after.delivered + bus_after.replied - bus_before.delivered - bus_before.replied) /
             options.checkins;
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  m.memory_mb = static_cast<double>(used.ru_maxrss) / 1024;
  opened->reset();
  print(m, options.json, out);
  return {};
}

} // namespace tools
