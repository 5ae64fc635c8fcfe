// The keys folder: the key-encryption key (KEK) in its generations, outside the data folder; see FORMAT.md.
//
// Exactly one generation is there, except while it changes: rotating writes the next one beside the patients' keys
// wrapped under it ("ring"), and destroys the one before once the journal has taken the new wrappings over. The highest
// generation always wins: an interrupted change is finished by the next opening, and an older backup is opened with the
// ring. Not thread-safe; used while opening and by the commands of `uketsuke keys`.
//
// Errors: `no_keys`, `wrong_keys`, `keys_exposed`, `disk_full`, `write_failed`, `file_unreadable`, and those of the
// passphrase's source.
#pragma once

#include "messages/result.hpp"
#include "storage/cipher.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace storage {

/// How the keys are reached.
struct key_access {
  std::filesystem::path folder; ///< 0700, its files 0600
  /// Asked only when the KEK is locked by a passphrase; empty: such a folder is refused.
  std::function<messages::result<std::string>()> passphrase;
};

/// The first line of @p file as a passphrase's source; no source when @p file is empty. The file is 0600 like a key.
std::function<messages::result<std::string>()> passphrase_in(const std::filesystem::path& file);

/// Where the keys of the journal in @p data lie unless the configuration says otherwise: beside it, in NAME-keys.
std::filesystem::path default_key_folder(const std::filesystem::path& data);

struct key_encryption_key {
  std::uint64_t generation = 0;
  key_bytes key;
};

/// Makes the folder and generation 1, in clear (0600) or locked by @p passphrase. `not_now` when there is one already.
messages::result<void> make_key_folder(const std::filesystem::path& folder,
                                       const std::optional<std::string>& passphrase = {});
bool holds_keys(const std::filesystem::path& folder);
bool holds_older_keys(const std::filesystem::path& folder); ///< more generations than the newest

/// The newest generation.
messages::result<key_encryption_key> read_key_folder(const key_access& access);

/// A generation to come, of which nothing is on the disk yet.
struct prepared_key {
  key_encryption_key key;
  std::string text;                           ///< of its file `kek-N`
  std::vector<std::filesystem::path> folders; ///< that get it: escrow first, the key folder last
};
/// Generation @p from + 1. Takes its time (a passphrase is stretched twice); changes nothing.
messages::result<prepared_key> prepare_next_key(const key_access& access, const key_encryption_key& from);
/// Puts @p next and its @p ring (what the file `keys-N` holds, in clear) on the disk: from then on it is the newest
/// generation, and an opening takes the ring over. After an error is_newest() tells whether it came so far.
messages::result<void> publish(const prepared_key& next, std::string_view ring);
bool is_newest(const key_access& access, const key_encryption_key& key);
/// The ring of @p of; `wrong_keys` when it is damaged; nothing for generation 1.
messages::result<std::optional<std::string>> read_ring(const key_access& access, const key_encryption_key& of);
/// Destroys every generation before @p kept, here and in the escrow folders. What was destroyed is answered.
messages::result<std::vector<std::filesystem::path>> destroy_older_keys(const key_access& access, std::uint64_t kept);

/// Keeps a copy of the KEK and its ring in @p copies too, now and after each rotation, and one of the key of backups:
/// against the loss of this disk.
/// A folder that cannot be reached later stops every rotation: what lies in it could not be destroyed.
messages::result<void> add_escrow(const key_access& access, const std::filesystem::path& copies);
/// Keeps @p file of the key folder in those escrow folders, too, that can be reached and have no such file.
void copy_into_escrow(const std::filesystem::path& folder, const std::string& file);
/// The escrow folders. `no_escrow`, naming the one that cannot be reached.
messages::result<std::vector<std::filesystem::path>> escrow_folders(const key_access& access);

} // namespace storage
