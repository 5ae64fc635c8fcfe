// Changing the key-encryption key: how a patient is forgotten, how what was kept long enough is let go, how a key that
// may have been seen is replaced. One mechanism: keys that stay are wrapped under a new KEK, the old KEK is destroyed
// with its escrow copies, and so nothing that was destroyed can be unwrapped from any backup either.
//
// Only on a stopped node's journal. An interrupted rotation is finished by the next opening (key_folder.hpp).
#pragma once

#include "storage/journal.hpp"
#include "storage/retention.hpp"

#include <set>

namespace storage {

/// What is destroyed; nothing: the KEK alone is exchanged.
struct rotation {
  std::set<messages::id> forget;   ///< every key of these patients
  std::optional<retention> expire; ///< keys of months that are kept no longer
  bool only_look = false;          ///< change nothing; say what would be destroyed
  bool prove = true;               ///< afterwards read the whole journal with the keys that remain
  std::function<void(std::uint64_t, std::uint64_t)> progress; ///< of the proof
};

struct rotation_report {
  std::uint64_t generation = 0;                       ///< of the KEK afterwards
  std::uint64_t kept = 0, destroyed = 0;              ///< keys
  std::map<messages::id, std::uint64_t> forgotten;    ///< patients asked for, and how many keys each had
  std::uint64_t entries = 0;                          ///< whose personal values those keys sealed
  std::vector<std::filesystem::path> destroyed_files; ///< old KEKs, here and in escrow
  // The proof, read anew from the disk with what is in the key folder now:
  std::uint64_t unreadable = 0; ///< entries of `entries` that do not open any more
  std::uint64_t readable = 0;   ///< all other sealed entries, each one opened
};

} // namespace storage
