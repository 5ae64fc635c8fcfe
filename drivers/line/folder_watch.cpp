// Looking at a folder that other programs write to.
#include "drivers/line/folder_watch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace drivers::line {

using messages::error_code;
using messages::failure;
using messages::result;

namespace {

constexpr int depth_max = 4;

class descriptor {
public:
  explicit descriptor(int fd) : fd_(fd) {}
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int get() const { return fd_; }

private:
  int fd_;
};

} // namespace

folder_watch::folder_watch(std::vector<std::filesystem::path> folders)
    : events_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)), woken_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      folders_(std::move(folders)) {}

folder_watch::~folder_watch() {
  if (events_ >= 0) ::close(events_);
  if (woken_ >= 0) ::close(woken_);
}

void folder_watch::wait(std::uint32_t wait_ms_max, std::uint32_t rest_ms) {
  std::array<pollfd, 2> on{{{events_, POLLIN, 0}, {woken_, POLLIN, 0}}};
  const auto rest = std::min(rest_ms, wait_ms_max);
  const auto drained = [&] {
    std::array<char, 65536> events;
    while (::read(events_, events.data(), events.size()) > 0) {
    }
  };
  for (const auto& folder : folders_)
    // asked again for a folder it knows, the kernel gives the same watch; in sub-folders the scan finds what is new
    ::inotify_add_watch(events_, folder.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR);
  if (rest == 0 || ::poll(&on[1], 1, static_cast<int>(rest)) == 0)
    ::poll(on.data(), on.size(), static_cast<int>(wait_ms_max - rest));
  drained();
  std::uint64_t ignored = 0;
  if (::read(woken_, &ignored, sizeof ignored) < 0) return;
}

void folder_watch::wake() {
  const std::uint64_t one = 1;
  if (::write(woken_, &one, sizeof one) < 0) return; // it is awake already
}

folder_listing files_in(const std::filesystem::path& folder, const std::function<bool()>& go_on,
                        std::size_t files_max) {
  folder_listing found;
  std::error_code trouble;
  std::filesystem::recursive_directory_iterator at{folder, std::filesystem::directory_options::skip_permission_denied,
                                                   trouble};
  const std::filesystem::recursive_directory_iterator end;
  while (!trouble && at != end) {
    if (go_on && !go_on()) return found;
    std::error_code gone;
    if (at.depth() >= depth_max) at.disable_recursion_pending();
    if (at->is_regular_file(gone) && !gone) {
      if (found.files.size() >= files_max) return found;
      found.files.emplace(at->path().filename().string(), at->path());
    }
    at.increment(trouble);
  }
  found.complete = !trouble; // else what was found is true, and the next look finds the rest
  return found;
}

result<std::string> read_file(const std::filesystem::path& file, std::size_t bytes_max) {
  const descriptor from{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  const auto unreadable = [&] { return failure(error_code::file_unreadable, file.string(), std::strerror(errno)); };
  if (from.get() < 0) return unreadable();
  struct stat is {};
  if (::fstat(from.get(), &is) != 0) return unreadable();
  std::string octets;
  octets.reserve(static_cast<std::size_t>(is.st_size) + 1);
  std::array<char, 65536> piece;
  for (;;) {
    const auto got = ::read(from.get(), piece.data(), piece.size());
    if (got < 0) return unreadable();
    if (got == 0) return octets;
    octets.append(piece.data(), static_cast<std::size_t>(got));
    if (octets.size() > bytes_max) return failure(error_code::too_large, file.string(), std::to_string(bytes_max));
  }
}

std::filesystem::path temporary_of(const std::filesystem::path& file) {
  return file.parent_path() / (".uketsuke-" + file.filename().string() + ".tmp");
}

result<void> write_temporary(const std::filesystem::path& file, std::string_view octets) {
  const auto temporary = temporary_of(file);
  const auto failed = [&] {
    const auto code = errno == ENOSPC || errno == EFBIG ? error_code::disk_full : error_code::write_failed;
    return failure(code, file.string(), std::strerror(errno));
  };
  const descriptor to{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  if (to.get() < 0) return failed();
  for (std::size_t at = 0; at < octets.size();) {
    const auto written = ::write(to.get(), octets.data() + at, octets.size() - at);
    if (written < 0) return failed();
    at += static_cast<std::size_t>(written);
  }
  if (::fsync(to.get()) != 0) return failed();
  return {};
}

result<void> write_file(const std::filesystem::path& file, std::string_view octets) {
  if (auto written = write_temporary(file, octets); !written) return written;
  if (::rename(temporary_of(file).c_str(), file.c_str()) != 0)
    return failure(error_code::write_failed, file.string(), std::strerror(errno));
  return {};
}

bool settling::seen(const std::string& name, const std::string& mark, std::uint64_t now_ms, std::uint32_t apart_ms) {
  const auto [at, fresh] = seen_.try_emplace(name, look{mark, now_ms});
  if (!fresh && at->second.mark == mark) return now_ms - at->second.since_ms >= apart_ms;
  at->second = {mark, now_ms};
  return false;
}

std::uint64_t settling::same_for_ms(const std::string& name, std::uint64_t now_ms) const {
  const auto at = seen_.find(name);
  return at == seen_.end() ? 0 : now_ms - at->second.since_ms;
}

std::uint64_t steady_ms() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

} // namespace drivers::line
