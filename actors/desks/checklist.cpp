// The steps of a day's beginning and end.
#include "actors/desks/checklist.hpp"

namespace desks {

using namespace messages;

namespace {

bool has_reader(const desk_status& d) { return d.kind == desk_kind::reader || d.kind == desk_kind::certified; }

} // namespace

std::vector<std::string> opening_steps(const desk_status& desk) {
  std::vector<std::string> steps;
  if (desk.has_display) steps.emplace_back("power_terminal"); // the other one was never off
  if (has_reader(desk)) steps.emplace_back("power_reader");
  steps.emplace_back("sign_in");
  return steps;
}

std::vector<std::string> closing_steps(const desk_status& desk) {
  std::vector<std::string> steps;
  if (desk.has_display) {
    steps.emplace_back("see_update");
    if (desk.update_pending) steps.emplace_back("complete_restart");
    steps.emplace_back("shut_down");
  }
  if (has_reader(desk)) steps.emplace_back("reader_off");
  if (!desk.has_display) steps.emplace_back("keep_terminal_on");
  return steps;
}

} // namespace desks
