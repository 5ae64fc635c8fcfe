// Certificates for the simulated centre's TLS.
#include "drivers/line/throwaway_pki.hpp"

#include "drivers/line/profile.hpp"
#include "drivers/line/tls_files.hpp"
#include "drivers/line/x509_text.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace drivers::line {
namespace {

using messages::error_code;
using messages::failure;
using messages::result;

template <auto Free> struct freer {
  template <class T> void operator()(T* p) const { Free(p); }
};
using x509_ptr = std::unique_ptr<X509, freer<X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freer<EVP_PKEY_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, freer<X509_EXTENSION_free>>;
using bio_ptr = std::unique_ptr<BIO, freer<BIO_free_all>>;

constexpr std::int64_t day_s = 24 * 60 * 60;

struct identity {
  x509_ptr certificate;
  key_ptr key;
};

struct wish {
  std::string name;
  const char* key_usage;
  const char* extended_usage; ///< nullptr: an authority
  const char* other_names;    ///< nullptr: none
};

bool extend(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const extension_ptr extension{X509V3_EXT_conf_nid(nullptr, &context, nid, value)};
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
  unsigned char octets[8];
  if (RAND_bytes(octets, sizeof octets) != 1) return false;
  std::uint64_t serial = 0;
  for (const auto o : octets)
    serial = serial << 8 | o;
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1; // positive, whatever reads it
}

/// A certificate for @p w, signed by @p issuer or by itself. Empty when OpenSSL fails.
identity issue(const wish& w, const identity* issuer, std::int64_t now_s, std::uint32_t valid_days) {
  identity made{x509_ptr{X509_new()}, key_ptr{EVP_EC_gen("P-256")}};
  X509* c = made.certificate.get();
  if (!c || !made.key) return {};
  X509* signer = issuer ? issuer->certificate.get() : c;
  const auto* organization = reinterpret_cast<const unsigned char*>(profile::simulated_organization);
  const auto* name = reinterpret_cast<const unsigned char*>(w.name.c_str());
  auto* subject = X509_get_subject_name(c);
  bool ok = X509_set_version(c, 2) == 1 && set_serial(c);
  ok = ok && X509_NAME_add_entry_by_NID(subject, NID_organizationName, MBSTRING_UTF8, organization, -1, -1, 0) == 1;
  ok = ok && X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, name, -1, -1, 0) == 1;
  ok = ok && X509_set_issuer_name(c, X509_get_subject_name(signer)) == 1 && X509_set_pubkey(c, made.key.get()) == 1;
  // a day into the past: the two sides' clocks may differ
  ok = ok && ASN1_TIME_set(X509_getm_notBefore(c), now_s - day_s) &&
       ASN1_TIME_set(X509_getm_notAfter(c), now_s + valid_days * day_s);
  ok = ok && extend(c, signer, NID_basic_constraints, w.extended_usage ? "critical,CA:FALSE" : "critical,CA:TRUE");
  ok = ok && extend(c, signer, NID_key_usage, w.key_usage);
  ok = ok && extend(c, signer, NID_subject_key_identifier, "hash");
  ok = ok && extend(c, signer, NID_authority_key_identifier, "keyid:always");
  if (w.extended_usage) ok = ok && extend(c, signer, NID_ext_key_usage, w.extended_usage);
  if (w.other_names) ok = ok && extend(c, signer, NID_subject_alt_name, w.other_names);
  ok = ok && X509_sign(c, issuer ? issuer->key.get() : made.key.get(), EVP_sha256()) > 0;
  return ok ? std::move(made) : identity{};
}

/// Whole or not at all, readable by its owner only.
result<void> write_file(const std::filesystem::path& file, BIO* content) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(content, &data);
  auto temporary = file;
  temporary += ".new";
  ::unlink(temporary.c_str()); // left by a crash
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return failure(error_code::write_failed, temporary.string(), std::strerror(errno));
  const auto written = ::write(descriptor, data, static_cast<std::size_t>(size));
  const int why = errno;
  ::close(descriptor);
  if (written != size) return failure(error_code::write_failed, temporary.string(), std::strerror(why));
  if (::rename(temporary.c_str(), file.c_str()) != 0)
    return failure(error_code::write_failed, file.string(), std::strerror(errno));
  return {};
}

result<void> write_certificate(const std::filesystem::path& file, const identity& of) {
  const bio_ptr content{BIO_new(BIO_s_mem())};
  if (!content || PEM_write_bio_X509(content.get(), of.certificate.get()) != 1)
    return failure(error_code::certificate_problem, file.string(), last_openssl_error());
  return write_file(file, content.get());
}

