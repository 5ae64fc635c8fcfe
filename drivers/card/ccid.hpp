// CCID messages: the frames on the bulk and interrupt pipes of a reader (card-reader.md §2.2). Pure.
#pragma once

#include "drivers/card/wiped.hpp"
#include "messages/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drivers::card::ccid {

using octets = std::span<const std::uint8_t>;

inline constexpr std::size_t header_size = 10;
/// Largest message the class allows: 65544 bytes of APDU and the header.
inline constexpr std::size_t message_size_max = 65554;
/// Frames of an earlier command that are dropped before the reader counts as out of step.
inline constexpr int stale_frames_max = 10;

/// PC_to_RDR messages.
enum class request : std::uint8_t {
  set_parameters = 0x61,
  power_on = 0x62,
  power_off = 0x63,
  slot_status = 0x65,
  transfer = 0x6F,
  abort = 0x72
};
/// RDR_to_PC messages.
enum class reply : std::uint8_t {
  data_block = 0x80,
  slot_status = 0x81,
  parameters = 0x82,
  escape = 0x83,
  rates = 0x84
};

/// The reply that belongs to a request.
constexpr reply reply_to(request r) {
  if (r == request::set_parameters) return reply::parameters;
  return r == request::power_on || r == request::transfer ? reply::data_block : reply::slot_status;
}

/// One request, complete. @p specific are the bytes 7 to 9 of the header.
wiped_bytes build(request type, std::uint8_t slot, std::uint8_t sequence, std::array<std::uint8_t, 3> specific,
                  octets data = {});

enum class card_state : std::uint8_t { active = 0, inactive = 1, absent = 2, reserved = 3 };
enum class command_state : std::uint8_t { done = 0, failed = 1, more_time = 2, reserved = 3 };

/// One reply whose lengths add up.
struct frame {
  reply type{};
  std::uint8_t slot = 0, sequence = 0, status = 0, error = 0, chain = 0;
  wiped_bytes data;

  card_state card() const { return static_cast<card_state>(status & 3); }
  command_state command() const { return static_cast<command_state>(status >> 6); }
};

enum class frame_fault : std::uint8_t { too_short, length_differs, unknown_type };
std::string_view explain(frame_fault fault);

/// Reads what one bulk-IN transfer brought: exactly one frame, dwLength equal to what came (§2.4 no. 6).
tl::expected<frame, frame_fault> parse(octets received);

/// True when @p received is a whole frame: then a reader that forgot the zero-length packet has still answered.
bool is_whole(octets received);

/// bError of a failed command, as far as something follows from it.
inline constexpr std::uint8_t error_slot_busy = 0xE0, error_overrun = 0xFC, error_parity = 0xFD, error_mute = 0xFE;
/// What bError of a failed command means.
std::string explain_error(std::uint8_t error);

/// A NotifySlotChange for one slot.
struct slot_notice {
  bool present = false, changed = false;
};
std::optional<slot_notice> parse_notice(octets received, std::uint8_t slot);

/// wLevelParameter of extended-APDU chaining.
inline constexpr std::uint16_t level_whole = 0, level_first = 1, level_last = 2, level_middle = 3, level_next = 0x10;

/// One block of an APDU and its wLevelParameter.
struct block {
  octets data;
  std::uint16_t level = level_whole;
};
/// Cuts @p apdu into blocks of at most @p block_size_max bytes (greater than 0); the blocks point into it.
std::vector<block> split(octets apdu, std::size_t block_size_max);

/// True when bChainParameter of an extended-APDU reader says that more follows.
constexpr bool more_follows(std::uint8_t chain) { return chain == 1 || chain == 3; }

} // namespace drivers::card::ccid
