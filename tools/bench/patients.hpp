// Patients of a bench: they press what is asked the moment it is shown, at desks of a simulated clinic.
#pragma once

#include "messages/id.hpp"
#include "messages/result.hpp"
#include "tools/simulate/story.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace tools {

inline constexpr wait_ms bench_step_ms_max{20'000};

/// Who waited at which desk for what in vain.
tl::unexpected<messages::error> stuck(const std::string& desk, const std::string& at);

/// One patient at one desk; unregistered ones would wait for a reference number, these have one.
class patient {
public:
  patient(clinic_hands& hands, std::string desk, std::string person)
      : hands_(hands), desk_(std::move(desk)), person_(std::move(person)) {}

  messages::result<void> walk(); ///< from the card to the last question
  /// The last consent; @p at: the moment of the press.
  messages::result<void> press_last(std::chrono::steady_clock::time_point& at);
  messages::id checkin();
  messages::result<void> leave();
  const std::string& desk() const { return desk_; }

private:
  bool sees(messages::prompt wanted);
  messages::result<void> say(std::string_view topic, std::vector<std::pair<std::string, std::string>> texts);

  clinic_hands& hands_;
  std::string desk_, person_;
};

/// Simulated persons whom the centre knows by a reference number ("SIM000000000050" to …100).
std::string person_at(int n);

/// Peak resident memory of a process, in MB, as the kernel counts it.
double peak_mb(pid_t process);

} // namespace tools
