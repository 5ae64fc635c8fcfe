// The bytes of one journal entry; see FORMAT.md.
#include "storage/entry.hpp"

#include "storage/big_endian.hpp"

namespace storage {

namespace {
constexpr std::size_t before_topic = 1 + 8 + chain_tag_bytes + 8 + 1;
} // namespace

std::string entry_header(std::uint64_t previous_of_topic, std::string_view topic) {
  std::string header;
  header.reserve(before_topic + topic.size());
  header += static_cast<char>(entry_format);
  header.append(8 + chain_tag_bytes, '\0');
  put_big_endian(header, previous_of_topic);
  header += static_cast<char>(static_cast<std::uint8_t>(topic.size()));
  header.append(topic);
  return header;
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
