// RocksDB's write-ahead log, read before RocksDB reads it: is what follows its last whole batch a write that a power
// cut tore, or rot? RocksDB itself cannot tell in a log that was filled with zeros beforehand (filled_logs.hpp), it
// skips what follows a header of zeros without a word (in its manifest too), and aborts when two logs hold the same
// batches. The format is RocksDB's (log_format.h): blocks of 32 KiB, records of checksum (4), size (2), type (1).
//
// Pure but for heal_logs() and check_manifest().
#pragma once

#include "messages/result.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace storage {

struct log_state {
  enum class rest {
    clean,  ///< nothing, or zeros to the end
    torn,   ///< one write that was never acknowledged; goes
    damaged ///< what is there was whole once, or whole batches follow
  };
  std::uint64_t batches = 0;    ///< whole, one after another in sequence
  std::uint64_t good_bytes = 0; ///< where the last of them ends
  std::uint64_t sequence = 0;   ///< of the first change in it
  std::uint64_t past = 0;       ///< one more than that of the last
  rest after = rest::clean;
};

/// Looks through @p log from its first byte; @p visit gets each whole batch.
log_state look_through_log(std::string_view log, const std::function<void(std::string_view batch)>& visit = {});

/// What was found in the logs of a folder.
struct healed_logs {
  bool torn = false; ///< the newest one ended in a torn write: cut off, or (read only) still there
};

/// Cuts off a torn write at the end of the newest log of @p folder, unless @p read_only. `journal_damaged` naming the
/// file, and the entry before the damage by @p entry_of (of a batch: the last entry it puts), when a log is damaged.
messages::result<healed_logs>
heal_logs(const std::filesystem::path& folder, bool read_only,
          const std::function<std::optional<std::uint64_t>(std::string_view batch)>& entry_of);

/// Where the last of the whole records from the first byte on ends. The manifest is such a file too.
std::size_t end_of_records(std::string_view log);

/// Does a whole record follow one that is none?
bool has_hole(std::string_view log);

/// `journal_damaged` when the manifest that CURRENT names has a hole: RocksDB would forget tables without a word.
messages::result<void> check_manifest(const std::filesystem::path& folder);

/// CRC-32C (Castagnoli), as RocksDB's logs have it before masking.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

} // namespace storage
