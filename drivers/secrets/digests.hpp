// The primitives behind the port; OpenSSL stays in scrypt.cpp. Pure but for fresh_octets().
#pragma once

#include "drivers/secrets/port.hpp"

namespace drivers::secrets {

/// form (1) | log2 N (1) | r (1) | p (1) | salt (16) | HMAC(key, account, scrypt(password, salt)) (32)
inline constexpr std::size_t verifier_size = 52;

messages::bytes make_verifier(const std::string& key, const std::string& account, const messages::credential& password,
                              cost effort);
/// Does the same work whatever @p verifier is, as long as it was made with @p effort or is none.
bool fits(const std::string& key, const std::string& account, const messages::credential& password,
          const messages::bytes& verifier, cost effort);

/// Scrypt's N · r · p, summed over all digests that this thread has made.
std::uint64_t work_done();

messages::credential code_secret_of(const std::string& key, const std::string& account, const messages::bytes& nonce);
/// The step of @p code at @p utc_ms, one before or one after; 0: it is none of those.
std::uint64_t step_of(const messages::credential& secret, const std::string& code, std::uint64_t utc_ms);

std::string fresh_octets(std::size_t size);

} // namespace drivers::secrets
