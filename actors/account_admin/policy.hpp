// What a password has to be, and how long a session lasts: configuration with safe defaults. Pure.
//
// Length first, a list of bad ones, no forced rotation and no forced mixture of signs (NIST SP 800-63B §5.1.1.2). The
// rules of the national accounts are not published (oqs-interface.md §5) and are not imitated.
#pragma once

#include "actors/account_admin/rules.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace account_admin {

struct policy {
  std::size_t length_min = 12;   ///< characters
  std::size_t bytes_max = 128;   ///< UTF-8
  std::size_t different_min = 5; ///< characters that are not the same
  std::uint64_t session_ms_max = 12 * 3600'000;
  std::uint64_t idle_ms_max = 15 * 60'000; ///< of a person; a program's session lasts as long as it may
  kinds codes = nobody; ///< whose sign-in takes a code beside the password (二要素)
};

/// Does @p row still have to enrol a code before anything else? Who may view in an emergency always does.
inline bool needs_code(const messages::account_record& row, const policy& rules) {
  return row.code_nonce.empty() && !is_system(row.kind) && (rules.codes.has(row.kind) || row.emergency_viewing);
}

/// Why @p password may not be the one of @p account, in words for an error; nothing: it may. A password is UTF-8
/// without control characters, compared byte by byte.
std::optional<std::string_view> unfit(const policy& rules, std::string_view account, std::string_view password);

} // namespace account_admin
