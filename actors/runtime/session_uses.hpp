// When each session was last used, for all actors of the hub: how the idle limit is enforced where the work is done.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace actors::runtime {

/// Kept in memory: after a restart of the hub a session counts as used when it began. Thread-safe.
class session_uses {
public:
  /// Uses the sessions of @p account (its key) at @p node, unless they lay idle for @p idle_ms_max since @p begun_ms
  /// or their last use: then false, and nothing is changed.
  bool use(const std::string& account, const std::string& node, std::uint64_t begun_ms, std::uint64_t now_ms,
           std::uint64_t idle_ms_max) {
    const std::lock_guard lock{mutex_};
    auto& last_ms = last_ms_[account + '@' + node];
    const auto used_ms = last_ms > begun_ms ? last_ms : begun_ms;
    if (now_ms >= used_ms + idle_ms_max) return false;
    last_ms = now_ms;
    if (last_ms_.size() > kept_max)
      std::erase_if(last_ms_, [&](const auto& one) { return one.second + idle_ms_max <= now_ms; });
    return true;
  }

  std::size_t size() {
    const std::lock_guard lock{mutex_};
    return last_ms_.size();
  }

  static constexpr std::size_t kept_max = 4096; ///< beyond: those that are idle are forgotten

private:
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> last_ms_;
};

} // namespace actors::runtime
