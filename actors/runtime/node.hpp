// One node: the process that holds actors, and on the hub the journal, the switchboard and the publishers around them.
#pragma once

#include "actors/runtime/ports.hpp"
#include "drivers/bus/node_keys.hpp"
#include "messages/draft.hpp"
#include "messages/result.hpp"
#include "storage/backup.hpp"
#include "storage/retention.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace drivers::clock {
class clock;
class chance;
} // namespace drivers::clock

namespace actors::runtime {

struct node_options {
  std::string name;                      ///< of this node; a desk's name is its node's
  std::string hub = "hub";               ///< the hub's name; equal to `name` on the hub
  std::vector<std::string> actors;       ///< rows of the roster that live here
  std::filesystem::path data;            ///< the journal's folder; the hub's only
  std::filesystem::path keys;            ///< the key folder; the hub's only, never inside `data`
  storage::retention kept;               ///< housekeeping of the hub's journal
  std::filesystem::path passphrase_file; ///< unlocks the keys; empty: they are not locked
  std::filesystem::path run;             ///< 0700; the ipc sockets of this host's nodes
  bool tcp = false;                      ///< the hub also binds `address`
  std::string address = "127.0.0.1";     ///< IPv4; beyond this host only with curve
  bool curve = false;                    ///< whoever comes over tcp needs a key of `keys`/nodes
  int port_base = 5570;                  ///< 0: free ports; see ports()
  std::string hub_endpoint;              ///< of a desk node; empty: ipc in `run`
  std::optional<bus::node_key> key;      ///< of a desk node whose hub is on another host
};

/// TCP ports in use, 0 where there is none.
struct node_tcp_ports {
  int commands = 0, events = 0, replay = 0, personal = 0;
};

class node {
public:
  /// Opens everything and starts the actors. Errors name what is missing and the remedy. @p on_failure is called once,
  /// from some thread, when the node cannot go on (a failed write, an actor that dies again and again): stop it then.
  static messages::result<std::unique_ptr<node>> start(node_options options, node_ports ports,
                                                       std::shared_ptr<drivers::clock::clock> clock,
                                                       std::shared_ptr<drivers::clock::chance> chance,
                                                       std::function<void(const messages::error&)> on_failure);
  virtual ~node() = default;

  virtual node_tcp_ports ports() const = 0;
  virtual messages::monitor_status status() const = 0;
  /// Appends that somebody waited for, and syncs: what a check-in cost (zero on a desk node).
  struct write_counts {
    std::uint64_t awaited = 0, syncs = 0, events = 0;
  };
  virtual write_counts writes() const = 0;
  /// Commands and replies that went through the switchboard, and what waits to be published (the hub's).
  struct bus_counts {
    std::uint64_t delivered = 0, replied = 0, queued_bytes = 0;
    std::map<std::string, std::uint64_t> refused; ///< commands that the switchboard answered itself, by its error
    std::uint64_t malformed = 0, late_replies = 0;
    std::uint64_t wrong_guesses = 0, held_guesses = 0; ///< sign-ins refused; told to wait before they were looked at
    std::uint64_t readers_fell_behind = 0;             ///< their queue was full, and they replay what they missed
    std::uint64_t replays_refused = 0, replays_stalled = 0;
  };
  virtual bus_counts bus() const = 0;
  /// A copy of the running hub's journal that opens, in @p folder, which must not be there, made between two commits:
  /// what a backup is made of. From any thread, until stop(). `no_such_data` on a desk node.
  virtual messages::result<storage::backup_source> copy_journal(const std::filesystem::path& folder) = 0;
  /// Housekeeping of the running hub's journal by node_options::kept (journal::expire); answers how many keys it
  /// destroyed. From any thread, until stop(). `no_such_data` on a desk node.
  virtual messages::result<std::uint64_t> expire_records() = 0;
  /// Takes an event of the house itself into the hub's journal: a backup, housekeeping. From any thread, until stop().
  virtual void tell(messages::event_draft what) = 0;
  /// As a bug would: the supervisor starts it again.
  virtual void kill_actor(const std::string& name) = 0;
  /// Ends the actors, makes what they appended durable, closes the sockets. The destructor does it too.
  virtual void stop() = 0;
};

} // namespace actors::runtime
