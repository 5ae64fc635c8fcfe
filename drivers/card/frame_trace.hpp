// CCID frames as text, in the notation of libccid's traces, with what nobody may see masked. Pure.
#pragma once

#include "drivers/card/ccid.hpp"
#include "drivers/card/reader_profile.hpp"

#include <cstddef>
#include <string>

namespace drivers::card {

/// What an exchange hides: the data of the command (a PIN), the data of the answer (what a file holds).
struct secrecy {
  bool command = false, answer = false;
};
secrecy secrecy_of(octets apdu);

/// How a body is to be read. @p shown: bytes of the APDU in this block that are its header, so never secret.
struct frame_content {
  secrecy hidden;
  exchange_level level{};
  std::size_t shown = 0;
};

/// "-> 000000 6F 05 00 …": a frame to the reader. A secret byte, and the checksum of a block that holds one, is "**".
std::string describe_request(octets frame, const frame_content& content);
/// "<- 000000 80 …": a frame from the reader; the status word stays to be seen. @p stale: an answer to something else,
/// so nothing of its body is shown.
std::string describe_reply(octets frame, const frame_content& content, bool stale);

} // namespace drivers::card
