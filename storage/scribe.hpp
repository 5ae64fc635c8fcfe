// The scribe turns drafts into entries: what the journal's thread knows while it writes. Not thread-safe: used by the
// opening, then by the journal's thread alone.
#pragma once

#include "messages/draft.hpp"
#include "storage/entry.hpp"
#include "storage/head_mark.hpp"
#include "storage/journal.hpp"
#include "storage/sealing.hpp"
#include "storage/store.hpp"
#include "storage/tables.hpp"

#include <set>
#include <unordered_map>

namespace storage {

class scribe {
public:
  scribe(store& into, keyring& keys, const journal_options& options);

  /// Reads where the journal stands and checks its tail against @p mark. Errors: `journal_damaged`, `newer_version`.
  messages::result<void> load(const std::optional<head_mark>& mark);
  /// Events for what an opening found rotated and forgotten elsewhere (keyring::load).
  messages::result<void> tell_followed_rotation();
  /// For rotating keys: what goes into the batch beside drafts.
  store::batch& batch();

  /// Why @p what cannot be an append; nothing when it can. Reads limits only: safe from any thread.
  static std::optional<messages::error> fault_of(const messages::draft& what, const journal_limits& limits);

  /// Adds @p what to the batch. Indexes are given out now; they count only when commit() succeeds.
  appended add(sealed_draft&& what);
  std::size_t batch_bytes() const { return batch_.bytes(); }
  bool batch_empty() const { return batch_.empty(); } ///< nothing but empty drafts, or effects settled before
  /// Completes the batch, and makes it durable. After an error the scribe is not used any more.
  messages::result<void> build();
  messages::result<void> commit();
  /// The events of the batch that was committed: for who listens (null when it had none), and for the views.
  std::shared_ptr<const committed> take_committed();
  std::vector<folded_event> take_folded();

  std::uint64_t head() const { return head_; }
  std::uint64_t epoch() const { return epoch_; }
  /// Chain tag of the last entry.
  const std::string& tag() const { return tag_; }
  const std::map<std::string, std::uint64_t, std::less<>>& topics() const { return topics_; }
  std::uint64_t entries_read() const { return entries_read_; }
  /// Replies to commands with an older id were erased.
  std::uint64_t replies_horizon_ms() const { return horizon_ms_; }

private:
  messages::result<void> load_meta();
  messages::result<void> load_head();
  messages::result<void> check_tail();
  messages::result<void> load_topics();
  messages::result<void> load_effects();
  void add_event(messages::event_draft&& draft, sealed_draft::body&& sealed);
  void sign_head();
  void settle(const messages::id& effect);
  void remember(const messages::remembered_reply& reply);
  messages::result<void> forget_old_replies();
  tl::unexpected<messages::error> damaged(std::string what) const;

  store& store_;
  keyring& keys_;
  const journal_options& options_;
  store::batch batch_;
  std::shared_ptr<committed> events_;
  std::vector<folded_event> folded_;
  bool replies_changed_ = false;
  std::uint64_t fresh_keys_ = 0; ///< in the batch: see keyring::put_fresh()

  std::uint64_t head_ = 0, epoch_ = 1, last_time_ms_ = 0, batch_time_ms_ = 0;
  std::uint64_t entries_read_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> topics_;
  std::set<std::string_view> changed_topics_; ///< in the batch; names of topics_
  std::optional<tagger> tags_;                ///< none in a reading without keys
  std::string tag_{first_tag()};
  std::unordered_map<messages::id, std::string> effects_; ///< effect → its key in the outbox

  std::uint64_t reply_count_ = 0, horizon_ms_ = 0;
  std::string oldest_in_batch_;
  std::string oldest_reply_; ///< no reply has a smaller key: where pruning looks next, past what it erased before
};

} // namespace storage
