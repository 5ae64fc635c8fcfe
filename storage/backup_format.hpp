// The bytes of a backup: its encrypted files and the list that names them, for backup.cpp, a test and a fuzz target.
// Pure but for chance (nonces and salts).
#pragma once

#include "messages/field.hpp"
#include "messages/result.hpp"
#include "storage/cipher.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace storage {

inline constexpr std::size_t backup_files_max = 100'000;

struct backed_up_file {
  std::string name;   ///< in the database's folder
  std::string object; ///< its name in `objects`
  std::string hash;   ///< SHA-256 of its content, hexadecimal
  std::uint64_t size = 0;

  UKETSUKE_FIELDS(backed_up_file, name, object, hash, size)
};

/// What one backup is made of: the content of `backups/NUMBER`.
struct backup_list {
  std::uint64_t time_ms = 0, index = 0, epoch = 0, fresh_bytes = 0;
  std::vector<backed_up_file> files;

  UKETSUKE_FIELDS(backup_list, time_ms, index, epoch, fresh_bytes, files)
};

std::string encode_backup_list(const backup_list& list);
/// Nothing when it is no such list, or names a file outside its folder.
std::optional<backup_list> parse_backup_list(std::string_view clear);

/// @p kind says which file this is; it is authenticated, so that no file passes for another.
std::string encrypt_object(std::string_view clear, const key_bytes& key, std::string_view kind);
/// Gives @p take one piece after another. `wrong_backup_key`, `backup_damaged` (naming @p file), what @p take says.
messages::result<void> decrypt_object(std::string_view octets, const key_bytes& key, std::string_view kind,
                                      const std::filesystem::path& file,
                                      const std::function<messages::result<void>(std::string_view piece)>& take);

/// The name of a file with the content of @p hash: equal files meet, and the name tells nobody anything.
std::string object_name(const key_bytes& key, std::string_view hash);

} // namespace storage
