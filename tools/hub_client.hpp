// One command from a tool to an actor of the local hub, and its reply.
#pragma once

#include "drivers/clock/port.hpp"
#include "messages/registry.hpp"

#include <filesystem>
#include <string>

namespace tools {

/// Asks over the hub's socket in its `run` folder (0700: whoever may open it may ask). Waits at most @p wait_ms, and at
/// most three seconds for a hub that does not answer at all (`no_hub`). With an @p account: on its behalf,
/// by the session that this process opened.
messages::result<std::string> ask_hub(const std::filesystem::path& run, const std::string& actor,
                                      std::string_view topic, std::uint64_t version, std::string body,
                                      std::uint32_t wait_ms, const std::string& account = {});

template <class M> messages::result<typename M::reply>
ask_hub(const std::filesystem::path& run, const std::string& actor, const M& command, std::uint32_t wait_ms = 10'000,
        const std::string& account = {}) {
  const auto body = ask_hub(run, actor, M::topic, M::version, messages::encode_body(command), wait_ms, account);
  if (!body) return messages::failure(body.error());
  return messages::decode_body<typename M::reply>(*body, M::reply::version);
}

/// The run folder given, or the first of the default ones where a hub has its socket.
messages::result<std::filesystem::path> run_folder(const std::string& given);

/// An id of this moment.
messages::id fresh_id();

} // namespace tools
