// Replacing and destroying small files.
#include "storage/whole_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace storage {

using messages::error_code;
using messages::failure;

namespace {

tl::unexpected<messages::error> failed(const std::filesystem::path& file) {
  const bool full = errno == ENOSPC || errno == EFBIG || errno == EDQUOT;
  return failure(full ? error_code::disk_full : error_code::write_failed, file.string(), std::strerror(errno));
}

messages::result<void> write_synced(const std::filesystem::path& file, std::string_view text, int flags) {
  const int fd = ::open(file.c_str(), flags | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) return failed(file);
  const auto written = ::write(fd, text.data(), text.size());
  if (written >= 0 && written < static_cast<ssize_t>(text.size())) errno = ENOSPC; // a short write names no reason
  const bool good = written == static_cast<ssize_t>(text.size()) && ::fdatasync(fd) == 0;
  auto outcome = good ? messages::result<void>{} : messages::result<void>{failed(file)};
  ::close(fd);
  return outcome;
}

messages::result<void> sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failed(folder);
  auto outcome = ::fsync(fd) == 0 ? messages::result<void>{} : messages::result<void>{failed(folder)};
  ::close(fd);
  return outcome;
}

} // namespace

messages::result<void> replace_file(const std::filesystem::path& file, std::string_view content) {
  auto fresh = file;
  fresh += ".new";
  if (auto written = write_synced(fresh, content, O_CREAT | O_TRUNC); !written) return written;
  if (::rename(fresh.c_str(), file.c_str()) != 0) return failed(file);
  return sync_folder(file.parent_path());
}

messages::result<std::string> read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return failure(error_code::file_unreadable, file.string(), std::strerror(errno));
  return std::string{std::istreambuf_iterator<char>{in}, {}};
}

messages::result<void> destroy_file(const std::filesystem::path& file) {
  std::error_code ignored;
  const auto size = std::filesystem::file_size(file, ignored);
  if (ignored) return {};
  if (auto wiped = write_synced(file, std::string(size, '\0'), 0); !wiped) return wiped;
  if (::unlink(file.c_str()) != 0) return failed(file);
  return sync_folder(file.parent_path());
}

} // namespace storage
