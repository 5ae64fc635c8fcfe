// The rush of `bench check-in --desks N`.
#include "tools/bench/many_desks.hpp"

#include "tools/bench/figures.hpp"
#include "tools/bench/patients.hpp"
#include "tools/bench/reception_page.hpp"

#include <iomanip>
#include <ostream>

namespace tools {

using namespace messages;
using steady = std::chrono::steady_clock;

namespace {

/// Everybody to the last question, then all at once; milliseconds from each press to its answer.
result<std::vector<double>> rush(clinic_hands& hands, reception_page& reception) {
  std::vector<patient> all;
  for (const auto& desk : hands.where().desks())
    all.emplace_back(hands, desk, person_at(static_cast<int>(all.size())));
  std::vector<id> checkins;
  for (auto& p : all) {
    if (auto walked = p.walk(); !walked) return failure(walked.error());
    checkins.push_back(p.checkin());
  }
  std::vector<steady::time_point> pressed(all.size());
  for (std::size_t n = 0; n < all.size(); ++n)
    if (auto said = all[n].press_last(pressed[n]); !said) return failure(said.error());
  std::vector<double> ms;
  for (std::size_t n = 0; n < all.size(); ++n) {
    const auto seen = reception.answered(checkins[n], bench_step_ms_max);
    if (!seen) return stuck(all[n].desk(), "no answer on reception's page");
    ms.push_back(std::chrono::duration<double, std::milli>(*seen - pressed[n]).count());
  }
  for (auto& p : all)
    if (auto left = p.leave(); !left) return failure(left.error());
  return ms;
}

void print(const many_desks_options& o, const std::vector<double>& ms, double memory_mb, std::ostream& out) {
  const auto p50 = percentile(ms, 0.5), p99 = percentile(ms, 0.99);
  if (o.json)
    out << "{\"desks\":" << o.desks << ",\"checkins\":" << ms.size() << ",\"answer_ms_p50\":" << p50
        << ",\"answer_ms_p99\":" << p99 << ",\"hub_memory_mb\":" << memory_mb << "}\n";
  else
    out << std::fixed << std::setprecision(1) << o.desks << " desks at once, " << ms.size()
        << " check-ins: last consent -> reception's page p50 " << p50 << " ms, p99 " << p99
        << " ms   (target < 250 ms)\n"
        << std::setprecision(0) << "memory of the hub, peak: " << memory_mb << " MB   (target < 400 MB)\n";
}

} // namespace

result<void> bench_many_desks(const many_desks_options& o, std::ostream& out) {
  clinic_options c;
  c.program = o.program;
  c.data = o.data;
  c.persons = o.persons;
  c.desks = o.desks;
  c.port_base = 0;
  c.usb = false;
  c.answer_delay_ms = 0;
  auto opened = clinic::open(c);
  if (!opened) return failure(opened.error());
  auto& where = **opened;
  auto reception = reception_page::open(where.pages_address("hub"), where.accounts().general);
  if (!reception) return failure(reception.error());
  clinic_hands hands{where};
  std::vector<double> ms;
  for (int round = 0; round <= o.rounds; ++round) {
    const auto seen = rush(hands, **reception);
    if (!seen) return failure(seen.error());
    if (round > 0) ms.insert(ms.end(), seen->begin(), seen->end());
  }
  const auto memory_mb = peak_mb(where.pid_of("hub"));
  where.close();
  print(o, ms, memory_mb, out);
  return {};
}

} // namespace tools
