// The bytes of a backup: its encrypted files and the list that names them. FORMAT.md has them.
#include "storage/backup_format.hpp"

#include "messages/codec.hpp"
#include "storage/big_endian.hpp"
#include "storage/hexadecimal.hpp"

#include <algorithm>

namespace storage {

using messages::error_code;
using messages::failure;

namespace {

constexpr std::string_view magic = "uketsuke backup 1\n";
constexpr std::size_t key_id_bytes = 8, salt_bytes = 16, piece_bytes = 1u << 20;
constexpr std::size_t before_pieces = magic.size() + key_id_bytes + salt_bytes;

std::string key_id_of(const key_bytes& key) { return tagger(key).tag({"uketsuke backup key"}).substr(0, key_id_bytes); }

/// One key per file: no two pieces of a backup meet under one key, whatever chance gives.
key_bytes file_key(const key_bytes& key, std::string_view salt) {
  return *key_bytes::from(tagger(key).tag({"uketsuke backup file", salt}));
}

/// Authenticated with a piece: what file it is of, which one it is, and whether another follows.
std::string place_of(std::string_view kind, std::uint64_t piece, bool last) {
  std::string place{kind};
  put_big_endian(place, piece);
  place += last ? '\1' : '\0';
  return place;
}

bool plain_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= 64 && name.front() != '.' && std::ranges::all_of(name, fits);
}

} // namespace

std::string object_name(const key_bytes& key, std::string_view hash) {
  return hexadecimal(tagger(key).tag({"uketsuke backup name", hash})).substr(0, 32);
}

std::string encrypt_object(std::string_view clear, const key_bytes& key, std::string_view kind) {
  const auto salt = random_octets(salt_bytes);
  const auto own = file_key(key, salt);
  std::string octets{magic};
  octets.reserve(clear.size() + clear.size() / piece_bytes * 64 + 256);
  octets += key_id_of(key);
  octets += salt;
  std::uint64_t number = 0;
  do {
    const auto piece = clear.substr(0, piece_bytes);
    clear.remove_prefix(piece.size());
    const auto sealed = seal(own, place_of(kind, number++, clear.empty()), piece);
    put_big_endian(octets, sealed.size(), 4);
    octets += sealed;
  } while (!clear.empty());
  return octets;
}

messages::result<void> decrypt_object(std::string_view octets, const key_bytes& key, std::string_view kind,
                                      const std::filesystem::path& file,
                                      const std::function<messages::result<void>(std::string_view piece)>& take) {
  const auto damaged = [&](const char* what) { return failure(error_code::backup_damaged, file.string(), what); };
  if (octets.size() < before_pieces) return damaged("it is cut short");
  if (!octets.starts_with(magic)) return damaged("it is no file of a backup, or of a later version");
  const auto id = octets.substr(magic.size(), key_id_bytes);
  if (id != key_id_of(key))
    return failure(error_code::wrong_backup_key, file.string(), hexadecimal(id), hexadecimal(key_id_of(key)));
  const auto own = file_key(key, octets.substr(magic.size() + key_id_bytes, salt_bytes));
  octets.remove_prefix(before_pieces);
  for (std::uint64_t number = 0;; ++number) {
    if (octets.size() < 4) return damaged("it is cut short");
    const auto size = static_cast<std::size_t>(read_big_endian(octets.substr(0, 4)));
    octets.remove_prefix(4);
    if (size > piece_bytes + sealing_bytes || size > octets.size()) return damaged("it is cut short");
    const bool last = size == octets.size();
    const auto clear = unseal(own, place_of(kind, number, last), octets.substr(0, size));
    if (!clear) return damaged("it was changed");
    if (auto taken = take(*clear); !taken || last) return taken;
    octets.remove_prefix(size);
  }
}

std::string encode_backup_list(const backup_list& list) { return messages::encode_body(list); }

std::optional<backup_list> parse_backup_list(std::string_view clear) {
  const messages::unpack_limits limits{.bytes_max = 64u << 20, .items_max = backup_files_max};
  auto list = messages::decode_fields<backup_list>(clear, limits);
  if (!list) return std::nullopt;
  for (const auto& file : list->files)
    if (!plain_name(file.name) || !plain_name(file.object) || file.hash.size() != 64) return std::nullopt;
  return list;
}

} // namespace storage
