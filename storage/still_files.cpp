// Digests of the small files beside RocksDB's checked ones.
#include "storage/still_files.hpp"

#include "storage/tables.hpp"
#include "storage/whole_file.hpp"

#include <algorithm>
#include <sstream>

namespace storage {

namespace fs = std::filesystem;

namespace {

/// OPTIONS-N and IDENTITY hold no checksum; tables, logs, MANIFEST and the head mark do.
bool is_still(const std::string& name) { return name.starts_with("OPTIONS-") || name == "IDENTITY"; }

std::string digest_of(const fs::path& folder, const std::string& name, tagger& tags) {
  const auto content = read_file(folder / name);
  if (!content) return "-";
  std::string hex;
  for (const char c : tags.tag({name, "\n", *content})) {
    hex += "0123456789abcdef"[static_cast<std::uint8_t>(c) >> 4];
    hex += "0123456789abcdef"[static_cast<std::uint8_t>(c) & 15];
  }
  return hex;
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
  return changed;
}

} // namespace storage
