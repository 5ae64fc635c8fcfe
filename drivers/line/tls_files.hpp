// Certificates and keys as files: what is wrong with one is said with its name, before anybody connects.
#pragma once

#include "messages/result.hpp"

#include <cstdint>
#include <filesystem>

namespace drivers::line {

/// Whether @p file holds a PEM certificate that is valid at @p now_ms. `certificate_problem` otherwise. Any thread.
messages::result<void> check_certificate(const std::filesystem::path& file, std::uint64_t now_ms);

/// The same, and whether @p key is its private key.
messages::result<void> check_pair(const std::filesystem::path& certificate, const std::filesystem::path& key,
                                  std::uint64_t now_ms);

} // namespace drivers::line
