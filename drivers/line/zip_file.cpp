// Results in password zips.
#include "drivers/line/zip_file.hpp"

#include <zip.h>

#include <filesystem>
#include <memory>

namespace drivers::line {
namespace {

using messages::error_code;
using messages::failure;
using messages::result;

constexpr zip_int64_t entries_max = 16; // more is no result of one request

struct discard {
  void operator()(zip_t* z) const { zip_discard(z); }
};
using archive = std::unique_ptr<zip_t, discard>;
struct close_file {
  void operator()(zip_file_t* f) const { zip_fclose(f); }
};

auto unreadable(const char* why) { return failure(error_code::line_unreadable, why); }

bool is_document(std::string_view name) { return name.ends_with(".xml") || name.ends_with(".pdf"); }

/// Asked before an entry is opened: libzip 1.7.3 loses the source it has made when it then cannot decrypt it.
bool can_decrypt(zip_t* from, zip_uint64_t entry) {
  zip_stat_t about;
  zip_stat_init(&about);
  if (zip_stat_index(from, entry, 0, &about) != 0 || !(about.valid & ZIP_STAT_ENCRYPTION_METHOD)) return false;
  return about.encryption_method == ZIP_EM_NONE || zip_encryption_method_supported(about.encryption_method, 0);
}

result<std::string> read_entry(zip_t* from, zip_uint64_t entry, const std::string& password, std::size_t bytes_max) {
  if (!can_decrypt(from, entry)) return unreadable("a zip encrypted in a way that is not supported");
  const std::unique_ptr<zip_file_t, close_file> file{
      zip_fopen_index_encrypted(from, entry, 0, password.empty() ? nullptr : password.c_str())};
  if (!file) {
    const auto code = zip_error_code_zip(zip_get_error(from));
    const bool locked = code == ZIP_ER_NOPASSWD || code == ZIP_ER_WRONGPASSWD;
    return unreadable(locked ? "a zip with another password" : "a damaged zip");
  }
  std::string document;
  char piece[65536];
  for (;;) {
    const auto got = zip_fread(file.get(), piece, sizeof piece);
    if (got < 0) return unreadable("a damaged zip");
    if (got == 0) return document;
    // what is unpacked is counted, not what the archive says of itself
    if (document.size() + static_cast<std::size_t>(got) > bytes_max) return unreadable("a zip that unpacks too large");
    document.append(piece, static_cast<std::size_t>(got));
  }
}

} // namespace

bool is_zip(std::string_view octets) { return octets.starts_with("PK\x03\x04"); }

result<std::string> unzip(std::string_view octets, const std::string& password, std::size_t bytes_max) {
  zip_error_t trouble;
  zip_error_init(&trouble);
  auto* source = zip_source_buffer_create(octets.data(), octets.size(), 0, &trouble);
  if (!source) return unreadable("no zip");
  archive from{zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &trouble)};
  zip_error_fini(&trouble);
  if (!from) {
    zip_source_free(source);
    return unreadable("no zip");
  }
  const auto entries = zip_get_num_entries(from.get(), 0);
  if (entries > entries_max) return unreadable("a zip of too many files");
  zip_int64_t found = -1;
  for (zip_int64_t n = 0; n < entries; ++n) {
    const char* name = zip_get_name(from.get(), static_cast<zip_uint64_t>(n), ZIP_FL_ENC_RAW);
    if (!name || !is_document(name)) continue;
    if (found >= 0) return unreadable("a zip of several documents");
    found = n;
  }
  if (found < 0) return unreadable("a zip without a document");
  return read_entry(from.get(), static_cast<zip_uint64_t>(found), password, bytes_max);
}

result<std::string> zip(const std::string& name, std::string_view document, const std::string& password) {
  const auto failed = [] { return failure(error_code::write_failed, "zip", "libzip"); };
  zip_error_t trouble;
  zip_error_init(&trouble);
  auto* target = zip_source_buffer_create(nullptr, 0, 0, &trouble);
  if (!target) return failed();
  zip_source_keep(target); // read after the archive is closed
  const std::unique_ptr<zip_source_t, void (*)(zip_source_t*)> kept{target, zip_source_free};
  archive to{zip_open_from_source(target, ZIP_TRUNCATE, &trouble)};
  if (!to) return failed();
  auto* content = zip_source_buffer(to.get(), document.data(), document.size(), 0);
  if (!content) return failed();
  const auto entry = zip_file_add(to.get(), name.c_str(), content, ZIP_FL_ENC_UTF_8);
  if (entry < 0) {
    zip_source_free(content);
    return failed();
  }
  const auto at = static_cast<zip_uint64_t>(entry);
  if (!password.empty() && zip_file_set_encryption(to.get(), at, ZIP_EM_AES_256, password.c_str()) != 0)
    return failed();
  if (zip_close(to.get()) != 0) return failed();
  to.release(); // closed
  if (zip_source_open(target) != 0) return failed();
  std::string octets;
  char piece[65536];
  for (zip_int64_t got; (got = zip_source_read(target, piece, sizeof piece)) > 0;)
    octets.append(piece, static_cast<std::size_t>(got));
  zip_source_close(target);
  return octets;
}

} // namespace drivers::line
