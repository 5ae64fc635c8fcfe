// Opening: where the journal stands, and whether what is there can be what was written. Its cost follows the open work,
// not the history: the first entry, the last thousand, one row per topic, the outbox.
#include "storage/scribe.hpp"

#include "messages/registry.hpp"
#include "storage/big_endian.hpp"
#include "storage/entry.hpp"

#include <algorithm>

namespace storage {

using messages::error_code;
using messages::failure;

std::vector<std::string> table_names(const view_list& views) {
  std::vector<std::string> names{"entries", "outbox", "replies", "topics", "meta", "keys", "key_names"};
  for (const auto& v : views)
    names.push_back("view." + std::string{v->name()});
  return names;
}

tl::unexpected<messages::error> scribe::damaged(std::string what) const {
  return failure(error_code::journal_damaged, options_.folder.string(), std::move(what));
}

messages::result<void> scribe::load(const std::optional<head_mark>& mark) {
  if (keys_.chain_key()) tags_.emplace(*keys_.chain_key());
  if (auto done = load_meta(); !done) return done;
  if (auto done = load_head(); !done) return done;
  // A mark of an earlier epoch speaks of the journal that a restored backup replaced.
  if (mark && mark->epoch == epoch_ && head_ < mark->index)
    return damaged("its last entry is " + std::to_string(head_) + ", but the file head says that entry " +
                   std::to_string(mark->index) + " was written");
  if (mark && mark->epoch > epoch_) return damaged("the file head is of a later epoch than the journal");
  if (auto done = check_tail(); !done) return done;
  if (auto done = load_topics(); !done) return done;
  return load_effects();
}

messages::result<void> scribe::load_meta() {
  const auto epoch = store_.get(meta_table, epoch_key);
  if (!epoch) return failure(epoch.error());
  if (*epoch)
    epoch_ = read_big_endian(**epoch);
  else if (!options_.read_only)
    store_.put(batch_, meta_table, epoch_key, index_key(epoch_));
  const auto replies = store_.get(meta_table, replies_key);
  if (!replies) return failure(replies.error());
  if (*replies && (*replies)->size() == 16) {
    reply_count_ = read_big_endian(std::string_view{**replies}.substr(0, 8));
    horizon_ms_ = read_big_endian(std::string_view{**replies}.substr(8));
  }
  if (batch_.empty()) return {};
  return store_.commit(batch_);
}

messages::result<void> scribe::load_head() {
  const auto last = store_.last(entries_table);
  if (!last) return failure(last.error());
  if (!*last) return {};
  if ((*last)->first.size() != 8) return damaged("an entry's key is not 8 bytes long");
  head_ = read_big_endian((*last)->first);
  std::uint64_t first = 0;
  const auto seen = store_.scan(entries_table, {}, [&](std::string_view key, std::string_view) {
    first = read_big_endian(key);
    ++entries_read_;
    return false;
  });
  if (!seen) return seen;
  if (first != 1) return damaged("its first entry is " + std::to_string(first));
  return {};
}

messages::result<void> scribe::check_tail() {
  if (head_ == 0) return {};
  std::uint64_t expected = head_ > tail_checked_entries ? head_ - tail_checked_entries + 1 : 1;
  std::optional<messages::error> fault;
  if (expected > 1) {
    const auto before = store_.get(entries_table, index_key(expected - 1));
    if (!before) return failure(before.error());
    const auto entry = *before ? parse_entry(expected - 1, **before) : failure(error_code::journal_damaged, "", "");
    if (!entry) return damaged("entry " + std::to_string(expected - 1) + ": it is missing or no entry");
    tag_ = entry->chain_tag;
  }
  const auto seen = store_.scan(entries_table, index_key(expected), [&](std::string_view key, std::string_view bytes) {
    ++entries_read_;
    const auto index = read_big_endian(key);
    const auto wrong = [&](const std::string& what) {
      fault = damaged("entry " + std::to_string(expected) + ": " + what).value();
      return false;
    };
    if (index != expected) return wrong("it is missing");
    const auto entry = parse_entry(index, bytes);
    if (!entry && entry.error().code == error_code::newer_version) {
      fault = entry.error();
      return false;
    }
    if (!entry) return wrong(entry.error().args.back());
    if (tags_ && chain_tag(*tags_, tag_, index, bytes) != entry->chain_tag)
      return wrong("it, or an entry before it, was changed: the chain does not hold");
    tag_ = entry->chain_tag;
    const auto envelope = unsealed_event(keys_, entry->topic, entry->envelope);
    const auto event = envelope ? messages::decode_event(*envelope) : failure(envelope.error());
    if (!event) return wrong("its envelope cannot be decoded");
    if (event->index != index || event->topic != entry->topic) return wrong("its envelope is of another entry");
    last_time_ms_ = std::max(last_time_ms_, event->time_ms);
    ++expected;
    return true;
  });
  if (!seen) return seen;
  if (fault) return failure(*fault);
  return {};
}

messages::result<void> scribe::load_topics() {
  std::uint64_t newest = 0;
  const auto seen = store_.scan(topics_table, {}, [&](std::string_view topic, std::string_view last) {
    newest = std::max(newest, topics_[std::string{topic}] = read_big_endian(last));
    return true;
  });
  if (!seen) return seen;
  if (newest != head_)
    return damaged("its topics end at entry " + std::to_string(newest) + ", its entries at " + std::to_string(head_));
  return {};
}

messages::result<void> scribe::load_effects() {
  bool good = true;
  const auto seen = store_.scan(outbox_table, {}, [&](std::string_view key, std::string_view bytes) {
    const auto effect = messages::decode_fields<messages::outbox_row>(bytes);
    good = effect.has_value();
    if (good) effects_.insert_or_assign(effect->effect, std::string{key});
    return good;
  });
  if (!seen) return seen;
  if (!good) return damaged("a row of the outbox cannot be decoded");
  return {};
}

messages::result<void> scribe::tell_followed_rotation() {
  if (!keys_.followed_rotation()) return {};
  sealed_draft told;
  std::uint64_t destroyed = 0;
  for (const auto& [patient, keys] : keys_.found_forgotten()) {
    told.what.events.push_back(messages::make_draft(messages::patient_forgotten{patient, keys}));
    destroyed += keys;
  }
  told.what.events.push_back(messages::make_draft(messages::keys_rotated{keys_.kek().generation, 0, destroyed}));
  told.bodies.resize(told.what.events.size());
  add(std::move(told));
  if (auto built = build(); !built) return built;
  if (auto done = commit(); !done) return done;
  take_committed();
  return {};
}

} // namespace storage
