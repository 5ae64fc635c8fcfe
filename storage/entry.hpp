// One entry of the journal as bytes: the format of FORMAT.md, and nothing else.
#pragma once

#include "messages/result.hpp"
#include "storage/cipher.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace storage {

/// The format this build writes; a larger one is refused.
inline constexpr std::uint8_t entry_format = 1;
inline constexpr std::size_t chain_tag_bytes = 32;

/// What stands before the envelope. Previous index and topic stand here so that a replay with topic prefixes decodes no
/// envelope; the key's number so that only what holds something sealed is unsealed.
struct entry_view {
  std::uint64_t key_id = 0;            ///< 0: not sealed
  std::string_view chain_tag;          ///< 32 bytes: see chain_tag()
  std::uint64_t previous_of_topic = 0; ///< index of the entry before this one with the same topic; 0: none
  std::string_view topic;              ///< 1–80 bytes
  std::string_view envelope;           ///< messages::encode(event_envelope), its personal values sealed
};

/// Everything of an entry but its envelope, which follows it. The chain tag is zeros until set_chain_tag().
std::string entry_header(std::uint64_t key_id, std::uint64_t previous_of_topic, std::string_view topic);

/// What stands for the tag before entry 1.
std::string_view first_tag();
/// HMAC over the tag of the entry before, the index, and all bytes of the entry but its own tag, as they are stored:
/// the chain needs no patient's key, and holds after a patient was forgotten. The entry may come in two pieces, the
/// first no shorter than a header.
std::string chain_tag(tagger& tags, std::string_view previous_tag, std::uint64_t index, std::string_view entry,
                      std::string_view rest = {});
/// What a head_signed event signs.
std::string signed_text(std::string_view day, std::uint64_t index, std::string_view tag);
void set_chain_tag(std::string& header, std::string_view tag);

/// Looks into @p bytes, which must outlive the answer. `journal_damaged` (with @p index) when they are no entry,
/// `newer_version` when a later build wrote them.
messages::result<entry_view> parse_entry(std::uint64_t index, std::string_view bytes);

} // namespace storage
