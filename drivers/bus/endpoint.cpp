// What may be bound or connected to, and whose folder a socket may lie in.
#include "drivers/bus/endpoint.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace bus {

using messages::error_code;
using messages::failure;

namespace {

constexpr std::string_view inproc = "inproc://", ipc = "ipc://", tcp = "tcp://";

/// Four numbers with points between them: a name like 127.example.org is not loopback.
bool is_address(std::string_view host) {
  int parts = 0;
  while (!host.empty()) {
    const auto part = host.substr(0, host.find('.'));
    unsigned number = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error != std::errc{} || end != part.data() + part.size() || number > 255) return false;
    ++parts;
    host.remove_prefix(std::min(host.size(), part.size() + 1));
  }
  return parts == 4;
}

bool is_loopback(std::string_view host) { return host.starts_with("127.") && is_address(host); }

bool is_host_name(std::string_view host) {
  const auto fits = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-'; };
  return !host.empty() && host.size() <= 253 && std::isalnum(static_cast<unsigned char>(host.front())) != 0 &&
         std::ranges::all_of(host, fits);
}

messages::result<void> check_tcp(const std::string& endpoint, bool (*fits)(std::string_view host)) {
  const auto rest = std::string_view{endpoint}.substr(tcp.size());
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos) return failure(error_code::wrong_value, "endpoint", endpoint);
  const auto host = rest.substr(0, colon), port = rest.substr(colon + 1);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc{} || end != port.data() + port.size() || number > 65535)
    return failure(error_code::wrong_value, "endpoint", endpoint);
  if (fits(host)) return {};
  if (fits == is_loopback) return failure(error_code::not_loopback, std::string{host});
  return failure(error_code::wrong_value, "endpoint", endpoint);
}

messages::result<void> check_path(const std::string& path) {
  if (path.empty() || path.front() != '/') return failure(error_code::wrong_value, path);
  if (path.size() > path_bytes_max) return failure(error_code::path_too_long, path);
  return {};
}

messages::result<void> own_folder(const std::string& path) {
  const auto folder = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return failure(error_code::file_unreadable, folder, std::strerror(errno));
  struct stat found {};
  if (::lstat(folder.c_str(), &found) != 0) return failure(error_code::file_unreadable, folder, std::strerror(errno));
  if (!S_ISDIR(found.st_mode) || found.st_uid != ::geteuid() || (found.st_mode & 0077) != 0)
    return failure(error_code::file_unreadable, folder, "it must be a folder of the owner's alone, mode 0700");
  return {};
}

bool somebody_listens(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::ranges::copy(path, address.sun_path);
  const bool answered = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
                        errno == EAGAIN; // a full backlog is a listener, too
  ::close(fd);
  return answered;
}

} // namespace

bool is_inproc(std::string_view endpoint) { return endpoint.starts_with(inproc); }
bool is_tcp(std::string_view endpoint) { return endpoint.starts_with(tcp); }

std::string port_or_path(std::string_view endpoint) {
  if (endpoint.starts_with(tcp)) return std::string{endpoint.substr(endpoint.rfind(':') + 1)};
  if (endpoint.starts_with(ipc)) return std::string{endpoint.substr(ipc.size())};
  return std::string{endpoint};
}

messages::result<void> check_bind(const std::string& endpoint, bool keyed) {
  if (is_inproc(endpoint) && endpoint.size() > inproc.size()) return {};
  if (is_tcp(endpoint)) return check_tcp(endpoint, keyed ? is_address : is_loopback);
  if (!endpoint.starts_with(ipc)) return failure(error_code::wrong_value, endpoint);
  const auto path = endpoint.substr(ipc.size());
  if (auto fit = check_path(path); !fit) return fit;
  if (auto ours = own_folder(path); !ours) return ours;
  if (somebody_listens(path)) return failure(error_code::port_taken, path, "another process listens there");
  return {};
}

messages::result<void> check_connect(const std::string& endpoint, bool keyed) {
  if (is_inproc(endpoint) && endpoint.size() > inproc.size()) return {};
  if (is_tcp(endpoint)) return check_tcp(endpoint, keyed ? is_host_name : is_loopback);
  if (!endpoint.starts_with(ipc)) return failure(error_code::wrong_value, endpoint);
  return check_path(endpoint.substr(ipc.size()));
}

} // namespace bus
