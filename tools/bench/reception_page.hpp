// Reception's page without a browser: signs in, opens the WebSocket, and notes when which check-in's answer arrived.
#pragma once

#include "messages/id.hpp"
#include "messages/result.hpp"

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace tools {

class reception_page {
public:
  /// @p address: "http://127.0.0.1:PORT". Errors: wrong_value (address), no_hub (nobody there, or not let in).
  static messages::result<std::unique_ptr<reception_page>> open(const std::string& address,
                                                                const std::string& password);
  ~reception_page();

  using moment = std::chrono::steady_clock::time_point;
  /// When the first line arrived that shows an answer to @p checkin; nothing when none did within @p most.
  std::optional<moment> answered(const messages::id& checkin, std::chrono::milliseconds most);

private:
  explicit reception_page(int fd) : fd_(fd) {}
  void read_on();
  void take(const std::string& line, moment at);

  int fd_ = -1;
  std::string in_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<messages::id, moment> answered_;
  bool over_ = false;
  std::thread thread_;
};

} // namespace tools
