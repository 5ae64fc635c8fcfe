// The line to the national system over HTTPS: TLS 1.2 or later, our certificate, its authority pinned by a file.
#pragma once

#include "drivers/line/port.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace drivers::line {

struct https_line_options {
  std::string host; ///< the name that the centre's certificate must carry
  std::uint16_t port = 443;
  std::filesystem::path ca_file;          ///< PEM: the only authorities believed
  std::filesystem::path certificate_file; ///< PEM: ours, with its chain
  std::filesystem::path key_file;         ///< PEM
  std::string institution;                ///< 医療機関コード
  bool simulated_allowed = false;         ///< `simulate` only
  std::uint32_t in_flight_max = 8;        ///< questions at once, each on a connection of its own; beyond: busy
  std::uint32_t idle_connections_max = 2;
  std::uint32_t idle_ms_max = 5000; ///< shorter than servers keep an idle connection, so that it rarely is stale
  std::size_t answer_bytes_max = 4 * 1024 * 1024;        ///< records are the largest; see also facts.hpp
  std::size_t bulk_answer_bytes_max = 256 * 1024 * 1024; ///< the result of a bulk request, held in memory
  std::function<std::uint64_t()> now_ms;                 ///< for the certificate's validity at construction
};

/// Opens no connection yet. `certificate_problem` names the file that is missing, damaged, expired or no pair.
///
/// One thread of its own. A request is written at most once: a kept connection that turns out to be closed before
/// anything is written is replaced by a fresh one, and nothing is ever sent again after that. Destroying calls stop();
/// it can last as long as the host's name look-up does.
messages::result<std::unique_ptr<line>> open_https_line(https_line_options options);

} // namespace drivers::line
