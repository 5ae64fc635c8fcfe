// What an actor remembers of the commands it was given: one executes once, and whoever says it again hears the answer
// of the first time. Pure.
#pragma once

#include "messages/envelope.hpp"

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

namespace actors {

class taken_commands {
public:
  struct judgement {
    bool fresh = false; ///< to be executed
    std::optional<messages::command_envelope> say;
  };
  /// The answer that the journal remembers; an empty frame inside: one that is not repeated (it showed a secret).
  using memory = std::function<std::optional<std::string>(const messages::id&)>;

  /// Judges @p command and notes it. Older ids than a day are refused, since the journal forgets them.
  judgement judge(const messages::command_envelope& command, std::uint64_t now_ms, const memory& remembered);
  /// Its answer was decided. It is said again only once @p durable: what it rests on could yet be lost.
  void decided(const messages::command_envelope& reply, std::shared_ptr<const std::atomic<bool>> durable);

  static constexpr std::size_t kept_max = 4096; ///< here; the journal keeps a day's
  static constexpr std::uint64_t age_ms_max = 24u * 3600 * 1000;

private:
  struct taken {
    std::optional<messages::command_envelope> reply;
    std::shared_ptr<const std::atomic<bool>> durable;
  };
  std::unordered_map<messages::id, taken> taken_;
  std::deque<messages::id> order_;
};

} // namespace actors
