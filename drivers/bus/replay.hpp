// The journal on request: two ROUTER sockets, one redacted (5572), one personal, one thread of their own.
#pragma once

#include "drivers/bus/batch.hpp"
#include "drivers/bus/context.hpp"
#include "drivers/bus/doorkeeper.hpp"
#include "messages/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace bus {

/// Reads the journal: at most @p limit events from index @p from on whose topic begins with one of @p prefixes (none:
/// all). A page may hold fewer than there are: page::next says where to ask on. Called on the replay thread only,
/// beside the journal's own thread.
using page_source = std::function<messages::result<page>(std::uint64_t from, std::uint64_t limit,
                                                         std::span<const std::string> prefixes)>;

struct replay_limits {
  std::size_t page_bytes_max = 4 << 20;  ///< of one answer; `next` tells where it ended (one event always fits)
  std::size_t askers_max = 64;           ///< answers half sent at one time
  std::uint32_t stalled_ms_max = 10'000; ///< an asker that reads nothing for so long loses its answer
  int reader_queue_max = 1024;           ///< messages waiting for one asker
};

struct replay_options {
  /// tcp: without keys only on loopback; with keys the asker's role says whether it is redacted. Personal endpoints
  /// (inproc and ipc; tcp is refused, not_allowed) are never redacted.
  std::vector<std::string> redacted_endpoints, personal_endpoints;
  std::shared_ptr<doorkeeper> keys; ///< of whoever asks over tcp
  page_source source;
  page_source redacted_source; ///< for who may not see personal values, with item::redacted where it can; empty: source
  replay_limits limits;
  std::function<std::uint64_t()> clock; ///< monotonic milliseconds
};

struct replay_counts {
  std::uint64_t requests = 0, replayed = 0, refused = 0, stalled = 0; ///< replayed: events
  std::uint64_t messages = 0; ///< sent, three frames each; over CURVE each frame is one encryption
};

/// One request in flight per asker: while an answer is half sent, a second request is answered `replay.error` busy; as
/// are bad requests (malformed, wrong_value), askers whose key was revoked (not_allowed) and what the source
/// says. Errors of open(): as the publisher's.
class replay {
public:
  static messages::result<std::unique_ptr<replay>> open(std::shared_ptr<context> home, replay_options options);
  ~replay();
  replay(const replay&) = delete;
  replay& operator=(const replay&) = delete;

  const std::vector<std::string>& redacted_endpoints() const;
  const std::vector<std::string>& personal_endpoints() const;
  replay_counts counts() const; ///< from any thread

private:
  struct inside;
  explicit replay(std::unique_ptr<inside> in);
  std::unique_ptr<inside> in_;
};

} // namespace bus
