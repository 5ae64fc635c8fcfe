// What the tests of the bus share: a clock, ids, a private folder, a journal in memory, a raw peer that keeps no rules.
#pragma once

#include "tests/test.hpp"

#include "drivers/bus/batch.hpp"
#include "drivers/bus/context.hpp"
#include "drivers/bus/dealer.hpp"
#include "drivers/bus/lookout.hpp"
#include "drivers/bus/replay.hpp"
#include "drivers/bus/socket.hpp"
#include "drivers/bus/switchboard.hpp"
#include "messages/registry.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace bus_test {

std::uint64_t now_ms(); ///< monotonic
messages::id new_id();

/// A 0700 folder with a short path, removed at the end.
class private_folder {
public:
  private_folder();
  ~private_folder();
  const std::string& path() const { return path_; }
  std::string ipc(const std::string& name) const { return "ipc://" + path_ + "/" + name; }

private:
  std::string path_;
};

messages::command_envelope make_command(const std::string& from, const std::string& to,
                                        std::uint32_t deadline_ms = 20'000,
                                        const std::string& topic = "reader.forget_pin");

/// The error a reply holds; outcome of a reply that is none: empty.
std::string error_in(const messages::command_envelope& reply);

/// Tries until @p holds, at most twenty seconds (a machine may be busy).
bool soon(const std::function<bool()>& holds);

/// A dealer with a thread that looks after it, answers commands as told, and collects what comes.
class node {
public:
  using answer = std::function<std::optional<messages::command_envelope>(const messages::command_envelope&)>;
  node(std::shared_ptr<bus::context> home, bus::dealer_options options, answer answers = {});
  ~node();

  /// Asks and waits for the one answer; empty after @p wait_ms.
  std::optional<messages::command_envelope> ask(messages::command_envelope c, int wait_ms = 20'000);
  bool post(messages::command_envelope c); ///< false: the dealer is full
  bool wait_for_hub();
  std::size_t replies_to(const messages::id& id);
  int hub_changes() const { return changes_; }
  int hub_losses() const { return losses_; }
  int commands() const { return commands_; }
  std::string refused();
  bus::dealer_counts counts();

private:
  void run();
  void nudge();
  std::unique_ptr<bus::dealer> dealer_;
  answer answers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool nudged_ = false;
  std::vector<std::function<void()>> jobs_;
  std::map<messages::id, std::vector<messages::command_envelope>> replies_;
  std::string refused_;
  std::atomic<int> hubs_{0}, changes_{0}, losses_{0}, commands_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

/// Patient ones (a machine may be busy); the tests of silence set their own.
bus::dealer_options node_options(const std::string& endpoint, const std::string& name,
                                 std::vector<std::string> actors = {"echo"});
bus::switchboard_options board_options(std::vector<std::string> endpoints);
/// Answers done.
std::optional<messages::command_envelope> say_done(const messages::command_envelope& c);

/// A hub over one transport, and the desks that join it.
struct command_house {
  explicit command_house(const std::string& transport, std::function<void(bus::switchboard_options&)> change = {}) {
    auto o = board_options({transport == "inproc" ? "inproc://house"
                            : transport == "ipc"  ? folder.ipc("commands")
                                                  : "tcp://127.0.0.1:0"});
    if (change) change(o);
    auto opened = bus::switchboard::open(home, std::move(o));
    BOOST_REQUIRE(opened);
    board = std::move(*opened);
  }
  std::string endpoint() const { return board->endpoints().front(); }
  std::unique_ptr<node> join(const std::string& name, node::answer answers = {}) {
    auto n = std::make_unique<node>(home, node_options(endpoint(), name), std::move(answers));
    BOOST_REQUIRE(n->wait_for_hub());
    return n;
  }

  private_folder folder;
  std::shared_ptr<bus::context> home = std::make_shared<bus::context>();
  std::unique_ptr<bus::switchboard> board;
};

inline const std::vector<std::string> transports{"inproc", "ipc", "tcp"};

/// The name of the error @p n is answered with; empty: none; "silence" where there is no answer.
std::string ask(node& n, messages::command_envelope c);

/// A journal in memory.
class journal {
public:
  /// Appends @p count events of varied topics as one commit.
  std::shared_ptr<const bus::batch> append(std::size_t count, std::size_t octets = 40);
  std::shared_ptr<const bus::batch> append_personal(const std::string& secret);
  bus::page_source source();
  std::uint64_t head();
  std::vector<std::string> envelopes();
  /// A backup was restored: another epoch, fewer events.
  void restore(std::uint64_t epoch, std::size_t keep);
  std::uint64_t epoch = 7;

private:
  bus::item make_item(const std::string& topic, std::string body);
  std::mutex mutex_;
  std::vector<bus::item> items_;
  std::map<std::string, std::uint64_t> last_;
};

/// The next message of a raw socket, waiting at most twenty seconds.
std::vector<std::string> receive(bus::socket& from, int wait_ms = 20'000);
/// Sends whatever it is told, as soon as it is connected.
bool send_raw(bus::socket& to, const std::vector<std::string>& parts);

} // namespace bus_test