result<void> write_key(const std::filesystem::path& file, const identity& of) {
  const bio_ptr content{BIO_new(BIO_s_mem())};
  if (!content ||
      PEM_write_bio_PKCS8PrivateKey(content.get(), of.key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return failure(error_code::certificate_problem, file.string(), last_openssl_error());
  return write_file(file, content.get());
}

/// What @p file is: absent, ours (O = UKETSUKE SIMULATED, with this name unless it is empty), or somebody's.
enum class found { absent, ours, named_otherwise, foreign };
found look_at(const std::filesystem::path& path, const std::string& name) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file{std::fopen(path.c_str(), "re"), std::fclose};
  if (!file) return errno == ENOENT ? found::absent : found::foreign;
  const x509_ptr certificate{PEM_read_X509(file.get(), nullptr, nullptr, nullptr)};
  last_openssl_error();
  if (!certificate || subject_entry(certificate.get(), NID_organizationName) != profile::simulated_organization)
    return found::foreign;
  return name.empty() || subject_entry(certificate.get(), NID_commonName) == name ? found::ours
                                                                                  : found::named_otherwise;
}

result<void> make_all(const throwaway_pki& files, const std::string& institution, std::int64_t now_s,
                      std::uint32_t valid_days) {
  const auto ca =
      issue({"UKETSUKE throwaway CA", "critical,keyCertSign,cRLSign", nullptr, nullptr}, nullptr, now_s, valid_days);
  if (!ca.certificate) return failure(error_code::certificate_problem, "ca.pem", last_openssl_error());
  const auto server = issue({"localhost", "critical,digitalSignature", "serverAuth", "DNS:localhost,IP:127.0.0.1"}, &ca,
                            now_s, valid_days);
  const auto client = issue({institution, "critical,digitalSignature", "clientAuth", nullptr}, &ca, now_s, valid_days);
  if (!server.certificate || !client.certificate)
    return failure(error_code::certificate_problem, "server.pem", last_openssl_error());
  // the authority goes first and comes last: a crash in between leaves a set without one, which is made anew
  std::error_code absent;
  std::filesystem::remove(files.ca_certificate, absent);
  auto ok = write_certificate(files.server_certificate, server);
  if (ok) ok = write_key(files.server_key, server);
  if (ok) ok = write_certificate(files.client_certificate, client);
  if (ok) ok = write_key(files.client_key, client);
  if (ok) ok = write_certificate(files.ca_certificate, ca);
  return ok;
}

} // namespace

result<throwaway_pki> make_throwaway_pki(const std::filesystem::path& folder, const std::string& institution,
                                         std::uint64_t now_ms, std::uint32_t valid_days) {
  const throwaway_pki files{folder / "ca.pem", folder / "server.pem", folder / "server.key", folder / "client.pem",
                            folder / "client.key"};
  std::error_code trouble;
  std::filesystem::create_directories(folder, trouble);
  if (trouble) return failure(error_code::write_failed, folder.string(), trouble.message());
  bool usable = true;
  for (const auto& [file, name] :
       {std::pair{files.ca_certificate, std::string{}}, std::pair{files.server_certificate, std::string{"localhost"}},
        std::pair{files.client_certificate, institution}}) {
    const auto is = look_at(file, name);
    if (is == found::foreign)
      return failure(error_code::certificate_problem, file.string(), "was not made here and is not overwritten");
    usable = usable && is == found::ours;
  }
  for (const auto& [certificate, key] :
       {std::pair{files.server_certificate, files.server_key}, std::pair{files.client_certificate, files.client_key}})
    if (std::filesystem::exists(key) && !std::filesystem::exists(certificate)) // we write the certificate first
      return failure(error_code::certificate_problem, key.string(), "was not made here and is not overwritten");
  const auto tomorrow = now_ms + static_cast<std::uint64_t>(day_s) * 1000;
  usable = usable && check_certificate(files.ca_certificate, tomorrow) &&
           check_pair(files.server_certificate, files.server_key, tomorrow) &&
           check_pair(files.client_certificate, files.client_key, tomorrow);
  if (usable) return files;
  if (auto ok = make_all(files, institution, static_cast<std::int64_t>(now_ms / 1000), valid_days); !ok)
    return failure(ok.error());
  return files;
}

} // namespace drivers::line
