// Writing, reading and judging marks in the key folder.
#include "storage/key_mark.hpp"

#include "storage/hexadecimal.hpp"
#include "storage/whole_file.hpp"

#include <charconv>

namespace storage {

namespace fs = std::filesystem;
using messages::error_code;
using messages::failure;
using messages::result;

namespace {

constexpr std::string_view name_begins = "reached-", first_line = "uketsuke key mark 1\nindex ";

fs::path mark_file(const fs::path& keys_folder, const key_bytes& chain_key, std::uint64_t epoch) {
  const auto journal = hexadecimal(tagger(chain_key).tag({"uketsuke key mark of"}).substr(0, 8));
  return keys_folder / (std::string{name_begins} + journal + "-" + std::to_string(epoch));
}

std::string text_of(const key_bytes& chain_key, const head_mark& mark) {
  auto text = std::string{first_line} + std::to_string(mark.index) + " epoch " + std::to_string(mark.epoch) + "\n";
  const auto tag = hexadecimal(tagger(chain_key).tag({"uketsuke key mark", text}));
  return text + "tag " + tag + "\n";
}

} // namespace

result<std::optional<head_mark>> read_key_mark(const fs::path& keys_folder, const key_bytes& chain_key,
                                               std::uint64_t epoch) {
  const auto file = mark_file(keys_folder, chain_key, epoch);
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return std::nullopt;
  const auto text = read_file(file);
  if (!text) return failure(text.error());
  head_mark mark{0, epoch};
  if (text->starts_with(first_line))
    std::from_chars(text->data() + first_line.size(), text->data() + text->size(), mark.index);
  if (*text != text_of(chain_key, mark))
    return failure(error_code::journal_damaged, file.string(),
                   "it does not say any more at which entry the journal was; without this file the data folder is "
                   "trusted as it is");
  return mark;
}

result<void> write_key_mark(const fs::path& keys_folder, const key_bytes& chain_key, const head_mark& mark) {
  if (mark.index == 0) return {};
  return replace_file(mark_file(keys_folder, chain_key, mark.epoch), text_of(chain_key, mark));
}

result<void> check_key_mark(const fs::path& folder, const fs::path& keys_folder, const key_bytes& chain_key,
                            const head_mark& head) {
  const auto mark = read_key_mark(keys_folder, chain_key, head.epoch);
  if (!mark) return failure(mark.error());
  if (!*mark || (*mark)->index <= head.index) return {};
  return failure(error_code::journal_damaged, folder.string(),
                 "an older copy stands in its place: it ends at entry " + std::to_string(head.index) + ", but " +
                     mark_file(keys_folder, chain_key, head.epoch).string() + " says that entry " +
                     std::to_string((*mark)->index) + " was written; to go on with it all the same, restore from it");
}

result<void> check_no_key_mark(const fs::path& folder, const fs::path& keys_folder) {
  std::error_code ignored;
  for (const auto& file : fs::directory_iterator(keys_folder, ignored))
    if (file.path().filename().string().starts_with(name_begins))
      return failure(error_code::journal_damaged, folder.string(),
                     "it is gone, but " + file.path().string() +
                         " says that entry 1 and others were written; a new journal needs a key folder of its own");
  return {};
}

} // namespace storage
