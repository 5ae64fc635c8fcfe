// Completing what RocksDB and the checks say of damage.
#include "storage/damage.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>

namespace storage {

namespace {

/// Does @p text name a file that a data folder has, there or gone?
bool names_file(std::string_view text) {
  for (const std::string_view name : {"MANIFEST-", "CURRENT", "file head", "/head"})
    if (text.find(name) != std::string_view::npos) return true;
  for (const std::string_view ending : {".log", ".sst"}) {
    const auto at = text.find(ending);
    if (at != std::string_view::npos && at > 0 && std::isdigit(static_cast<unsigned char>(text[at - 1]))) return true;
  }
  return false;
}

bool names_entry(std::string_view text) {
  constexpr std::string_view word = "entry ";
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1))
    if (at + word.size() < text.size() && std::isdigit(static_cast<unsigned char>(text[at + word.size()]))) return true;
  return false;
}

/// The manifest that CURRENT names; CURRENT itself when it names none that is there.
std::string manifest_of(const std::filesystem::path& folder) {
  std::ifstream in(folder / "CURRENT");
  std::string name;
  std::error_code ignored;
  if (std::getline(in, name) && name.starts_with("MANIFEST-") && std::filesystem::exists(folder / name, ignored))
    return name;
  return "CURRENT";
}

} // namespace

messages::error located(messages::error why, const std::filesystem::path& folder, std::string_view entry) {
  if (why.code != messages::error_code::journal_damaged || why.args.empty()) return why;
  why.args.resize(std::max<std::size_t>(why.args.size(), 2));
  const auto says = [&](const auto& test) { return std::ranges::any_of(why.args, test); };
  auto& what = why.args[1];
  if (!says([](const std::string& text) { return names_file(text); })) what += "; file " + manifest_of(folder);
  if (!says([](const std::string& text) { return names_entry(text); })) what.append("; ").append(entry);
  return why;
}

std::string entry_marked(std::uint64_t index) {
  return "the head mark says that entry " + std::to_string(index) + " was written";
}

} // namespace storage
