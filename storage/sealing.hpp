// What is sealed on the way in and unsealed on the way out: events value by value, outbox rows and replies whole.
// Safe from any thread: appends are sealed on the threads of those who append.
#pragma once

#include "messages/draft.hpp"
#include "storage/keyring.hpp"

namespace storage {

/// A draft as the journal's thread takes it: bodies of outbox rows and frames of replies are sealed in place, the
/// events' bodies are there in clear (for the views and the bus), sealed (for the entry) and redacted (for the bus).
struct sealed_draft {
  struct body {
    std::uint64_t key_id = 0; ///< 0: nothing in it is personal; the entry holds it as it is
    std::string bytes;
    std::string redacted;              ///< the same with every sealed value hidden: what may be shown to anybody
    std::shared_ptr<const void> typed; ///< of one that is sealed: decoded, in clear, for the views
  };
  messages::draft what;
  std::vector<body> bodies; ///< by event
};

/// `malformed` when the body of a topic with personal values does not fit it: what cannot be told is not written.
messages::result<sealed_draft> seal_draft(keyring& keys, messages::draft what, std::uint64_t now_ms);

/// @p envelope (or a body) of an event of @p topic with what it holds sealed in clear, or forgotten, or redacted.
messages::result<std::string> unsealed_event(keyring& keys, std::string_view topic, std::string_view envelope);

/// @p envelope of an event that was sealed, with all that is sealed in it hidden: no key is needed.
messages::result<std::string> redacted_event(std::string_view envelope);

/// False: its patient was forgotten, nothing can be done about it any more.
messages::result<bool> unseal_in_place(keyring& keys, messages::outbox_row& row);
/// Empty when it cannot be read any more: `already_done`.
messages::result<std::string> unsealed_reply(keyring& keys, const messages::id& command, std::string_view frame);

/// A view's row begins with this byte (no msgpack begins so) when it holds marked values (views/typed_rows.hpp).
inline constexpr char marked_row = '\xc1';
/// The row as it is stored: its marked values sealed under the key of the patient that the row names.
messages::result<std::string> sealed_row(keyring& keys, std::string_view place, std::string_view row,
                                         std::uint64_t now_ms);
/// And back. @p forgotten is set when something in it can no longer be read.
messages::result<std::string> unsealed_row(keyring& keys, std::string_view place, std::string_view stored,
                                           bool* forgotten = nullptr);
/// Where a row stands: authenticated with every value in it.
std::string place_of_row(std::string_view view, std::string_view key);

} // namespace storage
