// One backup from copy to proof, and the schedule that makes them while the hub runs.
#include "tools/backups.hpp"

#include "messages/registry.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace tools {

namespace fs = std::filesystem;
using messages::error_code;
using messages::failure;
using messages::result;

namespace {

fs::path whole(const fs::path& folder) {
  auto path = fs::weakly_canonical(folder);
  return path.has_filename() ? path : path.parent_path();
}

/// The copy that a backup is made of; gone with this object, and what an interrupted backup left with its making.
class passing_copy {
public:
  explicit passing_copy(const fs::path& data) : folder_(whole(data) += ".backing-up") { remove(); }
  ~passing_copy() { remove(); }
  passing_copy(const passing_copy&) = delete;
  passing_copy& operator=(const passing_copy&) = delete;
  const fs::path& folder() const { return folder_; }

private:
  void remove() const {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  const fs::path folder_;
};

} // namespace

result<storage::backup_info> back_up(const backup_plan& plan, const journal_copier& copier, std::uint64_t now_ms,
                                     const backup_progress& tell) {
  if ((whole(plan.to).string() + "/").starts_with(whole(plan.data).string() + "/"))
    return failure(error_code::wrong_value, "backup folder", plan.to.string() + " (inside the data folder)");
  bool made = false;
  const auto key = storage::backup_key(plan.keys, made);
  if (!key) return failure(key.error());
  if (made && tell.key_made) tell.key_made(plan.keys / "backup.key");
  const passing_copy copy(plan.data);
  const auto source = copier(copy.folder());
  if (!source) return failure(source.error());
  const auto written = storage::make_backup(*source, plan.to, *key, now_ms, plan.kept, tell.copying);
  if (!written) return written;
  // Of the files that earlier backups wrote, too: they may have rotted since.
  if (const auto back = storage::verify_backup(plan.to, written->number, *key, tell.verifying); !back) return back;
  return written;
}

std::uint64_t next_backup_ms(std::optional<std::uint64_t> newest_ms, std::uint64_t every_ms, std::uint64_t now_ms) {
  if (!newest_ms || *newest_ms > now_ms) return now_ms;
  return *newest_ms + every_ms;
}

messages::event_draft told_made(const backup_plan& plan, const storage::backup_info& made) {
  return messages::make_draft(messages::backup_made{whole(plan.to).string(), made.number, made.index, made.files,
                                                    made.bytes, made.fresh_bytes});
}

scheduled_backups::scheduled_backups(backup_plan plan, std::uint64_t every_ms, journal_copier copier, event_teller tell,
                                     std::function<std::uint64_t()> now_ms, std::chrono::milliseconds looks_every)
    : plan_(std::move(plan)), every_ms_(every_ms), copier_(std::move(copier)), tell_(std::move(tell)),
      now_ms_(std::move(now_ms)), schedule_([this] { return make_when_due(); }, now_ms_, 0, looks_every) {}

std::uint64_t scheduled_backups::failed(const messages::error& why, std::uint64_t now_ms) {
  spdlog::error("backup: {}", messages::to_sentence(why));
  if (!std::exchange(told_failed_, true))
    tell_(messages::make_draft(messages::backup_failed{std::string{messages::describe(why.code).name}, why.args}));
  return now_ms + std::min(schedule_retry_ms, every_ms_);
}

std::uint64_t scheduled_backups::make_when_due() {
  const auto now = now_ms_();
  bool fresh_key = false;
  const auto key = storage::backup_key(plan_.keys, fresh_key);
  if (!key) return failed(key.error(), now);
  if (fresh_key)
    spdlog::warn("made the key of backups {}: keep a copy elsewhere, without it no backup can be read",
                 (plan_.keys / "backup.key").string());
  const auto there = storage::backups_in(plan_.to, *key);
  if (!there) return failed(there.error(), now);
  const auto newest = there->empty() ? std::nullopt : std::optional{there->back().time_ms};
  if (const auto due = next_backup_ms(newest, every_ms_, now); due > now) return due;
  const auto made = back_up(plan_, copier_, now);
  if (!made) return failed(made.error(), now);
  spdlog::info("backup {} in {}: up to entry {}, {} bytes, {} of them new, verified", made->number, plan_.to.string(),
               made->index, made->bytes, made->fresh_bytes);
  told_failed_ = false;
  tell_(told_made(plan_, *made));
  return now + every_ms_;
}

} // namespace tools
