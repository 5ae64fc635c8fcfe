// The simulated centre behind HTTPS on this host: client certificates required, everything bounded.
#pragma once

#include "drivers/line/centre.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

namespace drivers::line {

struct centre_server_options {
  std::uint16_t port = 0; ///< on 127.0.0.1; 0 picks a free one
  std::filesystem::path certificate_file, key_file;
  std::filesystem::path client_ca_file;             ///< whose certificates a clinic may come with
  std::uint32_t connections_max = 64;               ///< beyond: closed at once
  std::size_t request_bytes_max = 64 * 1024 * 1024; ///< a bulk request of 100,000 persons is some 40 MB
  std::uint32_t request_ms_max = 10000; ///< greeting, or one request once it has begun, or sending the answer
  std::uint32_t idle_ms_max = 30000;    ///< between requests
  std::uint32_t silence_ms_max = 60000; ///< how long a silent centre holds a connection
};

/// One thread of its own, the only one that uses the centre while the server lives.
class centre_server {
public:
  virtual ~centre_server() = default;
  virtual std::uint16_t port() const = 0;
  /// From now on. While requests are to find nobody, connections are closed before TLS begins, and so are open ones.
  /// Any thread.
  virtual void behave(centre_behaviour behaviour) = 0;
  /// Closes everything and returns when nothing runs any more. Twice does no harm. Any thread but the server's.
  virtual void stop() = 0;
};

/// `certificate_problem` with the file, `port_taken` with the port.
messages::result<std::unique_ptr<centre_server>> serve_centre(centre_server_options options,
                                                              std::unique_ptr<centre> served);

} // namespace drivers::line
