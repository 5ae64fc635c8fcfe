// One command from a tool to an actor of the local hub, and its reply.
#pragma once

#include "drivers/clock/port.hpp"
#include "messages/registry.hpp"

#include <filesystem>
#include <string>

namespace tools {

/// Whose words a command is: nobody's, or an account's that signed in under this node's name.
struct hub_access {
  hub_access(std::filesystem::path run_folder) : run(std::move(run_folder)) {}
  hub_access(std::filesystem::path run_folder, std::string of, std::string as_node)
      : run(std::move(run_folder)), account(std::move(of)), node(std::move(as_node)) {}
  std::filesystem::path run;
  std::string account; ///< empty: nobody's
  std::string node;    ///< empty: this process's own
  messages::credential password{}; ///< that was typed to sign in; empty where none was
};

/// Asks over the hub's socket in its `run` folder (0700: whoever may open it may ask). Waits at most @p wait_ms, and at
/// most three seconds for a hub that does not answer at all (`no_hub`).
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
