// One entry of the journal as bytes: the format of FORMAT.md, and nothing else.
#pragma once

#include "messages/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace storage {

/// The format this build writes; a larger one is refused.
inline constexpr std::uint8_t entry_format = 1;
inline constexpr std::size_t chain_tag_bytes = 32;

/// What stands before the envelope. Key id and chain tag are reserved from the first day (design.md §4): sealing and
/// the audit chain fill them without a new format. Previous index and topic stand here so that a replay with topic
/// prefixes decodes no envelope.
struct entry_view {
  std::uint64_t key_id = 0;            ///< 0: not sealed
  std::string_view chain_tag;          ///< 32 bytes; zeros: not chained
  std::uint64_t previous_of_topic = 0; ///< index of the entry before this one with the same topic; 0: none
  std::string_view topic;              ///< 1–80 bytes
  std::string_view envelope;           ///< messages::encode(event_envelope)
};

/// Everything of an entry but its envelope, which follows it.
std::string entry_header(std::uint64_t previous_of_topic, std::string_view topic);

/// Looks into @p bytes, which must outlive the answer. `journal_damaged` (with @p index) when they are no entry,
/// `newer_version` when a later build wrote them.
messages::result<entry_view> parse_entry(std::uint64_t index, std::string_view bytes);

} // namespace storage
