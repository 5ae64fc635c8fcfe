// Certificates and keys as files.
#include "drivers/line/tls_files.hpp"

#include "drivers/line/x509_text.hpp"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

namespace drivers::line {
namespace {

using messages::error_code;
using messages::failure;
using messages::result;
using x509_ptr = std::unique_ptr<X509, void (*)(X509*)>;
using key_ptr = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
using file_ptr = std::unique_ptr<FILE, int (*)(FILE*)>;

auto problem(const std::filesystem::path& file, const std::string& what) {
  return failure(error_code::certificate_problem, file.string(), what);
}

/// No key of ours has a password; without this OpenSSL would ask for one on the terminal.
int no_password(char*, int, int, void*) { return -1; }

result<x509_ptr> read_certificate(const std::filesystem::path& path) {
  const file_ptr file{std::fopen(path.c_str(), "re"), std::fclose};
  if (!file) return problem(path, std::strerror(errno));
  x509_ptr certificate{PEM_read_X509(file.get(), nullptr, no_password, nullptr), X509_free};
  if (!certificate) return problem(path, "no PEM certificate: " + last_openssl_error());
  return certificate;
}

result<void> check_time(const std::filesystem::path& path, const X509* certificate, std::uint64_t now_ms) {
  auto now = static_cast<time_t>(now_ms / 1000);
  if (X509_cmp_time(X509_get0_notBefore(certificate), &now) > 0) return problem(path, "is not valid yet");
  if (X509_cmp_time(X509_get0_notAfter(certificate), &now) < 0) return problem(path, "has expired");
  return {};
}

} // namespace

result<void> check_certificate(const std::filesystem::path& file, std::uint64_t now_ms) {
  const auto certificate = read_certificate(file);
  if (!certificate) return failure(certificate.error());
  return check_time(file, certificate->get(), now_ms);
}

result<void> check_pair(const std::filesystem::path& certificate, const std::filesystem::path& key,
                        std::uint64_t now_ms) {
  const auto read = read_certificate(certificate);
  if (!read) return failure(read.error());
  if (auto ok = check_time(certificate, read->get(), now_ms); !ok) return ok;
  const file_ptr file{std::fopen(key.c_str(), "re"), std::fclose};
  if (!file) return problem(key, std::strerror(errno));
  const key_ptr secret{PEM_read_PrivateKey(file.get(), nullptr, no_password, nullptr), EVP_PKEY_free};
  if (!secret) return problem(key, "no PEM key: " + last_openssl_error());
  if (X509_check_private_key(read->get(), secret.get()) == 1) return {};
  last_openssl_error(); // clears the queue: the next user of this thread must not find it
  return problem(key, "is not the key of " + certificate.filename().string());
}

} // namespace drivers::line
