// One reading of a certificate that three files here need.
#include "drivers/line/x509_text.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>

namespace drivers::line {

std::string subject_entry(const x509_st* certificate, int nid) {
  const auto* subject = X509_get_subject_name(certificate);
  const int at = subject ? X509_NAME_get_index_by_NID(subject, nid, -1) : -1;
  if (at < 0) return {};
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return {};
  std::string text{reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size)};
  OPENSSL_free(utf8);
  return text;
}

std::string last_openssl_error() {
  const auto code = ERR_peek_last_error();
  const char* reason = code ? ERR_reason_error_string(code) : nullptr;
  std::string text = reason ? reason : "unknown";
  ERR_clear_error();
  return text;
}

} // namespace drivers::line
