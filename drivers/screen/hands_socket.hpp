// Scripted hands: the screen port on a unix socket (0600), JSON lines. A line `pin DIGITS` is a key press on the PIN
// pad: it goes into the secret_slot and nowhere else.
#pragma once

#include "drivers/screen/port.hpp"
#include "messages/secret_slot.hpp"

#include <memory>

namespace drivers::screen {

struct hands_options {
  std::string path;                     ///< at most 107 bytes; an old socket file there is replaced
  messages::secret_slot* pin = nullptr; ///< none: this node has no PIN pad, `pin` lines are refused
  messages::secret_slot* check_number = nullptr; ///< likewise for `number` lines: 照合番号B
  std::size_t pages_max = 32;
  std::size_t line_bytes_max = 64 * 1024;
  std::size_t waiting_bytes_max = 1024 * 1024; ///< unread output of one page
};

/// Errors: path_too_long, write_failed (the socket cannot be made).
messages::result<std::unique_ptr<pages>> open_hands_socket(hands_options options);

} // namespace drivers::screen
