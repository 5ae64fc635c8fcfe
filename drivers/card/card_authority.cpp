// SIMULATED: issuing the certificates of virtual cards with OpenSSL, as card_authority.hpp says.
#include "drivers/card/card_authority.hpp"

#include "drivers/card/digest.hpp"
#include "drivers/card/virtual_person.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

namespace drivers::card {

namespace {

using messages::error_code;

template <auto Free> struct freed_by {
  template <class T> void operator()(T* p) const { Free(p); }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using key_context = std::unique_ptr<EVP_PKEY_CTX, freed_by<EVP_PKEY_CTX_free>>;
using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;
using digest_context = std::unique_ptr<EVP_MD_CTX, freed_by<EVP_MD_CTX_free>>;

struct key_pair {
  key_ptr key;
  certificate_ptr certificate;
};

constexpr std::int64_t day_s = 24 * 3600;
constexpr std::int64_t person_years = 5, authority_years = 10;

messages::bytes der(X509* certificate) {
  const int size = i2d_X509(certificate, nullptr);
  if (size <= 0) return {};
  messages::bytes out(static_cast<std::size_t>(size));
  auto* at = out.data();
  i2d_X509(certificate, &at);
  return out;
}

certificate_ptr from_der(const messages::bytes& bytes) {
  const auto* at = bytes.data();
  certificate_ptr read{d2i_X509(nullptr, &at, static_cast<long>(bytes.size()))};
  return at == bytes.data() + bytes.size() ? std::move(read) : nullptr;
}

bool valid_at(X509* certificate, std::int64_t now_s) {
  auto now = static_cast<time_t>(now_s);
  return X509_cmp_time(X509_get0_notBefore(certificate), &now) < 0 &&
         X509_cmp_time(X509_get0_notAfter(certificate), &now) > 0;
}

bool add_name(X509_NAME* to, const char* field, std::string_view value) {
  return X509_NAME_add_entry_by_txt(to, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

bool add_extension(X509* to, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_nconf_nid(nullptr, &context, nid, value);
  const bool added = extension != nullptr && X509_add_ext(to, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

/// From the public key: no source of chance but the key's own.
bool set_serial(X509* certificate, EVP_PKEY* key) {
  unsigned char* encoded = nullptr;
  const int size = i2d_PUBKEY(key, &encoded);
  if (size <= 0) return false;
  auto digest = sha256({encoded, static_cast<std::size_t>(size)});
  OPENSSL_free(encoded);
  digest[0] = static_cast<std::uint8_t>((digest[0] & 0x7F) | 0x40); // positive, always 16 bytes
  std::unique_ptr<BIGNUM, freed_by<BN_free>> number{BN_bin2bn(digest.data(), 16, nullptr)};
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_subject(X509* certificate, std::string_view person_id) {
  X509_NAME* name = X509_get_subject_name(certificate);
  if (!add_name(name, "C", "JP")) return false;
  if (!person_id.empty()) return add_name(name, "CN", person_id);
  return add_name(name, "O", "JPKI") && add_name(name, "OU", "JPKI for user authentication (SIMULATED)");
}

bool set_extensions(X509* certificate, X509* issuer, bool is_authority) {
  const char* usage = is_authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature";
  const char* basic = is_authority ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE";
  if (!add_extension(certificate, issuer, NID_basic_constraints, basic)) return false;
  if (!add_extension(certificate, issuer, NID_key_usage, usage)) return false;
  if (!add_extension(certificate, issuer, NID_subject_key_identifier, "hash")) return false;
  if (is_authority) return true;
  // a real one is 1.5 to 2 KB; the policy and the lists make this one about as long
  return add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always") &&
         add_extension(certificate, issuer, NID_ext_key_usage, "clientAuth") &&
         add_extension(
             certificate, issuer, NID_crl_distribution_points,
             "URI:http://crl.simulated.invalid/jpki/user-authentication/distribution-point-of-this-municipality.crl") &&
         add_extension(certificate, issuer, NID_info_access,
                       "OCSP;URI:http://ocsp.simulated.invalid/jpki/user-authentication") &&
         add_extension(certificate, issuer, NID_netscape_comment,
                       "SIMULATED certificate of uketsuke: it proves nothing about any person and is trusted by the "
                       "simulated centre only.");
}

/// A key and its certificate; signed by @p issuer, or by itself when there is none.
std::optional<key_pair> make_pair(std::string_view person_id, const key_pair* issuer, std::int64_t now_s,
                                  std::optional<std::int64_t> valid_until_s) {
  key_pair made{key_ptr{EVP_RSA_gen(2048)}, certificate_ptr{X509_new()}};
  if (!made.key || !made.certificate) return std::nullopt;
  auto* c = made.certificate.get();
  auto* signed_by = issuer != nullptr ? issuer->certificate.get() : c;
  const auto years = issuer != nullptr ? person_years : authority_years;
  bool good = X509_set_version(c, 2) == 1 && set_serial(c, made.key.get()) && set_subject(c, person_id) &&
              X509_set_pubkey(c, made.key.get()) == 1;
  const auto until_s = valid_until_s.value_or(now_s + years * 365 * day_s);
  // an authority is older than any card it has issued, also than one whose certificate has ended
  const auto age_s = issuer != nullptr ? day_s : (person_years + 1) * 365 * day_s;
  auto from = static_cast<time_t>(std::min(now_s - age_s, until_s - years * 365 * day_s));
  auto until = static_cast<time_t>(until_s);
  good = good && X509_time_adj_ex(X509_getm_notBefore(c), 0, 0, &from) != nullptr &&
         X509_time_adj_ex(X509_getm_notAfter(c), 0, 0, &until) != nullptr &&
         X509_set_issuer_name(c, X509_get_subject_name(signed_by)) == 1 &&
         set_extensions(c, signed_by, issuer == nullptr) &&
         X509_sign(c, issuer != nullptr ? issuer->key.get() : made.key.get(), EVP_sha256()) > 0;
  if (!good) return std::nullopt;
  return made;
}

std::optional<key_pair> read_pair(const std::filesystem::path& path) {
  bio_ptr in{BIO_new_file(path.c_str(), "r")};
  if (!in) return std::nullopt;
  key_pair read;
  read.key.reset(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
  read.certificate.reset(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  if (!read.key || !read.certificate) return std::nullopt;
  return read;
}

/// Both in one file, so that a key and a certificate of two makers never meet. Written aside; `link` refuses when
/// another process was first, `rename` replaces what is of no use any more.
messages::result<bool> write_pair(const std::filesystem::path& path, const key_pair& pair, bool replace) {
  bio_ptr text{BIO_new(BIO_s_secmem())};
  const bool encoded =
      text && PEM_write_bio_PrivateKey(text.get(), pair.key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1 &&
      PEM_write_bio_X509(text.get(), pair.certificate.get()) == 1;
  const auto failed = [&](const char* what) {
    return messages::failure(error_code::write_failed, path.string(), what);
  };
  if (!encoded) return failed("encoding");
  char* data = nullptr;
  const auto size = BIO_get_mem_data(text.get(), &data);
  auto aside = path.string() + ".XXXXXX";
  const int fd = mkostemp(aside.data(), O_CLOEXEC); // 0600
  if (fd < 0) return failed(std::strerror(errno));
  const bool written = write(fd, data, static_cast<std::size_t>(size)) == size && fsync(fd) == 0;
  close(fd);
  const int result = !written ? -1 : replace ? rename(aside.c_str(), path.c_str()) : link(aside.c_str(), path.c_str());
  const int why = errno;
  if (result != 0 || !replace) unlink(aside.c_str());
  if (result == 0) return true;
  if (written && why == EEXIST) return false;
  return failed(std::strerror(why));
}

/// The pair in @p path if it is good now and from @p issuer; otherwise a new one.
messages::result<key_pair> obtain_pair(const std::filesystem::path& path, std::string_view person_id,
                                       const key_pair* issuer, std::int64_t now_s,
                                       std::optional<std::int64_t> valid_until_s = {}) {
  const auto good = [&](const std::optional<key_pair>& p) {
    auto* by = issuer != nullptr ? issuer->key.get() : p ? p->key.get() : nullptr;
    return p && (valid_until_s || valid_at(p->certificate.get(), now_s)) && X509_verify(p->certificate.get(), by) == 1;
  };
  auto known = read_pair(path);
  if (good(known)) return std::move(*known);
  auto made = make_pair(person_id, issuer, now_s, valid_until_s);
  if (!made) return messages::failure(error_code::certificate_problem, path.string(), "OpenSSL could not make it");
  std::error_code failed;
  const bool there = std::filesystem::exists(path, failed);
  const auto written = write_pair(path, *made, there);
  if (!written) return messages::failure(written.error());
  if (*written) return std::move(*made);
  known = read_pair(path); // somebody else was first
  if (good(known)) return std::move(*known);
  return messages::failure(error_code::certificate_problem, path.string(), "not of this authority");
}

/// RSASSA-PKCS1-v1_5 over a finished DigestInfo, as the card does it.
messages::bytes sign_digest_info(EVP_PKEY* key, apdu::octets digest_info) {
  const key_context context{EVP_PKEY_CTX_new(key, nullptr)};
  if (!context || EVP_PKEY_sign_init(context.get()) != 1) return {};
  if (EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1) return {};
  std::size_t size = 0;
  if (EVP_PKEY_sign(context.get(), nullptr, &size, digest_info.data(), digest_info.size()) != 1) return {};
  messages::bytes signature(size);
  if (EVP_PKEY_sign(context.get(), signature.data(), &size, digest_info.data(), digest_info.size()) != 1) return {};
  signature.resize(size);
  return signature;
}

} // namespace

messages::result<card_authority> card_authority::open(std::filesystem::path folder, std::int64_t now_s) {
  std::error_code failed;
  if (std::filesystem::create_directories(folder, failed))
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failed);
  if (failed) return messages::failure(error_code::write_failed, folder.string(), failed.message());
  card_authority made{std::move(folder), now_s};
  auto pair = obtain_pair(made.folder_ / "card-authority.pem", "", nullptr, now_s);
  if (!pair) return messages::failure(pair.error());
  made.certificate_ = der(pair->certificate.get());
  made.pair_ = std::make_shared<key_pair>(std::move(*pair));
  return made;
}

messages::result<void> card_authority::check_name(std::string_view person_id) const {
  const bool is_name =
      !person_id.empty() && person_id.size() <= person_size_max && std::ranges::all_of(person_id, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
      });
  if (!is_name) return messages::failure(error_code::wrong_value, "person id", person_id);
  return {};
}

namespace {

card_authority::person person_from(key_pair pair) {
  const std::shared_ptr<EVP_PKEY> key{std::move(pair.key)};
  return {der(pair.certificate.get()), [key](apdu::octets info) { return sign_digest_info(key.get(), info); }};
}

} // namespace

messages::result<card_authority::person> card_authority::issue(std::string_view person_id) const {
  if (const auto named = check_name(person_id); !named) return messages::failure(named.error());
  const auto path = folder_ / ("card-" + std::string{person_id} + ".pem");
  auto pair = obtain_pair(path, person_id, static_cast<const key_pair*>(pair_.get()), now_s_);
  if (!pair) return messages::failure(pair.error());
  return person_from(std::move(*pair));
}

messages::result<card_authority::person> card_authority::issue_until(std::string_view person_id,
                                                                     std::int64_t valid_until_s) const {
  if (const auto named = check_name(person_id); !named) return messages::failure(named.error());
  const auto path = folder_ / ("card-" + std::string{person_id} + "-until-" + std::to_string(valid_until_s) + ".pem");
  auto pair = obtain_pair(path, person_id, static_cast<const key_pair*>(pair_.get()), now_s_, valid_until_s);
  if (!pair) return messages::failure(pair.error());
  return person_from(std::move(*pair));
}

messages::result<card_authority::signer> card_authority::issue_signing(std::string_view person_id) const {
  if (const auto named = check_name(person_id); !named) return messages::failure(named.error());
  const auto issuer = obtain_pair(folder_ / "signing-authority.pem", "", nullptr, now_s_);
  if (!issuer) return messages::failure(issuer.error());
  const auto path = folder_ / ("signing-" + std::string{person_id} + ".pem");
  auto pair = obtain_pair(path, person_id, &*issuer, now_s_);
  if (!pair) return messages::failure(pair.error());
  return signer{person_from(std::move(*pair)), der(issuer->certificate.get())};
}

messages::result<std::shared_ptr<virtual_card>> make_card(const card_authority& authority, std::string_view person_id,
                                                          virtual_card_options options) {
  if (options.certificate.empty()) {
    auto issued = authority.issue(person_id);
    if (!issued) return messages::failure(issued.error());
    options.certificate = std::move(issued->certificate);
    options.key = std::move(issued->key);
  }
  if (options.issuer_certificate.empty()) options.issuer_certificate = authority.certificate();
  if (options.surface.empty() && options.kind == messages::card_kind::my_number_card) {
    const auto owner = person_of(person_id);
    options.surface = surface_of(owner);
    options.check_number = check_number_of(owner);
  }
  return virtual_card::make(std::move(options));
}

messages::result<std::shared_ptr<virtual_card>>
make_whole_card(const card_authority& authority, std::string_view person_id, virtual_card_options options) {
  auto signing = authority.issue_signing(person_id);
  if (!signing) return messages::failure(signing.error());
  options.signing_certificate = std::move(signing->own.certificate);
  options.signing_issuer_certificate = std::move(signing->issuer_certificate);
  options.signature_key = std::move(signing->own.key);
  return make_card(authority, person_id, std::move(options));
}

bool signature_is_good(const messages::bytes& certificate, const messages::bytes& challenge,
                       const messages::bytes& signature) {
  const auto c = from_der(certificate);
  const digest_context context{EVP_MD_CTX_new()};
  if (!c || !context) return false;
  if (EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, X509_get0_pubkey(c.get())) != 1) return false;
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), challenge.data(), challenge.size()) == 1;
}

bool certificate_is_good(const messages::bytes& certificate, const messages::bytes& authority, std::int64_t now_s) {
  const auto c = from_der(certificate), a = from_der(authority);
  if (!c || !a || !valid_at(c.get(), now_s) || !valid_at(a.get(), now_s)) return false;
  return X509_check_issued(a.get(), c.get()) == X509_V_OK && X509_check_ca(a.get()) == 1 &&
         X509_verify(c.get(), X509_get0_pubkey(a.get())) == 1;
}

std::string common_name(const messages::bytes& certificate) {
  const auto c = from_der(certificate);
  if (!c) return {};
  char text[128] = {};
  const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(c.get()), NID_commonName, text, sizeof text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string{};
}

void give_back_chance() { OPENSSL_thread_stop(); }

} // namespace drivers::card
