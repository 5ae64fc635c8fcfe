// What the tests of the screen port share: a watcher that remembers, and clients of both of its sides.
#pragma once

#include "drivers/screen/hands_socket.hpp"
#include "drivers/screen/page_server.hpp"

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace screen_test {

using namespace drivers::screen;

struct heard final : watcher {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> lines;
  std::vector<page> joined, left;
  std::vector<visitor> visitors;

  void page_joined(page p, const visitor& who) override;
  void page_said(page, std::string line) override;
  void page_left(page p) override;
  template <class F> bool wait(F&& until) {
    std::unique_lock lock{mutex};
    return changed.wait_for(lock, std::chrono::seconds{10}, until);
  }
};

/// One page, from the outside.
class client {
public:
  virtual ~client() = default;
  virtual void say(const std::string& line) = 0;
  /// A binary message; scripted hands know none.
  virtual void show_frame(const std::string&) {}
  void press_pin(const std::string& digits) { say("pin " + digits); }
  /// The next line; nothing when the connection is over.
  virtual std::optional<std::string> read() = 0;
  virtual void leave() = 0;
};

/// One side of the port, open, with its watcher and a way in.
struct rig {
  messages::secret_slot pin;
  heard watcher;
  std::unique_ptr<pages> open;
  virtual ~rig() = default;
  virtual std::unique_ptr<client> connect() = 0;
};

/// @p waiting_bytes_max, @p line_bytes_max as the options of both sides.
std::unique_ptr<rig> hands_rig(std::size_t line_bytes_max, std::size_t waiting_bytes_max);
std::unique_ptr<rig> pages_rig(std::size_t line_bytes_max, std::size_t waiting_bytes_max);

/// A folder with a page or two, and options of a server for it on loopback.
struct site_folder {
  std::filesystem::path path;
  site_folder();
  ~site_folder();
  page_server_options options() const;
};

struct got {
  int status = 0;
  std::string head, body;
};
/// One HTTP request on a connection of its own, written as it is.
got request(std::uint16_t port, const std::string& text);
/// A WebSocket to /live/KIND; nothing when the server refused, with the status in @p status.
std::unique_ptr<client> open_page(std::uint16_t port, const std::string& kind, const std::string& origin,
                                  const std::string& cookie, int* status = nullptr);

} // namespace screen_test
