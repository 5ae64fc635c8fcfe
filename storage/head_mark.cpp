// Reading and replacing the file `head`, and the thread that keeps it young.
#include "storage/head_mark.hpp"

#include "storage/log_file.hpp"
#include "storage/whole_file.hpp"

#include <charconv>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <unistd.h>

namespace storage {

using messages::error_code;
using messages::failure;

namespace {

constexpr std::string_view first_line = "uketsuke head mark 1";

/// FNV-1a, 64 bits: against rot, not against people; the audit chain is there for those.
std::string checksum(std::string_view text) {
  std::uint64_t sum = 14695981039346656037u;
  for (const char c : text)
    sum = (sum ^ static_cast<std::uint8_t>(c)) * 1099511628211u;
  char hex[17];
  std::snprintf(hex, sizeof hex, "%016llx", static_cast<unsigned long long>(sum));
  return hex;
}

constexpr unsigned marks_for_one_elsewhere = 60;

/// The manifest that CURRENT names, and how much of it is on the disk.
struct manifest_mark {
  std::string name;
  std::uint64_t bytes = 0;
};

std::string current_manifest(const std::filesystem::path& folder) {
  std::ifstream in(folder / "CURRENT");
  std::string name;
  return std::getline(in, name) && name.starts_with("MANIFEST-") ? name : std::string{};
}

/// Nothing while there is no database, or when the manifest is just being replaced: the next mark has it.
std::optional<manifest_mark> manifest_in(const std::filesystem::path& folder) {
  const auto name = current_manifest(folder);
  const int fd = name.empty() ? -1 : ::open((folder / name).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  const auto size = ::lseek(fd, 0, SEEK_END);
  const bool synced = size > 0 && ::fdatasync(fd) == 0; // else a power cut may still take what the mark promises
  ::close(fd);
  return synced ? std::optional{manifest_mark{name, static_cast<std::uint64_t>(size)}} : std::nullopt;
}

std::string content_of(const head_mark& mark, const std::optional<manifest_mark>& manifest) {
  auto text =
      std::string{first_line} + "\nindex " + std::to_string(mark.index) + " epoch " + std::to_string(mark.epoch) + "\n";
  if (manifest) text += "manifest " + manifest->name + " bytes " + std::to_string(manifest->bytes) + "\n";
  return text + "checksum " + checksum(text) + "\n";
}

std::optional<std::uint64_t> number_after(std::string_view text, std::string_view word) {
  const auto at = text.find(word);
  if (at == std::string_view::npos) return std::nullopt;
  std::uint64_t n = 0;
  const auto* begin = text.data() + at + word.size();
  if (std::from_chars(begin, text.data() + text.size(), n).ec != std::errc{}) return std::nullopt;
  return n;
}

struct whole_mark {
  head_mark mark;
  std::optional<manifest_mark> manifest;
};

messages::result<std::optional<whole_mark>> read_whole_mark(const std::filesystem::path& folder) {
  const auto file = folder / "head";
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::nullopt;
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto index = number_after(text, "\nindex ");
  const auto epoch = number_after(text, " epoch ");
  std::optional<manifest_mark> manifest;
  constexpr std::string_view word = "\nmanifest ";
  if (const auto at = text.find(word); at != std::string::npos) {
    const auto from = at + word.size();
    manifest = manifest_mark{text.substr(from, text.find(' ', from) - from), number_after(text, " bytes ").value_or(0)};
  }
  if (!in || !index || !epoch || content_of({*index, *epoch}, manifest) != text)
    return failure(error_code::journal_damaged, file.string(), "the head mark is unreadable");
  return whole_mark{{*index, *epoch}, std::move(manifest)};
}

/// Numbers have six digits or more: a longer one is a later one.
bool later(const std::string& one, const std::string& other) {
  return one.size() != other.size() ? one.size() > other.size() : one > other;
}

} // namespace

messages::result<std::optional<head_mark>> read_head_mark(const std::filesystem::path& folder) {
  const auto read = read_whole_mark(folder);
  if (!read) return failure(read.error());
  return *read ? std::optional{(*read)->mark} : std::nullopt;
}

messages::result<void> write_head_mark(const std::filesystem::path& folder, const head_mark& mark) {
  return replace_file(folder / "head", content_of(mark, manifest_in(folder)));
}

messages::result<void> check_manifest_mark(const std::filesystem::path& folder) {
  const auto read = read_whole_mark(folder);
  if (!read) return failure(read.error());
  const auto now = current_manifest(folder);
  if (!*read || !(*read)->manifest || now.empty()) return {};
  const auto& marked = *(*read)->manifest;
  std::error_code missing;
  const auto bytes = std::filesystem::file_size(folder / now, missing);
  if (missing || later(now, marked.name)) return {}; // RocksDB has the words; or it began a new one since
  const auto refused = [&](const std::string& what) {
    return failure(error_code::journal_damaged, (folder / now).string(),
                   what + " bytes, the file head knows " + marked.name + " of " + std::to_string(marked.bytes) +
                       " bytes, when entry " + std::to_string((*read)->mark.index) + " was written");
  };
  if (now != marked.name || bytes < marked.bytes)
    return refused("it is old or cut off: it has " + std::to_string(bytes));
  // RocksDB takes zeros behind a whole record for the end, whatever stood there.
  const auto content = read_file(folder / now);
  if (!content) return failure(content.error());
  const auto good = end_of_records(*content);
  if (good < marked.bytes) return refused("its records end at " + std::to_string(good));
  return {};
}

head_mark_keeper::head_mark_keeper(std::filesystem::path folder, head_mark at, std::chrono::milliseconds interval,
                                   std::function<void(messages::error)> on_failure,
                                   std::function<void(const head_mark&)> elsewhere)
    : folder_(std::move(folder)), epoch_(at.epoch), interval_(interval), on_failure_(std::move(on_failure)),
      elsewhere_(std::move(elsewhere)), head_(at.index), marked_(at.index), thread_([this] { run(); }) {}

head_mark_keeper::~head_mark_keeper() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
  if (head_.load() != marked_)
    if (auto done = mark(); !done) {
      on_failure_(done.error());
      return;
    }
  if (marks_ > 0 && elsewhere_) elsewhere_({marked_, epoch_});
}

void head_mark_keeper::advance(std::uint64_t index) {
  head_.store(index);
  if (!resting_.load()) return;
  {
    const std::lock_guard lock(mutex_);
    resting_ = false;
  }
  wake_.notify_one();
}

messages::result<void> head_mark_keeper::mark() {
  const auto index = head_.load();
  auto done = write_head_mark(folder_, {index, epoch_});
  if (done) {
    marked_ = index;
    ++marks_;
  }
  return done;
}

void head_mark_keeper::run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    resting_ = true;
    // Looked at after `resting_` was raised: either advance() sees it, or its head is seen here.
    if (head_.load() == marked_) wake_.wait(lock, [this] { return ending_ || !resting_; });
    resting_ = false;
    if (wake_.wait_for(lock, interval_, [this] { return ending_; })) return;
    lock.unlock();
    const auto done = mark();
    if (!done) return on_failure_(done.error());
    if (elsewhere_ && marks_ % marks_for_one_elsewhere == 0) elsewhere_({marked_, epoch_});
    lock.lock();
  }
}

} // namespace storage
