// What stands around every message: who, to whom, when, why. The two envelopes of design.md §3, and their frames.
#pragma once

#include "messages/codec.hpp"

namespace messages {

/// `reader@desk-2`: an actor on a node.
struct address {
  std::string actor, node;

  std::string text() const { return actor + "@" + node; }
  /// Both parts are 1–40 of a–z, 0–9, '_' and '-'.
  static std::optional<address> from_text(std::string_view text);
  friend bool operator==(const address&, const address&) = default;
  friend auto operator<=>(const address&, const address&) = default;
};

/// May @p name be the name of a node, a desk or an actor?
bool is_name(std::string_view name);

enum class command_kind : std::uint8_t { command, reply };
template <> struct enumeration<command_kind> {
  static constexpr std::array<std::string_view, 2> names{"command", "reply"};
};

/// A command or its reply; one frame. A reply carries the id of its command, and `from`/`to` exchanged.
struct command_envelope {
  std::uint64_t v = 1; ///< version of the body under this topic
  messages::id id;
  command_kind kind{};
  std::string topic;
  std::string from, to;          ///< addresses; see address
  std::string account;           ///< on whose behalf; empty: the system's
  messages::id cause;            ///< the command or event that led to this one
  std::uint32_t deadline_ms = 0; ///< milliseconds left when this was sent; recounted at every hop (clocks differ)
  std::uint64_t epoch = 0;       ///< the journal's epoch as the sender knows it; 0: not yet known
  std::string body;              ///< packed map; of a reply {ok: map} or {error: {number, name, args}}

  UKETSUKE_FIELDS(command_envelope, v, id, kind, topic, from, to, account, cause, deadline_ms, epoch, body)
};

/// An entry of the journal as it is published.
struct event_envelope {
  std::uint64_t v = 1;
  std::uint64_t index = 0;   ///< 1, 2, 3 … without holes
  std::uint64_t time_ms = 0; ///< UTC
  std::string topic;
  std::string node, desk; ///< where it happened; desk is empty for what belongs to none
  messages::id checkin;
  std::string account;
  messages::id cause;
  std::string body; ///< packed map

  UKETSUKE_FIELDS(event_envelope, v, index, time_ms, topic, node, desk, checkin, account, cause, body)
};

/// Limits of one frame on the command sockets and of one event.
inline constexpr std::size_t command_bytes_max = 256 * 1024;
inline constexpr std::size_t event_bytes_max = 256 * 1024;

std::string encode(const command_envelope& envelope);
std::string encode(const event_envelope& envelope);
result<command_envelope> decode_command(std::string_view frame);
result<event_envelope> decode_event(std::string_view frame);

// -- replies -------------------------------------------------------------------------------------------------------

/// The reply to @p command that says @p ok_body (a packed map).
command_envelope reply_ok(const command_envelope& command, std::string ok_body, std::uint64_t version = 1);
/// The reply to @p command that says why not.
command_envelope reply_error(const command_envelope& command, const error& why);
/// The packed map inside {ok: …}, or the error inside {error: …}.
result<std::string> reply_body(const command_envelope& reply);

} // namespace messages
