// Making backups: of a stopped node by command, of a running hub by its schedule.
#pragma once

#include "messages/draft.hpp"
#include "storage/backup.hpp"
#include "tools/schedule.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace tools {

/// What a backup is made of and where it goes.
struct backup_plan {
  std::filesystem::path data, keys; ///< of the journal
  std::filesystem::path to;         ///< the backup folder: elsewhere, best on another medium
  std::size_t kept = 0;             ///< how many backups stay; 0: all
};

/// Makes an openable copy of the journal in a folder that is not there yet (journal::copy_into).
using journal_copier = std::function<messages::result<storage::backup_source>(const std::filesystem::path& folder)>;

/// How a backup is told of, step by step.
struct backup_progress {
  storage::byte_progress copying, verifying;
  /// The key of backups was just made: whoever loses it has no backup.
  std::function<void(const std::filesystem::path& key)> key_made;
};

/// Copies, encrypts what no backup before had, reads every file of the new backup back. The copy stands beside the data
/// folder meanwhile, so that its tables are links. Errors: `wrong_value` (`to` lies in the data folder), those of @p
/// copier and of storage/backup.hpp.
messages::result<storage::backup_info> back_up(const backup_plan& plan, const journal_copier& copier,
                                               std::uint64_t now_ms, const backup_progress& tell = {});

/// When the next backup is due, UTC: @p every_ms after the newest; at once without one, or when the newest is of a time
/// that has not come yet (the host's clock was wrong once).
std::uint64_t next_backup_ms(std::optional<std::uint64_t> newest_ms, std::uint64_t every_ms, std::uint64_t now_ms);

/// Takes an event of the house into the journal that is backed up.
using event_teller = std::function<void(messages::event_draft)>;

/// How a backup is told of in the journal.
messages::event_draft told_made(const backup_plan& plan, const storage::backup_info& made);

/// Makes a backup whenever one is due. What was missed while the node did not run is made up for at the start. A backup
/// that fails is logged, told of once, and tried again after ten minutes.
class scheduled_backups {
public:
  /// All are called on a thread of its own; what they use has to outlive this object.
  scheduled_backups(backup_plan plan, std::uint64_t every_ms, journal_copier copier, event_teller tell,
                    std::function<std::uint64_t()> now_ms, std::chrono::milliseconds looks_every = schedule::usual);

private:
  /// When to try next.
  std::uint64_t make_when_due();
  std::uint64_t failed(const messages::error& why, std::uint64_t now_ms);

  const backup_plan plan_;
  const std::uint64_t every_ms_;
  const journal_copier copier_;
  const event_teller tell_;
  const std::function<std::uint64_t()> now_ms_;
  bool told_failed_ = false;
  schedule schedule_; ///< last: its thread uses all the others
};

} // namespace tools
