// Plays check-ins at many desks and times what reception's page sees of them.
#include "tools/bench/screens.hpp"

#include "tools/bench/figures.hpp"
#include "tools/bench/patients.hpp"
#include "tools/bench/reception_page.hpp"

#include <iomanip>
#include <ostream>

namespace tools {

using namespace messages;
using steady = std::chrono::steady_clock;

namespace {

constexpr int warm_up = 10;

result<std::vector<double>> play(const screens_bench_options& o, clinic_hands& hands, reception_page& reception) {
  std::vector<double> own_ms;
  const auto desks = hands.where().desks();
  for (int n = 0; n < warm_up + o.checkins; ++n) {
    patient p{hands, desks[static_cast<std::size_t>(n) % desks.size()], person_at(n)};
    steady::time_point pressed;
    if (auto walked = p.walk(); !walked) return failure(walked.error());
    const auto checkin = p.checkin();
    if (auto said = p.press_last(pressed); !said) return failure(said.error());
    const auto seen = reception.answered(checkin, bench_step_ms_max);
    if (!seen) return stuck(desks.front(), "no answer on reception's page");
    const std::chrono::duration<double, std::milli> took = *seen - pressed;
    if (n >= warm_up) own_ms.push_back(took.count() - o.answer_delay_ms);
    if (auto left = p.leave(); !left) return failure(left.error());
  }
  return own_ms;
}

} // namespace

result<void> bench_screens(const screens_bench_options& o, std::ostream& out) {
  clinic_options c;
  c.program = o.program;
  c.data = o.data;
  c.persons = o.persons;
  c.desks = o.desks;
  c.port_base = 0;
  c.usb = false;
  c.answer_delay_ms = o.answer_delay_ms;
  auto opened = clinic::open(c);
  if (!opened) return failure(opened.error());
  auto& where = **opened;
  auto reception = reception_page::open(where.pages_address("hub"), where.accounts().general);
  if (!reception) return failure(reception.error());
  clinic_hands hands{where};
  const auto own_ms = play(o, hands, **reception);
  const auto memory_mb = peak_mb(where.pid_of("hub"));
  where.close();
  if (!own_ms) return failure(own_ms.error());
  const auto p50 = percentile(*own_ms, 0.5), p99 = percentile(*own_ms, 0.99);
  if (o.json) {
    out << "{\"desks\":" << o.desks << ",\"checkins\":" << own_ms->size() << ",\"answer_ms_p50\":" << p50
        << ",\"answer_ms_p99\":" << p99 << ",\"hub_memory_mb\":" << memory_mb << "}\n";
    return {};
  }
  out << std::fixed << std::setprecision(1) << "desks live                              " << o.desks << '\n'
      << "check-ins                               " << own_ms->size() << '\n'
      << "last consent -> reception's page   p50  " << p50 << " ms   p99 " << p99
      << " ms   (target < 100 ms; the centre's " << o.answer_delay_ms << " ms subtracted)\n"
      << std::setprecision(0) << "memory of the hub, peak                 " << memory_mb << " MB   (target < 100 MB)\n";
  return {};
}

} // namespace tools
