// Backups of a journal: encrypted, incremental, verified; and bringing one back. FORMAT.md has the folder byte for
// byte.
//
// A backup folder holds `objects/` (each file of the database once, encrypted under a name that tells nothing) and
// `backups/NUMBER` (what one backup is made of, encrypted; written last: a backup whose file is there is whole). The
// key is a file of its own in the keys folder: whoever loses it has no backup. Patients' keys are in it only as the
// journal has them, wrapped by the key-encryption key: what was forgotten stays forgotten.
//
// Errors: `backup_damaged`, `wrong_backup_key`, `no_backup_key`, `not_empty`, `no_such_data`, `disk_full`,
// `write_failed`, `file_unreadable`, `busy`, and those of opening the journal.
#pragma once

#include "messages/result.hpp"
#include "storage/cipher.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

namespace storage {

/// Called with what is done and what there is to do, in bytes; on the calling thread.
using byte_progress = std::function<void(std::uint64_t done, std::uint64_t of)>;

/// The file `backup.key` of @p keys_folder (0600).
messages::result<key_bytes> read_backup_key(const std::filesystem::path& keys_folder);
/// The same; made when it is not there. @p made: a new one, of which the owner has to keep a copy elsewhere.
messages::result<key_bytes> backup_key(const std::filesystem::path& keys_folder, bool& made);

/// What is copied: an openable copy of a database that nobody changes (journal::copy_into).
struct backup_source {
  std::filesystem::path folder;
  std::uint64_t index = 0, epoch = 0;
};

struct backup_info {
  std::uint64_t number = 0;
  std::uint64_t time_ms = 0; ///< UTC
  std::uint64_t index = 0;   ///< the journal up to this entry
  std::uint64_t epoch = 0;
  std::uint64_t files = 0, bytes = 0;
  std::uint64_t fresh_bytes = 0; ///< of the bytes, those that no backup before had
};

/// Writes a backup into @p into (made when missing), reads back and compares every new file, keeps the newest @p kept
/// (0: all). Killed at any moment it leaves the backups before as they were.
messages::result<backup_info> make_backup(const backup_source& of, const std::filesystem::path& into,
                                          const key_bytes& key, std::uint64_t time_ms, std::size_t kept = 0,
                                          const byte_progress& tell = {});

/// The backups in @p folder, oldest first.
messages::result<std::vector<backup_info>> backups_in(const std::filesystem::path& folder, const key_bytes& key);

/// Decrypts and compares every file of backup @p number (0: the newest).
messages::result<backup_info> verify_backup(const std::filesystem::path& folder, std::uint64_t number,
                                            const key_bytes& key, const byte_progress& tell = {});

/// Brings backup @p number (0: the newest) into @p into, which must be missing or empty, under epoch @p new_epoch (at
/// least one more than any before: subscribers begin again). The folder appears whole, by one rename, or not at all.
messages::result<backup_info> restore_backup(const std::filesystem::path& folder, std::uint64_t number,
                                             const key_bytes& key, const std::filesystem::path& into,
                                             std::uint64_t new_epoch, const byte_progress& tell = {});

/// The same with a plain @p copy of a data folder, which has to open: how to go on with an older state knowingly.
messages::result<backup_info> restore_copy(const std::filesystem::path& copy, const std::filesystem::path& into,
                                           std::uint64_t new_epoch);

} // namespace storage
