// One backup from copy to proof, and the schedule that makes them while the hub runs.
#include "tools/backups.hpp"

#include "messages/error.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

namespace tools {

namespace fs = std::filesystem;
using messages::error_code;
using messages::failure;
using messages::result;

namespace {

constexpr std::uint64_t retry_ms = 10 * 60'000;
/// How often the clock is looked at: it may be set while the thread sleeps.
constexpr std::chrono::seconds looks_every{30};

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

scheduled_backups::scheduled_backups(backup_plan plan, std::uint64_t every_ms, journal_copier copier,
                                     std::function<std::uint64_t()> now_ms)
    : plan_(std::move(plan)), every_ms_(every_ms), copier_(std::move(copier)), now_ms_(std::move(now_ms)),
      thread_([this] { run(); }) {}

scheduled_backups::~scheduled_backups() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ended_.notify_one();
  thread_.join();
}

void scheduled_backups::run() {
  for (std::uint64_t next = 0;;) {
    if (now_ms_() >= next) next = make_when_due();
    std::unique_lock lock(mutex_);
    if (ended_.wait_for(lock, looks_every, [this] { return ending_; })) return;
  }
}

std::uint64_t scheduled_backups::make_when_due() {
  const auto now = now_ms_();
  const auto failed = [&](const messages::error& why) {
    spdlog::error("backup: {}", messages::to_sentence(why));
    return now + std::min(retry_ms, every_ms_);
  };
  bool fresh_key = false;
  const auto key = storage::backup_key(plan_.keys, fresh_key);
  if (!key) return failed(key.error());
  if (fresh_key)
    spdlog::warn("made the key of backups {}: keep a copy elsewhere, without it no backup can be read",
                 (plan_.keys / "backup.key").string());
  const auto there = storage::backups_in(plan_.to, *key);
  if (!there) return failed(there.error());
  const auto newest = there->empty() ? std::nullopt : std::optional{there->back().time_ms};
  if (const auto due = next_backup_ms(newest, every_ms_, now); due > now) return due;
  const auto made = back_up(plan_, copier_, now);
  if (!made) return failed(made.error());
  spdlog::info("backup {} in {}: up to entry {}, {} bytes, {} of them new, verified", made->number, plan_.to.string(),
               made->index, made->bytes, made->fresh_bytes);
  return now + every_ms_;
}

} // namespace tools
