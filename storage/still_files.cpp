// Digests of the small files beside RocksDB's checked ones, and the zeros at a table's end.
#include "storage/still_files.hpp"

#include "storage/hexadecimal.hpp"
#include "storage/tables.hpp"
#include "storage/whole_file.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace storage {

namespace fs = std::filesystem;

namespace {

/// OPTIONS-N and IDENTITY hold no checksum; tables, logs, MANIFEST and the head mark do.
bool is_still(const std::string& name) { return name.starts_with("OPTIONS-") || name == "IDENTITY"; }

std::string digest_of(const fs::path& folder, const std::string& name, tagger& tags) {
  const auto content = read_file(folder / name);
  if (!content) return "-";
  return hexadecimal(tags.tag({name, "\n", *content}));
}

/// A table ends in 53 bytes (RocksDB's table/format.cc, version 5): the kind of checksum, the places of two blocks
/// (four varints), zeros up to byte 41, version (4) and magic (8). RocksDB believes any byte in the place of the zeros.
bool ends_in_other_bytes(const fs::path& table) {
  constexpr std::streamoff footer_bytes = 53, filled_up_to = 41;
  constexpr int varints = 4;
  std::ifstream in(table, std::ios::binary);
  std::string footer(footer_bytes, '\0');
  if (!in.seekg(-footer_bytes, std::ios::end) || !in.read(footer.data(), footer_bytes)) return true;
  std::size_t at = 1;
  for (int seen = 0; seen < varints && at < filled_up_to; ++at)
    if ((static_cast<std::uint8_t>(footer[at]) & 0x80) == 0) ++seen;
  return footer.find_first_not_of('\0', at) < filled_up_to;
}

} // namespace

messages::result<std::string> still_files(const fs::path& folder, const key_bytes& chain_key) {
  tagger tags{chain_key};
  std::vector<std::string> names;
  std::error_code why;
  for (const auto& file : fs::directory_iterator(folder, why))
    if (auto name = file.path().filename().string(); is_still(name)) names.push_back(std::move(name));
  if (why) return messages::failure(messages::error_code::file_unreadable, folder.string(), why.message());
  std::ranges::sort(names);
  std::string lines;
  for (const auto& name : names)
    lines += digest_of(folder, name, tags) + " " + name + "\n";
  return lines;
}

messages::result<std::vector<std::string>> changed_still_files(const store& in, const fs::path& folder,
                                                               const key_bytes& chain_key) {
  const auto row = in.get(meta_table, files_key);
  if (!row) return messages::failure(row.error());
  std::vector<std::string> changed;
  if (!*row) return changed;
  tagger tags{chain_key};
  std::istringstream lines(**row);
  for (std::string digest, name; lines >> digest >> name;)
    if (digest_of(folder, name, tags) != digest) changed.push_back(name);
  std::error_code why;
  for (const auto& file : fs::directory_iterator(folder, why))
    if (file.path().extension() == ".sst" && ends_in_other_bytes(file.path()))
      changed.push_back(file.path().filename().string());
  return changed;
}

} // namespace storage
