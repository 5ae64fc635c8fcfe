// Whether a signature proves that a card of the simulated card authority was there: the centre's side of the card
// question.
#pragma once

#include "messages/bytes.hpp"
#include "messages/result.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace drivers::line {

/// What a card's proof comes to. Exactly one of the three outcomes.
struct card_proof {
  enum class outcome : std::uint8_t { proven, wrong_certificate, wrong_signature };
  outcome is = outcome::wrong_certificate;
  std::string card_name;      ///< subject CN; only when proven
  std::int64_t days_left = 0; ///< until the certificate ends; only when proven
};

/// Whom the centre believes when a card says who it is. Immutable: any thread.
class card_authority {
public:
  /// @p ca_file holds one or more certificates in PEM. `certificate_problem` names it.
  static messages::result<std::unique_ptr<card_authority>> open(const std::filesystem::path& ca_file);
  ~card_authority();

  /// @p certificate is DER; it has to chain to the authority, be within its validity at @p now_ms, hold an RSA key of
  /// 2048 bits or more and be no authority itself; @p signature is RSA PKCS#1 v1.5 with SHA-256 over @p challenge.
  card_proof check(const messages::bytes& certificate, const messages::bytes& challenge,
                   const messages::bytes& signature, std::uint64_t now_ms) const;
  /// The certificate alone: whose card it is, on the word of whoever saw its owner.
  card_proof check(const messages::bytes& certificate, std::uint64_t now_ms) const;

private:
  card_proof judged(const messages::bytes& certificate, const messages::bytes* challenge,
                    const messages::bytes* signature, std::uint64_t now_ms) const;
  struct inside;
  explicit card_authority(std::unique_ptr<inside> i);
  std::unique_ptr<inside> inside_;
};

} // namespace drivers::line
