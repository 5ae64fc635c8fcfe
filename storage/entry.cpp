// The bytes of one journal entry; see FORMAT.md.
#include "storage/entry.hpp"

#include "storage/big_endian.hpp"

#include <algorithm>

namespace storage {

namespace {
constexpr std::size_t tag_at = 1 + 8;
constexpr std::size_t before_topic = tag_at + chain_tag_bytes + 8 + 1;
} // namespace

std::string entry_header(std::uint64_t key_id, std::uint64_t previous_of_topic, std::string_view topic) {
  std::string header;
  header.reserve(before_topic + topic.size());
  header += static_cast<char>(entry_format);
  put_big_endian(header, key_id);
  header.append(chain_tag_bytes, '\0');
  put_big_endian(header, previous_of_topic);
  header += static_cast<char>(static_cast<std::uint8_t>(topic.size()));
  header.append(topic);
  return header;
}

std::string_view first_tag() {
  static constexpr char zeros[chain_tag_bytes] = {};
  return {zeros, chain_tag_bytes};
}

std::string chain_tag(tagger& tags, std::string_view previous_tag, std::uint64_t index, std::string_view entry,
                      std::string_view rest) {
  return tags.tag(
      {previous_tag, index_key(index), entry.substr(0, tag_at), entry.substr(tag_at + chain_tag_bytes), rest});
}

std::string signed_text(std::string_view day, std::uint64_t index, std::string_view tag) {
  return "uketsuke head " + std::string{day} + " " + index_key(index) + std::string{tag};
}

void set_chain_tag(std::string& header, std::string_view tag) {
  std::ranges::copy(tag, header.begin() + static_cast<std::ptrdiff_t>(tag_at));
}

messages::result<entry_view> parse_entry(std::uint64_t index, std::string_view bytes) {
  const auto damaged = [&](const char* what) {
    return messages::failure(messages::error_code::journal_damaged, "entry " + std::to_string(index), what);
  };
  if (bytes.empty()) return damaged("it is empty");
  if (static_cast<std::uint8_t>(bytes[0]) > entry_format)
    return messages::failure(messages::error_code::newer_version, "entry " + std::to_string(index));
  if (bytes[0] != static_cast<char>(entry_format)) return damaged("its format byte is none of ours");
  if (bytes.size() < before_topic) return damaged("it is cut short");
  entry_view entry;
  entry.key_id = read_big_endian(bytes.substr(1, 8));
  entry.chain_tag = bytes.substr(9, chain_tag_bytes);
  entry.previous_of_topic = read_big_endian(bytes.substr(9 + chain_tag_bytes, 8));
  const auto topic_bytes = static_cast<std::uint8_t>(bytes[before_topic - 1]);
  if (topic_bytes == 0 || bytes.size() <= before_topic + topic_bytes) return damaged("it is cut short");
  entry.topic = bytes.substr(before_topic, topic_bytes);
  entry.envelope = bytes.substr(before_topic + topic_bytes);
  if (entry.previous_of_topic >= index) return damaged("its previous index is not before it");
  return entry;
}

} // namespace storage
