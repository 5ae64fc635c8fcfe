// Once, and the same answer again.
#include "actors/pure/taken_commands.hpp"

#include "messages/commands.hpp"

namespace actors {

using messages::error_code;

taken_commands::judgement taken_commands::judge(const messages::command_envelope& command, std::uint64_t now_ms,
                                                const memory& remembered) {
  if (command.id.time_ms() + age_ms_max < now_ms) return {false, reply_error(command, {error_code::too_old, {}})};
  if (const auto found = taken_.find(command.id); found != taken_.end()) {
    // Undecided, or not yet durable: its first delivery is still at work, and will be answered.
    if (found->second.reply && *found->second.durable) return {false, found->second.reply};
    return {};
  }
  if (const auto before = remembered ? remembered(command.id) : std::nullopt) {
    if (before->empty()) return {false, reply_error(command, {error_code::already_done, {}})};
    auto reply = messages::decode_command(*before);
    return {false, reply ? std::optional{std::move(*reply)} : std::nullopt};
  }
  taken_.emplace(command.id, taken{});
  order_.push_back(command.id);
  if (order_.size() > kept_max) {
    taken_.erase(order_.front());
    order_.pop_front();
  }
  return {true, {}};
}

void taken_commands::decided(const messages::command_envelope& reply,
                             std::shared_ptr<const std::atomic<bool>> durable) {
  if (const auto found = taken_.find(reply.id); found != taken_.end()) found->second = {reply, std::move(durable)};
}

} // namespace actors
