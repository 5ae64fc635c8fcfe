// The hub's exchange of commands: the ROUTER every node connects to (design.md §3, port 5570), turned by a thread of
// its own or by the hub's own dealer.
#pragma once

#include "drivers/bus/context.hpp"
#include "drivers/bus/doorkeeper.hpp"
#include "drivers/bus/exchange.hpp"

#include <memory>
#include <string>
#include <vector>

namespace bus {

class socket;

struct switchboard_options {
  /// Any of inproc://name, ipc:///folder/name (folder 0700, path ≤ 107 bytes), tcp://127.0.0.1:port (0: a free one);
  /// with keys tcp://address:port.
  std::vector<std::string> endpoints;
  std::shared_ptr<doorkeeper> keys; ///< of whoever comes over tcp; none: in plain, from this host only
  switchboard_rules rules;              ///< its functions are called on the thread that turns it
  std::function<std::uint64_t()> clock; ///< monotonic milliseconds
  /// False: the dealer that has it beside itself turns it, on its thread (dealer_options.beside). What actors of the
  /// hub say to each other then needs no wake-up between the two: half the way of a command, measured.
  bool own_thread = true;
};

/// Errors of open(): path_too_long, not_loopback, port_taken (naming port or path), file_unreadable (the folder),
/// wrong_value (the endpoint). Every command gets exactly one answer: unknown_address (no such node or actor),
/// deadline_passed (never delivered), busy (a limit), dead_peer (the node is gone, not delivered), outcome_unknown
/// (delivered, then the deadline passed or the node died), not_spoken_for, not_allowed, newer_version, malformed,
/// too_large (answered up to 1 MiB; a frame beyond costs its sender the connection). The destructor stops the own
/// thread; what was in flight is then answered by the dealers themselves.
class switchboard {
public:
  static messages::result<std::unique_ptr<switchboard>> open(std::shared_ptr<context> home,
                                                             switchboard_options options);
  ~switchboard();
  switchboard(const switchboard&) = delete;
  switchboard& operator=(const switchboard&) = delete;

  /// As bound, in the order of the options: a port 0 has become a port.
  const std::vector<std::string>& endpoints() const;
  /// From any thread.
  switchboard_counts counts() const;

  struct turned {
    std::size_t frames = 0;    ///< handled
    std::uint32_t wait_ms = 0; ///< until something is due; 0: there is more to read
  };
  /// Without an own thread: handles up to 256 frames and whatever is due; never waits. On one thread only.
  turned turn();
  /// What to wait for before the next turn.
  socket& line();

private:
  struct inside;
  explicit switchboard(std::unique_ptr<inside> in);
  std::unique_ptr<inside> in_;
};

} // namespace bus
