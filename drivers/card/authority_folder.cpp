// Reading authorities' certificates with OpenSSL, as authority_folder.hpp says.
#include "drivers/card/authority_folder.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace drivers::card {

namespace {

namespace fs = std::filesystem;
using messages::error_code;

constexpr std::size_t files_max = 64, file_size_max = 65'536;

struct freed {
  void operator()(X509* c) const { X509_free(c); }
  void operator()(BIO* b) const { BIO_free(b); }
};
using certificate_ptr = std::unique_ptr<X509, freed>;

bool is_certificate_file(const fs::path& file) {
  static constexpr std::array<const char*, 4> kinds{".cer", ".crt", ".der", ".pem"};
  return std::ranges::any_of(kinds, [&](const char* kind) { return file.extension() == kind; });
}

certificate_ptr certificate_in(const std::string& octets) {
  const auto* at = reinterpret_cast<const unsigned char*>(octets.data());
  const auto* const end = at + octets.size();
  certificate_ptr read{d2i_X509(nullptr, &at, static_cast<long>(octets.size()))};
  if (read && at != end) read.reset();
  if (!read) {
    const std::unique_ptr<BIO, freed> text{BIO_new_mem_buf(octets.data(), static_cast<int>(octets.size()))};
    read.reset(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
  }
  ERR_clear_error();
  return read;
}

messages::result<messages::bytes> read_authority(const fs::path& file) {
  std::ifstream from{file, std::ios::binary};
  std::string octets(file_size_max + 1, '\0');
  from.read(octets.data(), static_cast<std::streamsize>(octets.size()));
  if (from.bad() || (!from && !from.eof()))
    return messages::failure(error_code::file_unreadable, file.string(), std::strerror(errno));
  octets.resize(static_cast<std::size_t>(from.gcount()));
  const auto read = octets.size() <= file_size_max ? certificate_in(octets) : nullptr;
  if (!read || X509_check_ca(read.get()) != 1)
    return messages::failure(error_code::certificate_problem, file.string(), "no authority's certificate");
  unsigned char* made = nullptr;
  const int size = i2d_X509(read.get(), &made);
  messages::bytes der(made, made + std::max(size, 0));
  OPENSSL_free(made);
  return der;
}

} // namespace

messages::result<authorities> read_authorities(const fs::path& folder) {
  std::error_code trouble;
  std::vector<fs::path> files;
  for (fs::directory_iterator at{folder, trouble}, end; !trouble && at != end; at.increment(trouble))
    if (is_certificate_file(at->path())) files.push_back(at->path());
  if (trouble) return messages::failure(error_code::file_unreadable, folder.string(), trouble.message());
  if (files.empty() || files.size() > files_max)
    return messages::failure(error_code::certificate_problem, folder.string(),
                             files.empty() ? "no .cer, .crt, .der or .pem in it" : "more than 64 files");
  std::ranges::sort(files);
  auto all = std::make_shared<std::vector<messages::bytes>>();
  for (const auto& file : files) {
    auto one = read_authority(file);
    if (!one) return messages::failure(one.error());
    all->push_back(std::move(*one));
  }
  return authorities{std::move(all)};
}

} // namespace drivers::card
