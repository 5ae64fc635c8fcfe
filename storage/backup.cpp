// Making, checking and bringing back backups. The newest file written is always the one that makes the rest count.
#include "storage/backup.hpp"

#include "storage/backup_format.hpp"
#include "storage/big_endian.hpp"
#include "storage/head_mark.hpp"
#include "storage/hexadecimal.hpp"
#include "storage/key_folder.hpp"
#include "storage/store.hpp"
#include "storage/tables.hpp"
#include "storage/whole_file.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <functional>
#include <map>
#include <set>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace storage {

namespace fs = std::filesystem;
using messages::error_code;
using messages::failure;
using messages::result;

namespace {

constexpr std::uint64_t file_bytes_max = 1u << 30; ///< RocksDB's tables are 64 MiB at most

/// Two backups into one folder at once would each remove what the other has just made.
class folder_lock {
public:
  explicit folder_lock(const fs::path& folder)
      : fd_(::open((folder / "lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)),
        held_(fd_ >= 0 && ::flock(fd_, LOCK_EX | LOCK_NB) == 0) {}
  ~folder_lock() {
    if (fd_ >= 0) ::close(fd_);
  }
  folder_lock(const folder_lock&) = delete;
  folder_lock& operator=(const folder_lock&) = delete;
  bool held() const { return held_; }

private:
  const int fd_;
  const bool held_;
};

result<void> make_folders(const fs::path& into) {
  for (const auto& folder : {into, into / "objects", into / "backups"}) {
    std::error_code why;
    if (fs::create_directories(folder, why)) fs::permissions(folder, fs::perms::owner_all, why);
    if (why) return failure(error_code::write_failed, folder.string(), why.message());
  }
  return {};
}

result<void> sync_folder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool done = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  if (!done) return failure(error_code::write_failed, folder.string(), std::strerror(errno));
  return {};
}

std::optional<std::uint64_t> number_of(const fs::path& file) {
  const auto name = file.filename().string();
  std::uint64_t n = 0;
  const auto [end, why] = std::from_chars(name.data(), name.data() + name.size(), n);
  return why == std::errc{} && end == name.data() + name.size() && n > 0 ? std::optional{n} : std::nullopt;
}

/// The numbers there are, in order.
std::vector<std::uint64_t> numbers_in(const fs::path& folder) {
  std::vector<std::uint64_t> numbers;
  std::error_code ignored;
  for (const auto& file : fs::directory_iterator(folder / "backups", ignored))
    if (const auto n = number_of(file.path())) numbers.push_back(*n);
  std::ranges::sort(numbers);
  return numbers;
}

fs::path list_file(const fs::path& folder, std::uint64_t number) { return folder / "backups" / std::to_string(number); }
std::string list_kind(std::uint64_t number) { return "list " + std::to_string(number); }

result<std::string> decrypted(const fs::path& file, const key_bytes& key, std::string_view kind) {
  const auto octets = read_file(file);
  if (!octets) return failure(octets.error());
  std::string clear;
  auto done = decrypt_object(*octets, key, kind, file, [&](std::string_view piece) -> result<void> {
    clear.append(piece);
    return {};
  });
  if (!done) return failure(done.error());
  return clear;
}

result<backup_list> read_list(const fs::path& folder, std::uint64_t number, const key_bytes& key) {
  const auto file = list_file(folder, number);
  const auto clear = decrypted(file, key, list_kind(number));
  if (!clear) return failure(clear.error());
  auto list = parse_backup_list(*clear);
  if (!list) return failure(error_code::backup_damaged, file.string(), "it is no list of files");
  return std::move(*list);
}

backup_info info_of(std::uint64_t number, const backup_list& list) {
  backup_info info{number, list.time_ms, list.index, list.epoch, list.files.size(), 0, list.fresh_bytes};
  for (const auto& file : list.files)
    info.bytes += file.size;
  return info;
}

/// The content of @p file of a backup, checked against the list.
result<std::string> content_of(const fs::path& folder, const backed_up_file& file, const key_bytes& key) {
  const auto object = folder / "objects" / file.object;
  std::error_code ignored;
  if (!fs::exists(object, ignored))
    return failure(error_code::backup_damaged, object.string(), "it is missing; it holds " + file.name);
  auto clear = decrypted(object, key, "object " + file.object);
  if (!clear) return clear;
  if (hexadecimal(sha256(*clear)) != file.hash)
    return failure(error_code::backup_damaged, object.string(), "its content is another than the list says");
  return clear;
}

/// Chooses a backup: 0 is the newest.
result<std::uint64_t> chosen_of(const fs::path& folder, std::uint64_t number) {
  const auto numbers = numbers_in(folder);
  if (numbers.empty() || (number > 0 && std::ranges::find(numbers, number) == numbers.end()))
    return failure(error_code::no_such_data,
                   number > 0 ? list_file(folder, number).string() : (folder / "backups").string());
  return number > 0 ? number : numbers.back();
}

/// Removes what no backup names: of a backup that was interrupted, and of those that are kept no longer.
result<void> remove_unnamed(const fs::path& folder, const key_bytes& key) {
  std::set<std::string> named;
  for (const auto number : numbers_in(folder)) {
    const auto list = read_list(folder, number, key);
    if (!list) return failure(list.error()); // nothing is removed while something cannot be read
    for (const auto& file : list->files)
      named.insert(file.object);
  }
  std::error_code ignored;
  std::vector<fs::path> gone;
  for (const auto& object : fs::directory_iterator(folder / "objects", ignored))
    if (!named.contains(object.path().filename())) gone.push_back(object.path());
  for (const auto& file : gone)
    fs::remove(file, ignored);
  return {};
}

class maker {
public:
  maker(const backup_source& of, const fs::path& into, const key_bytes& key, const byte_progress& tell)
      : of_(of), into_(into), key_(key), tell_(tell) {}

  result<backup_list> copy_all(const std::optional<backup_list>& before) {
    std::vector<fs::path> files;
    for (const auto& file : fs::directory_iterator(of_.folder))
      if (file.is_regular_file() && file.path().filename() != "LOCK") {
        files.push_back(file.path());
        all_ += file.file_size();
      }
    std::ranges::sort(files);
    std::map<std::string, std::string> hashes; // of the backup before
    if (before && before->epoch == of_.epoch)
      for (const auto& file : before->files)
        hashes.emplace(file.name, file.hash);
    for (const auto& file : files)
      if (auto copied = copy(file, hashes); !copied) return failure(copied.error());
    list_.index = of_.index;
    list_.epoch = of_.epoch;
    return std::move(list_);
  }

private:
  result<void> copy(const fs::path& file, const std::map<std::string, std::string>& before) {
    std::error_code ignored;
    if (fs::file_size(file, ignored) > file_bytes_max)
      return failure(error_code::too_large, file.string(), std::to_string(file_bytes_max) + " bytes");
    const auto clear = read_file(file);
    if (!clear) return failure(clear.error());
    const auto raw = sha256(*clear);
    const auto name = file.filename().string();
    backed_up_file entry{name, object_name(key_, raw), hexadecimal(raw), clear->size()};
    // A table never changes once it is written: one that did is rotten, and must not push out the good copy.
    const auto known = before.find(name);
    if (name.ends_with(".sst") && known != before.end() && known->second != entry.hash)
      return failure(error_code::journal_damaged, name,
                     "it changed since the last backup; entry " + std::to_string(of_.index) + " is the last");
    const auto object = into_ / "objects" / entry.object;
    if (!fs::exists(object, ignored)) {
      const auto kind = "object " + entry.object;
      if (auto done = replace_file(object, encrypt_object(*clear, key_, kind)); !done) return done;
      if (const auto back = content_of(into_, entry, key_); !back) return failure(back.error());
      list_.fresh_bytes += entry.size;
    }
    done_ += entry.size;
    list_.files.push_back(std::move(entry));
    if (tell_) tell_(done_, std::max(all_, done_));
    return {};
  }

  const backup_source& of_;
  const fs::path& into_;
  const key_bytes& key_;
  const byte_progress& tell_;
  backup_list list_;
  std::uint64_t done_ = 0, all_ = 0;
};

/// The last entry and the epoch of the database in @p folder.
result<backup_source> position_of(store& database, const fs::path& folder) {
  const auto last = database.last(0);
  if (!last) return failure(last.error());
  const auto epoch = database.get(1, epoch_key);
  if (!epoch) return failure(epoch.error());
  return backup_source{folder, *last ? read_big_endian((*last)->first) : 0, *epoch ? read_big_endian(**epoch) : 1};
}

store_options two_tables(const fs::path& folder) {
  const auto all = table_names({});
  store_options options;
  options.folder = folder;
  options.tables = {all[entries_table], all[meta_table]};
  return options;
}

/// Gives the journal in @p folder its new epoch and its head mark; answers how far it goes.
result<std::uint64_t> begin_epoch(const fs::path& folder, std::uint64_t epoch) {
  auto opened = store::open(two_tables(folder));
  if (!opened) return failure(opened.error());
  const auto at = position_of(**opened, folder);
  if (!at) return failure(at.error());
  store::batch batch;
  (*opened)->put(batch, 1, epoch_key, index_key(epoch));
  if (auto done = (*opened)->commit(batch); !done) return failure(done.error());
  opened->reset();
  if (auto marked = write_head_mark(folder, {at->index, epoch}); !marked) return failure(marked.error());
  return at->index;
}

/// Lets @p fill make a folder beside @p into, then moves it there: it appears whole or not at all.
result<void> appear(const fs::path& into, const std::function<result<void>(const fs::path& half)>& fill) {
  std::error_code why;
  if (fs::exists(into, why) && !fs::is_empty(into, why)) return failure(error_code::not_empty, into.string());
  const auto target = into.has_filename() ? into : into.parent_path(); // "folder/" is "folder"
  const auto half = fs::path{target} += ".restoring";                  // of one that was interrupted: begun anew
  fs::remove_all(half, why);
  if (fs::create_directories(half, why)) fs::permissions(half, fs::perms::owner_all, why);
  if (why) return failure(error_code::write_failed, half.string(), why.message());
  auto filled = fill(half);
  if (filled) {
    fs::rename(half, target, why);
    filled = why ? failure(error_code::write_failed, target.string(), why.message())
                 : sync_folder(fs::absolute(target).parent_path());
  }
  if (!filled) fs::remove_all(half, why);
  return filled;
}

} // namespace

result<key_bytes> read_backup_key(const fs::path& keys_folder) {
  const auto file = keys_folder / "backup.key";
  std::error_code why;
  const auto mode = fs::status(file, why).permissions();
  if (why) return failure(error_code::no_backup_key, file.string(), why.message());
  if ((mode & (fs::perms::group_all | fs::perms::others_all)) != fs::perms::none)
    return failure(error_code::no_backup_key, file.string(), "others can read it: chmod 0600 it");
  const auto text = read_file(file);
  if (!text) return failure(text.error());
  const auto key = key_bytes::from(*text);
  if (!key) return failure(error_code::no_backup_key, file.string(), "it has to hold 32 bytes");
  return *key;
}

result<key_bytes> backup_key(const fs::path& keys_folder, bool& made) {
  std::error_code ignored;
  made = !fs::exists(keys_folder / "backup.key", ignored);
  if (made)
    if (auto written = replace_file(keys_folder / "backup.key", key_bytes::fresh().view()); !written)
      return failure(written.error());
  auto key = read_backup_key(keys_folder);
  if (key) copy_into_escrow(keys_folder, "backup.key");
  return key;
}

result<backup_info> make_backup(const backup_source& of, const fs::path& into, const key_bytes& key,
                                std::uint64_t time_ms, std::size_t kept, const byte_progress& tell) {
  if (auto made = make_folders(into); !made) return failure(made.error());
  const folder_lock lock(into);
  if (!lock.held()) return failure(error_code::busy, into.string());
  const auto numbers = numbers_in(into);
  std::optional<backup_list> before;
  if (!numbers.empty()) {
    auto last = read_list(into, numbers.back(), key);
    if (!last) return failure(last.error());
    before = std::move(*last);
  }
  auto list = maker(of, into, key, tell).copy_all(before);
  if (!list) return failure(list.error());
  list->time_ms = time_ms;
  const auto number = numbers.empty() ? 1 : numbers.back() + 1;
  auto written =
      replace_file(list_file(into, number), encrypt_object(encode_backup_list(*list), key, list_kind(number)));
  if (!written) return failure(written.error());
  for (std::size_t n = 0; kept > 0 && n + kept < numbers.size() + 1; ++n) {
    std::error_code ignored;
    fs::remove(list_file(into, numbers[n]), ignored);
  }
  if (auto done = remove_unnamed(into, key); !done) return failure(done.error());
  return info_of(number, *list);
}

result<std::vector<backup_info>> backups_in(const fs::path& folder, const key_bytes& key) {
  std::vector<backup_info> all;
  for (const auto number : numbers_in(folder)) {
    const auto list = read_list(folder, number, key);
    if (!list) return failure(list.error());
    all.push_back(info_of(number, *list));
  }
  return all;
}

result<backup_info> verify_backup(const fs::path& folder, std::uint64_t number, const key_bytes& key,
                                  const byte_progress& tell) {
  const auto chosen = chosen_of(folder, number);
  if (!chosen) return failure(chosen.error());
  const auto list = read_list(folder, *chosen, key);
  if (!list) return failure(list.error());
  const auto info = info_of(*chosen, *list);
  std::uint64_t done = 0;
  for (const auto& file : list->files) {
    if (const auto content = content_of(folder, file, key); !content) return failure(content.error());
    if (tell) tell(done += file.size, info.bytes);
  }
  return info;
}

result<backup_info> restore_backup(const fs::path& folder, std::uint64_t number, const key_bytes& key,
                                   const fs::path& into, std::uint64_t new_epoch, const byte_progress& tell) {
  const auto chosen = chosen_of(folder, number);
  if (!chosen) return failure(chosen.error());
  const auto list = read_list(folder, *chosen, key);
  if (!list) return failure(list.error());
  auto info = info_of(*chosen, *list);
  info.epoch = std::max(list->epoch + 1, new_epoch);
  auto done = appear(into, [&](const fs::path& half) -> result<void> {
    std::uint64_t copied = 0;
    for (const auto& file : list->files) {
      const auto content = content_of(folder, file, key);
      if (!content) return failure(content.error());
      if (auto written = replace_file(half / file.name, *content); !written) return written;
      if (tell) tell(copied += file.size, info.bytes);
    }
    const auto end = begin_epoch(half, info.epoch);
    if (!end) return failure(end.error());
    if (*end == list->index) return {};
    return failure(error_code::backup_damaged, half.string(),
                   "it ends at entry " + std::to_string(*end) + ", its list says " + std::to_string(list->index));
  });
  if (!done) return failure(done.error());
  return info;
}

result<backup_info> restore_copy(const fs::path& copy, const fs::path& into, std::uint64_t new_epoch) {
  backup_info info;
  info.epoch = new_epoch;
  auto done = appear(into, [&](const fs::path& half) -> result<void> {
    for (const auto& file : fs::directory_iterator(copy)) {
      if (!file.is_regular_file() || file.path().filename() == "LOCK") continue;
      const auto content = read_file(file.path());
      if (!content) return failure(content.error());
      if (auto written = replace_file(half / file.path().filename(), *content); !written) return written;
      ++info.files;
      info.bytes += content->size();
    }
    const auto end = begin_epoch(half, new_epoch);
    if (!end) return failure(end.error());
    info.index = *end;
    return {};
  });
  if (!done) return failure(done.error());
  return info;
}

} // namespace storage
