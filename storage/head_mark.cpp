// Reading and replacing the file `head`, and the thread that keeps it young.
#include "storage/head_mark.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
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

std::string content_of(const head_mark& mark) {
  auto text =
      std::string{first_line} + "\nindex " + std::to_string(mark.index) + " epoch " + std::to_string(mark.epoch) + "\n";
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

tl::unexpected<messages::error> failed(const std::filesystem::path& file) {
  const bool full = errno == ENOSPC || errno == EFBIG || errno == EDQUOT;
  return failure(full ? error_code::disk_full : error_code::write_failed, file.string(), std::strerror(errno));
}

messages::result<void> write_synced(const std::filesystem::path& file, std::string_view text) {
  const int fd = ::open(file.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) return failed(file);
  const auto written = ::write(fd, text.data(), text.size());
  if (written >= 0 && written < static_cast<ssize_t>(text.size())) errno = ENOSPC; // a short write names no reason
  const bool good = written == static_cast<ssize_t>(text.size()) && ::fdatasync(fd) == 0;
  auto outcome = good ? messages::result<void>{} : messages::result<void>{failed(file)};
  ::close(fd);
  return outcome;
}

} // namespace

messages::result<std::optional<head_mark>> read_head_mark(const std::filesystem::path& folder) {
  const auto file = folder / "head";
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::nullopt;
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto index = number_after(text, "\nindex ");
  const auto epoch = number_after(text, " epoch ");
  if (!in || !index || !epoch || content_of({*index, *epoch}) != text)
    return failure(error_code::journal_damaged, file.string(), "the head mark is unreadable");
  return head_mark{*index, *epoch};
}

messages::result<void> write_head_mark(const std::filesystem::path& folder, const head_mark& mark) {
  const auto file = folder / "head", fresh = folder / "head.new";
  if (auto written = write_synced(fresh, content_of(mark)); !written) return written;
  if (::rename(fresh.c_str(), file.c_str()) != 0) return failed(file);
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failed(folder);
  auto outcome = ::fsync(fd) == 0 ? messages::result<void>{} : messages::result<void>{failed(folder)};
  ::close(fd);
  return outcome;
}

head_mark_keeper::head_mark_keeper(std::filesystem::path folder, head_mark at, std::chrono::milliseconds interval,
                                   std::function<void(messages::error)> on_failure)
    : folder_(std::move(folder)), epoch_(at.epoch), interval_(interval), on_failure_(std::move(on_failure)),
      head_(at.index), marked_(at.index), thread_([this] { run(); }) {}

head_mark_keeper::~head_mark_keeper() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
  if (head_.load() == marked_) return;
  if (auto done = mark(); !done) on_failure_(done.error());
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
  if (done) marked_ = index;
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
    lock.lock();
  }
}

} // namespace storage
