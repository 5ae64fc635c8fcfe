// SIMULATED: a throw-away authority that issues user-authentication certificates, made as JPKI's are, for virtual
// cards.
#pragma once

#include "drivers/card/virtual_card.hpp"
#include "messages/bytes.hpp"
#include "messages/result.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace drivers::card {

/// Keys and certificates in a folder, files 0600, made on demand. Several processes may share the folder: whoever comes
/// first makes a file, the others read it. Errors: file_unreadable, write_failed, wrong_value (a person id that is no
/// name of a file), certificate_problem.
class card_authority {
public:
  static constexpr std::size_t person_size_max = 32;

  /// @p now_s: seconds since 1970; certificates that are not valid then are made anew.
  static messages::result<card_authority> open(std::filesystem::path folder, std::int64_t now_s);

  /// The authority's certificate, DER: what the simulated centre trusts.
  const messages::bytes& certificate() const { return certificate_; }

  /// Certificate (DER) and key of a person, "SIM000000000001" as the common name; RSA-2048, SHA-256, five years.
  struct person {
    messages::bytes certificate;
    signing_key key;
  };
  messages::result<person> issue(std::string_view person_id) const;
  /// The same, but valid until @p valid_until_s (seconds since 1970), which may be past: kept in a file of its own.
  messages::result<person> issue_until(std::string_view person_id, std::int64_t valid_until_s) const;
  /// The person's certificate for digital signatures, of an authority of its own.
  struct signer {
    person own;
    messages::bytes issuer_certificate;
  };
  messages::result<signer> issue_signing(std::string_view person_id) const;

private:
  messages::result<void> check_name(std::string_view person_id) const;

  card_authority(std::filesystem::path folder, std::int64_t now_s) : folder_(std::move(folder)), now_s_(now_s) {}

  std::filesystem::path folder_;
  std::int64_t now_s_;
  std::shared_ptr<void> pair_; ///< key and certificate, OpenSSL's
  messages::bytes certificate_;
};

/// A virtual card of @p person_id. Of @p options the certificates for user authentication, the key and the surface are
/// filled in here, unless they are given.
messages::result<std::shared_ptr<virtual_card>> make_card(const card_authority& authority, std::string_view person_id,
                                                          virtual_card_options options = {});
/// The same with the digital signature too: two more keys, made once.
messages::result<std::shared_ptr<virtual_card>>
make_whole_card(const card_authority& authority, std::string_view person_id, virtual_card_options options = {});

/// True when @p signature over @p challenge was made by the key of @p certificate (DER), RSASSA-PKCS1-v1_5, SHA-256.
bool signature_is_good(const messages::bytes& certificate, const messages::bytes& challenge,
                       const messages::bytes& signature);

/// True when @p authority (DER) issued @p certificate (DER) and both are valid at @p now_s.
bool certificate_is_good(const messages::bytes& certificate, const messages::bytes& authority, std::int64_t now_s);

/// The common name of a certificate's subject; empty when there is none.
std::string common_name(const messages::bytes& certificate);

/// Gives back the sources of chance that OpenSSL keeps for the calling thread: for threads of others, after a card was
/// spoken to on them. (LeakSanitizer: they now and then outlived umockdev's thread.)
void give_back_chance();

} // namespace drivers::card
