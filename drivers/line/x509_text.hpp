// One reading of a certificate that three files here need.
#pragma once

#include <string>

struct x509_st; // OpenSSL's X509

namespace drivers::line {

/// The first entry of @p certificate's subject with this NID (NID_commonName, …) as UTF-8; "" when absent.
std::string subject_entry(const x509_st* certificate, int nid);

/// What OpenSSL says about the last failure, without file names and codes; clears its queue.
std::string last_openssl_error();

} // namespace drivers::line
