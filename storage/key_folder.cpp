// Reading, making, changing and destroying the key-encryption key on the disk.
#include "storage/key_folder.hpp"

#include "storage/hexadecimal.hpp"
#include "storage/whole_file.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <sys/stat.h>

namespace storage {

namespace fs = std::filesystem;
using messages::error_code;
using messages::failure;
using messages::result;

namespace {

constexpr std::string_view first_line = "uketsuke key-encryption key 1";
constexpr std::size_t salt_bytes = 16;

std::string octets_of(std::string_view hex) {
  std::string bytes;
  for (std::size_t n = 0; n + 1 < hex.size(); n += 2) {
    unsigned octet = 0;
    if (std::from_chars(hex.data() + n, hex.data() + n + 2, octet, 16).ptr != hex.data() + n + 2) return {};
    bytes += static_cast<char>(octet);
  }
  return bytes;
}

fs::path kek_file(const fs::path& folder, std::uint64_t generation) {
  return folder / ("kek-" + std::to_string(generation));
}
fs::path ring_file(const fs::path& folder, std::uint64_t generation) {
  return folder / ("keys-" + std::to_string(generation));
}
std::string place_of(std::string_view what, std::uint64_t generation) {
  return std::string{what} + " " + std::to_string(generation);
}

/// The generations whose KEK is in @p folder, oldest first.
std::vector<std::uint64_t> generations_in(const fs::path& folder) {
  std::vector<std::uint64_t> found;
  std::error_code ignored;
  for (const auto& file : fs::directory_iterator(folder, ignored)) {
    const auto name = file.path().filename().string();
    std::uint64_t n = 0;
    if (!name.starts_with("kek-")) continue;
    const auto* end = name.data() + name.size();
    if (std::from_chars(name.data() + 4, end, n).ptr == end && n > 0) found.push_back(n);
  }
  std::ranges::sort(found);
  return found;
}

result<void> check_mode(const fs::path& file) {
  struct stat is {};
  if (::stat(file.c_str(), &is) != 0) return failure(error_code::file_unreadable, file.string(), std::strerror(errno));
  if ((is.st_mode & 077) == 0) return {};
  char mode[8];
  std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(is.st_mode & 07777));
  return failure(error_code::keys_exposed, file.string(), mode);
}

std::string text_of(const key_encryption_key& k, const std::optional<std::string>& passphrase) {
  auto text = std::string{first_line} + "\ngeneration " + std::to_string(k.generation) + "\n";
  if (!passphrase) return text + "key " + hexadecimal(k.key.view()) + "\n";
  const auto salt = random_octets(salt_bytes);
  const auto locked = seal(stretched(*passphrase, salt), place_of("kek", k.generation), k.key.view());
  return text + "locked " + hexadecimal(salt) + " " + hexadecimal(locked) + "\n";
}

struct kek_text {
  key_encryption_key kek;
  std::optional<std::string> passphrase; ///< the one that unlocked it
};

result<kek_text> read_kek(const key_access& access, std::uint64_t generation) {
  const auto file = kek_file(access.folder, generation);
  if (auto good = check_mode(file); !good) return failure(good.error());
  const auto content = read_file(file);
  if (!content) return failure(content.error());
  std::istringstream lines(*content);
  std::string title, word, a, b;
  std::uint64_t said = 0;
  std::getline(lines, title);
  lines >> word >> said >> a >> b;
  const auto wrong = [&](const char* what) { return failure(error_code::wrong_keys, file.string(), what); };
  if (title != first_line || said != generation) return wrong("it is no key-encryption key of this generation");
  kek_text found{{generation, {}}, {}};
  std::optional<key_bytes> key;
  if (a == "key")
    key = key_bytes::from(octets_of(b));
  else if (a == "locked") {
    if (!access.passphrase) return wrong("it is locked: its passphrase is needed");
    auto passphrase = access.passphrase();
    if (!passphrase) return failure(passphrase.error());
    std::string sealed;
    lines >> sealed;
    const auto opened = unseal(stretched(*passphrase, octets_of(b)), place_of("kek", generation), octets_of(sealed));
    if (!opened) return wrong("this is not its passphrase");
    key = key_bytes::from(*opened);
    found.passphrase = std::move(*passphrase);
  }
  if (!key) return wrong("it is damaged");
  found.kek.key = *key;
  return found;
}

result<void> make_folder(const fs::path& folder) {
  std::error_code why;
  fs::create_directories(folder, why);
  if (why) return failure(error_code::write_failed, folder.string(), why.message());
  fs::permissions(folder, fs::perms::owner_all, why);
  return {};
}

} // namespace

std::function<result<std::string>()> passphrase_in(const fs::path& file) {
  if (file.empty()) return {};
  return [file]() -> result<std::string> {
    if (auto good = check_mode(file); !good) return failure(good.error());
    auto content = read_file(file);
    if (content) content->resize(std::min(content->find_first_of("\r\n"), content->size()));
    return content;
  };
}

fs::path default_key_folder(const fs::path& data) {
  auto folder = fs::absolute(data).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  folder += "-keys";
  return folder;
}

bool holds_keys(const fs::path& folder) { return !generations_in(folder).empty(); }

bool holds_older_keys(const fs::path& folder) { return generations_in(folder).size() > 1; }

