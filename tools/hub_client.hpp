// One command from a tool to an actor of the hub, on this host or another, and its reply.
#pragma once

#include "drivers/bus/node_keys.hpp"
#include "drivers/clock/port.hpp"
#include "messages/registry.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace tools {

inline constexpr int hub_port = 5570, enrolment_port = 5574;

/// HOST[:PORT]; `wrong_value` (--hub).
messages::result<std::pair<std::string, int>> host_and_port(const std::string& text, int port_otherwise);

/// The four sockets of a hub on TCP.
struct hub_endpoints {
  std::string commands, events, replay, personal;
};
/// From HOST[:PORT] of its commands, 5570; the others follow it.
messages::result<hub_endpoints> hub_ports(const std::string& host);

/// Where a hub is asked.
struct hub_at {
  std::string endpoint; ///< of its commands
  std::string named;    ///< as a person knows it, for errors
  std::optional<bus::node_key> key;

  static hub_at in_folder(const std::filesystem::path& run);
  /// HOST[:PORT] and the key file of the node that asks; without a file in plain, on loopback only.
  static messages::result<hub_at> by_key(const std::string& host, const std::filesystem::path& key_file);
};

/// Whose words a command is: nobody's, or an account's that signed in under this node's name.
struct hub_access {
  hub_access(hub_at where) : at(std::move(where)) {}
  hub_access(const std::filesystem::path& run_folder) : at(hub_at::in_folder(run_folder)) {}
  hub_access(const std::filesystem::path& run_folder, std::string of, std::string as_node)
      : at(hub_at::in_folder(run_folder)), account(std::move(of)), node(std::move(as_node)) {}
  hub_at at;
  std::string account; ///< empty: nobody's
  std::string node;    ///< empty: this process's own, or the key's
  messages::credential password{}; ///< that was typed to sign in; empty where none was
};

/// Asks as the key's node, or over the hub's socket in its `run` folder (0700: whoever may open it may ask). Waits at
/// most @p wait_ms, and at most three seconds for a hub that does not answer at all (`no_hub`).
messages::result<std::string> ask_hub(const hub_access& hub, const std::string& actor, std::string_view topic,
                                      std::uint64_t version, std::string body, std::uint32_t wait_ms);

template <class M> messages::result<typename M::reply>
ask_hub(const hub_access& hub, const std::string& actor, const M& command, std::uint32_t wait_ms = 10'000) {
  const auto body = ask_hub(hub, actor, M::topic, M::version, messages::encode_body(command), wait_ms);
  if (!body) return messages::failure(body.error());
  return messages::decode_body<typename M::reply>(*body, M::reply::version);
}

/// The run folder given, or the first of the default ones where a hub has its socket.
messages::result<std::filesystem::path> run_folder(const std::string& given);

/// The name of the node that this process is to a hub: its own, and nobody can guess it.
const std::string& tool_node();

/// An id of this moment.
messages::id fresh_id();

} // namespace tools
