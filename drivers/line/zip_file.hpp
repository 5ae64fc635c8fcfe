// Results in password zips (oqs-interface.md §1.4): one document in, one document out, within limits.
#pragma once

#include "messages/result.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace drivers::line {

/// The only document (.xml or .pdf) of the archive @p octets, at most @p bytes_max of it once unpacked.
/// `line_unreadable` with the reason: no archive, none or several documents, wrong password, too large, damaged.
messages::result<std::string> unzip(std::string_view octets, const std::string& password, std::size_t bytes_max);

/// An archive of one document; AES-256 when there is a password.
messages::result<std::string> zip(const std::string& name, std::string_view document, const std::string& password);

bool is_zip(std::string_view octets);

} // namespace drivers::line
