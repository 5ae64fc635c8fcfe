// The frames of the event and replay sockets, byte for byte as design.md §3 has them. Pure; integers are big-endian.
#pragma once

#include "drivers/bus/batch.hpp"
#include "messages/envelope.hpp"

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bus {

inline constexpr std::string_view tail_topic = "#", heartbeat_topic = "~";
inline constexpr std::string_view replay_end_topic = "replay.end", replay_error_topic = "replay.error";
inline constexpr std::size_t tail_bytes_max = 256 * 1024; ///< one message of the tail, unless one event is larger
inline constexpr std::size_t tail_items_max = 4096;
inline constexpr std::size_t replay_limit_max = 1000, prefixes_max = 64, prefix_bytes_max = 80;

/// Three frames of one message.
using frames = std::array<std::string, 3>;
using frame_views = std::span<const std::string_view>;

/// `#` | first index, count, epoch | array of @p envelopes.
frames make_tail(std::uint64_t first_index, std::uint64_t epoch, std::span<const std::string_view> envelopes);
/// The lengths of the runs into which a commit of envelopes of these sizes is split.
std::vector<std::size_t> split_tail(std::span<const std::string_view> envelopes);
/// topic | index, previous index of this very topic, epoch | envelope.
frames make_event(const item& i, std::uint64_t epoch, std::string_view envelope);
/// `~` | head, epoch | {topic: last index}.
frames make_heartbeat(std::uint64_t head, std::uint64_t epoch,
                      const std::map<std::string, std::uint64_t>& last_of_topic);
/// `replay.end` | next, epoch | {head}.
frames make_replay_end(std::uint64_t next, std::uint64_t epoch, std::uint64_t head);
/// `replay.error` | empty | {error: {number, name, args}}, as in a reply.
frames make_replay_error(const messages::error& why);

struct tail {
  std::uint64_t first_index = 0, epoch = 0;
  std::vector<std::string_view> envelopes; ///< into the frame that was read
};
struct one_event {
  std::uint64_t index = 0, previous = 0, epoch = 0;
  std::string_view topic, envelope;
};
struct heartbeat {
  std::uint64_t head = 0, epoch = 0;
  std::map<std::string, std::uint64_t, std::less<>> last_of_topic;
};
struct replay_end {
  std::uint64_t next = 0, epoch = 0, head = 0;
};

/// Each refuses (malformed) what is not exactly of its form.
messages::result<tail> read_tail(frame_views message);
messages::result<one_event> read_event(frame_views message);
messages::result<heartbeat> read_heartbeat(frame_views message);
messages::result<replay_end> read_replay_end(frame_views message);
messages::error read_replay_error(frame_views message);

/// The ends of the values inside a packed array, without unpacking them.
messages::result<std::vector<std::string_view>> split_array(std::string_view packed, std::size_t items_max);

/// What a DEALER asks of 5572.
struct replay_request {
  std::uint64_t from = 1;
  std::uint64_t limit = replay_limit_max;
  std::vector<std::string> topics; ///< prefixes; empty: all
  bool in_runs = false;            ///< of all: the answer may come as messages of the tail, many events in each
  UKETSUKE_FIELDS(replay_request, from, limit, topics, in_runs)
};

std::string encode(const replay_request& r);
/// malformed; wrong_value (from is 0, limit is 0 or over 1000, too many or too long prefixes).
messages::result<replay_request> decode_replay_request(std::string_view packed);

/// Does @p topic begin with one of @p prefixes (none: it does)?
bool is_wanted(std::string_view topic, std::span<const std::string> prefixes);

} // namespace bus
