// Certificates for the simulated centre's TLS, made where they are needed and worth nothing elsewhere.
#pragma once

#include "messages/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace drivers::line {

/// Files in PEM, 0600, in one folder.
struct throwaway_pki {
  std::filesystem::path ca_certificate;     ///< ca.pem; its key is thrown away once it has signed
  std::filesystem::path server_certificate; ///< server.pem, for localhost and 127.0.0.1
  std::filesystem::path server_key;         ///< server.key
  std::filesystem::path client_certificate; ///< client.pem, CN = 医療機関コード
  std::filesystem::path client_key;         ///< client.key
};

/// Makes what is absent or ends within a day at @p now_ms, all of it together; otherwise leaves the files alone. Files
/// of these names that this function did not make are never overwritten: `certificate_problem`. Keys are P-256 from
/// OpenSSL's own chance, which is the one thing here that cannot be passed in. `write_failed`. One process at a time in
/// a folder.
messages::result<throwaway_pki> make_throwaway_pki(const std::filesystem::path& folder, const std::string& institution,
                                                   std::uint64_t now_ms, std::uint32_t valid_days = 30);

} // namespace drivers::line
