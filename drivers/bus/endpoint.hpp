// What an endpoint of the bus may be: `inproc://name`, `ipc:///folder/name`, `tcp://127.0.0.1:port`, and with keys
// `tcp://address:port`.
#pragma once

#include "messages/result.hpp"

#include <string>
#include <string_view>

namespace bus {

/// sun_path without its end mark.
inline constexpr std::size_t path_bytes_max = 107;

/// May @p endpoint be bound? ipc: makes its folder (0700, not the folders above) or checks that nobody
/// else may enter it (file_unreadable), that the path is short enough (path_too_long), and that no living process
/// listens there, which libzmq would silently unlink (port_taken). tcp: loopback only (not_loopback), but for
/// what is @p keyed (behind CURVE): that may be any IPv4 address of this host. wrong_value: anything else.
messages::result<void> check_bind(const std::string& endpoint, bool keyed = false);

/// The same for connecting, which makes nothing; with keys a host may be named.
messages::result<void> check_connect(const std::string& endpoint, bool keyed = false);

bool is_inproc(std::string_view endpoint);
bool is_tcp(std::string_view endpoint);

/// The part a person knows the endpoint by: its port, its path, its name.
std::string port_or_path(std::string_view endpoint);

} // namespace bus
