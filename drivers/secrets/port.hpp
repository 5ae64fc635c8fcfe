// Passwords: verifiers, codes (TOTP) and fresh secrets, all under the hub's accounts key.
//
// scrypt with N = 2^15, r = 8, p = 3 (RFC 7914): OpenSSL 3.0 of Debian 12 has no Argon2id; of OWASP's equal scrypt
// settings this takes the least memory (32 MiB), which a small reception computer can spare beside its desk, and 0.3 s.
// The digest of it is keyed (HMAC-SHA-256): without the key, which is not in the data folder, nobody can try a password
// against a verifier, so a verifier may stand in the journal.
#pragma once

#include "messages/bytes.hpp"
#include "messages/result.hpp"
#include "messages/secret.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace drivers::secrets {

/// Judge one password, then, if it was right (or there was none to judge), make verifiers of others.
struct job {
  bool judges = false;
  std::string account; ///< its key; a verifier is bound to it
  messages::credential password;
  messages::bytes verifier;   ///< empty or foreign: wrong, and it takes as long to say so
  messages::bytes code_nonce; ///< empty: no code is expected
  std::string code;
  std::uint64_t utc_ms = 0;
  std::vector<std::pair<std::string, messages::credential>> make;
};

struct outcome {
  bool right = false;
  std::uint64_t code_step = 0; ///< of the code that fits now, or one step before or after; 0: none does
  std::vector<messages::bytes> made;
  std::uint64_t work = 0; ///< scrypt's N · r · p, summed: all that takes time
};

struct cost {
  unsigned log2_n = 15, r = 8, p = 3; ///< 128 · r · N bytes; a verifier says with which it was made
};

/// Thread-safe.
class hasher {
public:
  virtual ~hasher() = default;
  /// Queues it; @p done is called once, on the hasher's thread. False: the queue is full, and @p done is never called.
  virtual bool start(job what, std::function<void(outcome)> done) = 0;
  /// What TOTP is computed from, in Base32.
  virtual messages::credential code_secret(const std::string& account, const messages::bytes& nonce) const = 0;
  /// What is queued is dropped; nobody is called after this returned.
  virtual void stop() = 0;

  static constexpr std::size_t queued_max = 8; ///< account_admin gives one at a time, the next with its outcome
};

/// One thread at low priority. @p key_file: 32 bytes, 0600; see make_accounts_key(). Errors: accounts_key,
/// keys_exposed.
messages::result<std::unique_ptr<hasher>> open_hasher(const std::filesystem::path& key_file, cost effort = {});

/// Writes a fresh key; `not_now` when the file is there. Losing it makes every password wrong: it belongs to the copy
/// that is kept of the keys folder.
messages::result<void> make_accounts_key(const std::filesystem::path& key_file);

/// @p groups of five signs that are not mistaken for each other, with hyphens: 4 make 99 bits.
messages::credential fresh_password(std::size_t groups = 4);
messages::bytes fresh_nonce();

/// RFC 6238 with SHA-1, 6 digits, 30 s: the code of @p step for @p secret, in Base32. For authenticators and tests.
std::string code_at(const messages::credential& secret, std::uint64_t step);
inline constexpr std::uint64_t code_step_ms = 30'000;

} // namespace drivers::secrets