result<void> make_key_folder(const fs::path& folder, const std::optional<std::string>& passphrase) {
  if (holds_keys(folder)) return failure(error_code::not_now, "keys make", folder.string() + " holds keys already");
  if (auto made = make_folder(folder); !made) return made;
  return replace_file(kek_file(folder, 1), text_of({1, key_bytes::fresh()}, passphrase));
}

result<key_encryption_key> read_key_folder(const key_access& access) {
  const auto generations = generations_in(access.folder);
  if (generations.empty()) return failure(error_code::no_keys, access.folder.string());
  auto found = read_kek(access, generations.back());
  if (!found) return failure(found.error());
  return found->kek;
}

result<prepared_key> prepare_next_key(const key_access& access, const key_encryption_key& from) {
  auto folders = escrow_folders(access);
  if (!folders) return failure(folders.error());
  const auto now = read_kek(access, from.generation);
  if (!now) return failure(now.error());
  const key_encryption_key next{from.generation + 1, key_bytes::fresh()};
  // Copies first, the deciding file last: from then on the next opening finishes what is interrupted here.
  folders->push_back(access.folder);
  return prepared_key{next, text_of(next, now->passphrase), std::move(*folders)};
}

result<void> publish(const prepared_key& next, std::string_view ring) {
  const auto generation = next.key.generation;
  const auto sealed_ring = seal(next.key.key, place_of("ring", generation), ring);
  for (const auto& folder : next.folders) {
    if (auto put = replace_file(ring_file(folder, generation), sealed_ring); !put) return put;
    if (auto put = replace_file(kek_file(folder, generation), next.text); !put) return put;
  }
  return {};
}

bool is_newest(const key_access& access, const key_encryption_key& key) {
  const auto generations = generations_in(access.folder);
  return !generations.empty() && generations.back() == key.generation;
}

result<std::optional<std::string>> read_ring(const key_access& access, const key_encryption_key& of) {
  if (of.generation == 1) return std::nullopt;
  const auto file = ring_file(access.folder, of.generation);
  const auto sealed = read_file(file);
  if (!sealed) return failure(sealed.error());
  auto opened = unseal(of.key, place_of("ring", of.generation), *sealed);
  if (!opened) return failure(error_code::wrong_keys, file.string(), "it is damaged");
  return opened;
}

result<std::vector<fs::path>> destroy_older_keys(const key_access& access, std::uint64_t kept) {
  const auto escrow = escrow_folders(access);
  if (!escrow) return failure(escrow.error());
  auto folders = *escrow;
  folders.push_back(access.folder);
  std::vector<fs::path> destroyed;
  for (const auto& folder : folders)
    for (const auto generation : generations_in(folder)) {
      if (generation >= kept) continue;
      // The ring first: without it the generation is still seen, and destroyed by the next opening.
      for (const auto& file : {ring_file(folder, generation), kek_file(folder, generation)}) {
        std::error_code ignored;
        if (!fs::exists(file, ignored)) continue;
        if (auto gone = destroy_file(file); !gone) return failure(gone.error());
        destroyed.push_back(file);
      }
    }
  return destroyed;
}

namespace {

result<std::vector<fs::path>> listed_escrow(const fs::path& folder) {
  std::vector<fs::path> folders;
  std::error_code ignored;
  const auto list = folder / "escrow";
  if (!fs::exists(list, ignored)) return folders;
  const auto content = read_file(list);
  if (!content) return failure(content.error());
  std::istringstream lines(*content);
  for (std::string line; std::getline(lines, line);)
    folders.emplace_back(line);
  return folders;
}

} // namespace

result<std::vector<fs::path>> escrow_folders(const key_access& access) {
  auto folders = listed_escrow(access.folder);
  if (!folders) return folders;
  for (const auto& folder : *folders)
    if (!holds_keys(folder)) return failure(error_code::no_escrow, folder.string());
  return folders;
}

void copy_into_escrow(const fs::path& folder, const std::string& file) {
  const auto folders = listed_escrow(folder);
  std::error_code ignored;
  if (!folders || !fs::exists(folder / file, ignored)) return;
  for (const auto& copies : *folders) {
    if (!holds_keys(copies) || fs::exists(copies / file, ignored)) continue;
    // Not there, or not written: the next backup tries again.
    if (const auto content = read_file(folder / file)) (void)replace_file(copies / file, *content);
  }
}

result<void> add_escrow(const key_access& access, const fs::path& copies) {
  const auto now = read_key_folder(access);
  if (!now) return failure(now.error());
  if (auto made = make_folder(copies); !made) return made;
  for (const auto& file : {ring_file(access.folder, now->generation), kek_file(access.folder, now->generation),
                           access.folder / "backup.key"}) {
    std::error_code ignored;
    if (!fs::exists(file, ignored)) continue;
    const auto content = read_file(file);
    if (!content) return failure(content.error());
    if (auto put = replace_file(copies / file.filename(), *content); !put) return put;
  }
  const auto folders = escrow_folders(access);
  if (!folders) return failure(folders.error());
  std::string lines;
  for (const auto& folder : *folders)
    if (folder != fs::absolute(copies)) lines += folder.string() + "\n";
  return replace_file(access.folder / "escrow", lines + fs::absolute(copies).string() + "\n");
}

} // namespace storage
