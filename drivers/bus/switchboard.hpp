// The hub's exchange of commands: one thread that owns the ROUTER every node connects to (design.md §3, port 5570).
#pragma once

#include "drivers/bus/context.hpp"
#include "drivers/bus/exchange.hpp"

#include <memory>
#include <string>
#include <vector>

namespace bus {

struct switchboard_options {
  /// Any of inproc://name, ipc:///folder/name (folder 0700, path ≤ 107 bytes), tcp://127.0.0.1:port (0: a free one).
  std::vector<std::string> endpoints;
  switchboard_rules rules;              ///< its functions are called on the switchboard's thread
  std::function<std::uint64_t()> clock; ///< monotonic milliseconds
};

/// Errors of open(): path_too_long, not_loopback, port_taken (naming port or path), file_unreadable (the folder),
/// wrong_value (the endpoint). Every command gets exactly one answer: unknown_address (no such node or actor),
/// deadline_passed (never delivered), busy (a limit), dead_peer (the node is gone, not delivered), outcome_unknown
/// (delivered, then the deadline passed or the node died), not_spoken_for, not_allowed, newer_version, malformed,
/// too_large (answered up to 1 MiB; a frame beyond costs its sender the connection). The destructor stops the thread;
/// what was in flight is then answered by the dealers themselves.
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

private:
  struct inside;
  explicit switchboard(std::unique_ptr<inside> in);
  std::unique_ptr<inside> in_;
};

} // namespace bus
