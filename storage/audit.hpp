// The audit of a stopped node's journal, or of a copy of its folder: every entry, every row, every file.
// Writes nothing and needs no running node. Memory does not grow with the journal.
#pragma once

#include "storage/journal.hpp"

namespace storage {

/// One thing that is not as it was written.
struct audit_fault {
  std::uint64_t index = 0; ///< of the entry; 0: not an entry's
  std::string what;        ///< "changed", "missing", "a copy of entry 3", "in the place of entry 7", or which file
};

struct audit_report {
  std::uint64_t entries = 0;
  std::uint64_t sealed = 0, forgotten = 0; ///< entries with personal values that open, and that nobody can open again
  std::uint64_t signed_heads = 0;          ///< signatures that hold
  std::uint64_t rows = 0;                  ///< of views, outbox and replies whose sealed values open
  std::string head_tag; ///< hexadecimal: chain tag of the last entry, to compare with one kept elsewhere
  /// How far the journal of this epoch had come when the mark in the key folder was written; 0: there is none.
  /// More than `entries`: this is an older copy of it.
  std::uint64_t journal_reached = 0;
  std::uint64_t faults = 0;
  std::vector<audit_fault> first_faults; ///< the first 100
};

/// Reads everything in `options.folder` with `options.keys` (needed: the chain is keyed). Faults are in the report;
/// an error is what kept it from being made (`wrong_keys`, `journal_damaged` naming the file, …).
messages::result<audit_report> audit(journal_options options, std::vector<std::unique_ptr<view>> views,
                                     const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

} // namespace storage
