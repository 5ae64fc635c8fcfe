// Plays check-ins at many desks and times what reception's page sees of them.
#include "tools/bench/screens.hpp"

#include "tools/bench/reception_page.hpp"
#include "tools/simulate/story.hpp"

#include <algorithm>
#include <fstream>
#include <iomanip>
#include <ostream>

namespace tools {

using namespace messages;
using steady = std::chrono::steady_clock;

namespace {

constexpr wait_ms step_ms_max{20'000};
constexpr int warm_up = 10;

tl::unexpected<error> stuck(const std::string& desk, const std::string& at) {
  return failure(error_code::story_failed, "bench screens", desk, at);
}

/// One patient at one desk; unregistered ones would wait for a reference number, these have one.
class patient {
public:
  patient(clinic_hands& hands, std::string desk, std::string person)
      : hands_(hands), desk_(std::move(desk)), person_(std::move(person)) {}

  /// From the card to the last question.
  result<void> walk() {
    if (!sees(prompt::place_card)) return stuck(desk_, "place_card");
    if (auto placed = hands_.rig(desk_).rig("place " + person_); !placed) return placed;
    if (!sees(prompt::choose_method)) return stuck(desk_, "choose_method");
    if (auto said = say(choose_method::topic, {{"method", "pin"}}); !said) return said;
    if (!sees(prompt::enter_pin)) return stuck(desk_, "enter_pin");
    hands_.screen(desk_).press_pin(hands_.where().options().pin);
    if (auto said = say(enter_pin::topic, {}); !said) return said;
    if (!sees(prompt::give_consents)) return stuck(desk_, "give_consents");
    if (auto said = say(answer_consents::topic,
                        {{"surgery", "given"}, {"treatment", "given"}, {"drugs", "given"}, {"checkup", "refused"}});
        !said)
      return said;
    return sees(prompt::provide_information) ? result<void>{} : stuck(desk_, "provide_information");
  }
  /// The last consent; @p at: the moment of the press.
  result<void> press_last(steady::time_point& at) {
    at = steady::now();
    return say(provide_information::topic, {{"limit", "given"}, {"specified_disease", "refused"}});
  }
  id checkin() {
    const auto shown = hands_.screen(desk_).prompt();
    return shown ? shown->checkin : id{};
  }
  result<void> leave() {
    if (!sees(prompt::take_card)) return stuck(desk_, "take_card");
    return hands_.rig(desk_).rig("lift");
  }

private:
  bool sees(prompt wanted) {
    return hands_.screen(desk_).wait(
        [&](page& p) {
          const auto shown = p.prompt();
          return shown && shown->shown == wanted;
        },
        step_ms_max);
  }
  result<void> say(std::string_view topic, std::vector<std::pair<std::string, std::string>> texts) {
    value::map body{{"checkin", value{checkin().text()}}};
    for (auto& [key, text] : texts)
      body.emplace_back(key, value{std::move(text)});
    return hands_.screen(desk_).say(topic, value{std::move(body)});
  }

  clinic_hands& hands_;
  std::string desk_, person_;
};

/// Peak resident memory, in MB, as the kernel counts it.
double peak_mb(pid_t process) {
  std::ifstream in{"/proc/" + std::to_string(process) + "/status"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("VmHWM:")) return std::atof(line.c_str() + 6) / 1024;
  return 0;
}

double percentile(std::vector<double> all, double p) {
  if (all.empty()) return 0;
  std::ranges::sort(all);
  return all[static_cast<std::size_t>(p * static_cast<double>(all.size() - 1))];
}

/// Simulated persons whom the centre knows by a reference number ("SIM000000000050" to …100).
std::string person_at(int n) {
  const auto number = std::to_string((n % 6 + 5) * 10);
  return "SIM" + std::string(12 - number.size(), '0') + number;
}

result<std::vector<double>> play(const screens_bench_options& o, clinic_hands& hands, reception_page& reception) {
  std::vector<double> own_ms;
  const auto desks = hands.where().desks();
  for (int n = 0; n < warm_up + o.checkins; ++n) {
    patient p{hands, desks[static_cast<std::size_t>(n) % desks.size()], person_at(n)};
    steady::time_point pressed;
    if (auto walked = p.walk(); !walked) return failure(walked.error());
    const auto checkin = p.checkin();
    if (auto said = p.press_last(pressed); !said) return failure(said.error());
    const auto seen = reception.answered(checkin, step_ms_max);
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
  auto reception = reception_page::open(where.pages_address("hub"), where.reception_password());
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
