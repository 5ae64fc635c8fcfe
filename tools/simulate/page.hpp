// Scripted hands on one page (or on one rig): a client of the JSON-lines socket that remembers what it is shown.
#pragma once

#include "messages/commands.hpp"
#include "messages/result.hpp"
#include "messages/value.hpp"
#include "tools/simulate/first_accounts.hpp"

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace tools {

using wait_ms = std::chrono::milliseconds;

/// Connects by itself, again and again: the node behind the socket may be restarted at any moment. One user thread.
class page {
public:
  /// With an account: signs in on each connection before anything is said.
  explicit page(std::filesystem::path socket, std::optional<clinic_account> who = {});
  ~page();

  /// What the patient's page shows now; nothing while it is not connected.
  std::optional<messages::show_prompt> prompt();
  /// Reception's rows, by check-in.
  std::map<messages::id, messages::show_at_reception> board();
  /// Waits until @p good says so; false when it did not within @p most.
  bool wait(const std::function<bool(page&)>& good, wait_ms most);

  /// Sends a command as a page does and waits for its answer. outcome_unknown when the connection was lost meanwhile.
  messages::result<void> say(std::string_view topic, messages::value body, wait_ms most = wait_ms{6000});
  /// Presses digits on the PIN pad: they go to the node's PIN slot, not into a message.
  void press_pin(std::string_view digits);
  /// A line for the rig; its answer.
  messages::result<void> rig(const std::string& line, wait_ms most = wait_ms{6000});

private:
  void run();
  bool connect();
  void take(const std::string& line);
  void sign_in();
  messages::result<void> send_and_wait(std::string line, std::uint64_t n, wait_ms most);

  std::filesystem::path socket_;
  std::optional<clinic_account> who_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  int fd_ = -1;
  bool signed_in_ = false, sign_in_again_ = false; ///< without an account: never
  std::uint64_t last_n_ = 0, connections_ = 0;
  std::map<std::uint64_t, messages::result<void>> answers_;
  std::optional<messages::show_prompt> prompt_;
  std::map<messages::id, messages::show_at_reception> board_;
  std::thread thread_;
};

} // namespace tools
