// SIMULATED: a whole clinic in one process: hub and desk on one node, the virtual reader, the simulated centre, and
// people who react at once. For measuring and for tests.
#pragma once

#include "actors/runtime/node.hpp"
#include "messages/result.hpp"
#include "tools/simulate/first_accounts.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace tools {

struct one_process_options {
  std::filesystem::path data;    ///< made when missing
  std::filesystem::path persons; ///< insured_persons.json
  std::string person = "SIM000000000001";
  std::string pin = "1234";
  bool tcp = false;
  std::size_t batch_people = 0; ///< not 0: batch_scheduler is there, and a centre of its own that knows so many
  std::size_t rows_per_file = 5'000;
  bool with_accounts = false; ///< real ones; reception's hands sign in with theirs
};

class one_process_clinic {
public:
  using duration = std::chrono::steady_clock::duration;

  static messages::result<std::unique_ptr<one_process_clinic>> open(one_process_options options);
  virtual ~one_process_clinic() = default;

  struct took {
    duration whole{};  ///< from the placing of the card to the page that asks for the next one
    duration others{}; ///< of it: the card's and the centre's own time
  };
  /// One check-in; nothing when it did not end within 10 s.
  virtual std::optional<took> check_in() = 0;
  virtual actors::runtime::node& node() = 0;
  virtual std::filesystem::path run_folder() const = 0;
  virtual std::optional<messages::error> failed() const = 0;
  virtual const std::optional<clinic_accounts>& accounts() const = 0; ///< nothing: it has none
};

} // namespace tools
