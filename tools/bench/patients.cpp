// What a patient of a bench presses, step by step.
#include "tools/bench/patients.hpp"

#include "messages/commands.hpp"
#include "messages/json.hpp"

#include <cstdlib>
#include <fstream>

namespace tools {

using namespace messages;

tl::unexpected<error> stuck(const std::string& desk, const std::string& at) {
  return failure(error_code::story_failed, "bench screens", desk, at);
}

result<void> patient::walk() {
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

result<void> patient::press_last(std::chrono::steady_clock::time_point& at) {
  at = std::chrono::steady_clock::now();
  return say(provide_information::topic, {{"limit", "given"}, {"specified_disease", "refused"}});
}

id patient::checkin() {
  const auto shown = hands_.screen(desk_).prompt();
  return shown ? shown->checkin : id{};
}

result<void> patient::leave() {
  if (!sees(prompt::take_card)) return stuck(desk_, "take_card");
  return hands_.rig(desk_).rig("lift");
}

bool patient::sees(prompt wanted) {
  return hands_.screen(desk_).wait(
      [&](page& p) {
        const auto shown = p.prompt();
        return shown && shown->shown == wanted;
      },
      bench_step_ms_max);
}

result<void> patient::say(std::string_view topic, std::vector<std::pair<std::string, std::string>> texts) {
  value::map body{{"checkin", value{checkin().text()}}};
  for (auto& [key, text] : texts)
    body.emplace_back(key, value{std::move(text)});
  return hands_.screen(desk_).say(topic, value{std::move(body)});
}

std::string person_at(int n) {
  const auto number = std::to_string((n % 6 + 5) * 10);
  return "SIM" + std::string(12 - number.size(), '0') + number;
}

double peak_mb(pid_t process) {
  std::ifstream in{"/proc/" + std::to_string(process) + "/status"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("VmHWM:")) return std::atof(line.c_str() + 6) / 1024;
  return 0;
}

} // namespace tools
