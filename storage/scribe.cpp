// Writing: from drafts to one batch.
#include "storage/scribe.hpp"

#include "storage/big_endian.hpp"
#include "storage/entry.hpp"
#include "messages/registry.hpp"

#include <algorithm>

namespace storage {

using messages::error_code;
using messages::failure;

namespace {

static_assert(std::get<messages::field_count<messages::event_envelope> - 1>(messages::event_envelope::fields()).name ==
                  "body",
              "an entry's sealed body takes the place of what the envelope ends with");

/// How many old replies one batch may take along.
constexpr std::size_t replies_pruned_per_batch_max = 64;
/// The most bytes an envelope has beside its topic, desk, account and body: keys, numbers and two ids.
constexpr std::size_t envelope_frame_bytes_max = 192;

std::string_view key_of(const messages::id& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), messages::id::size};
}

/// A body is a packed map (or empty, which is written as an empty map); the rest is decoded by those who read it.
bool may_be_map(std::string_view body) {
  if (body.empty()) return true;
  const auto first = static_cast<std::uint8_t>(body.front());
  return (first & 0xf0) == 0x80 || first == 0xde || first == 0xdf;
}

} // namespace

scribe::scribe(store& into, keyring& keys, const journal_options& options)
    : store_(into), keys_(keys), options_(options) {}

std::optional<messages::error> scribe::fault_of(const messages::draft& what, const journal_limits& limits) {
  const auto fault = [](error_code code, std::string a, std::string b = {}) { return messages::error{code, {a, b}}; };
  if (what.events.empty() && !what.outbox.empty()) return fault(error_code::missing_value, "event of an outbox row");
  if (what.events.size() > limits.append_events_max)
    return fault(error_code::too_large, "append", std::to_string(limits.append_events_max) + " events");
  for (const auto& event : what.events) {
    if (event.topic.empty() || event.topic.size() > 80) return fault(error_code::malformed, "draft", "no topic");
    if (!may_be_map(event.body)) return fault(error_code::malformed, event.topic, "the body is no map");
    if (envelope_frame_bytes_max + event.topic.size() + event.desk.size() + event.account.size() + event.body.size() >
        messages::event_bytes_max)
      return fault(error_code::too_large, event.topic, std::to_string(messages::event_bytes_max) + " bytes");
  }
  for (const auto& owed : what.outbox)
    if (owed.effect.empty()) return fault(error_code::missing_value, "effect of an outbox row");
  for (const auto& reply : what.replies)
    if (reply.command.empty()) return fault(error_code::missing_value, "command of a reply");
  return std::nullopt;
}

store::batch& scribe::batch() {
  if (batch_.empty()) batch_time_ms_ = std::max(options_.now_ms(), last_time_ms_);
  return batch_;
}

appended scribe::add(sealed_draft&& sealed) {
  auto& what = sealed.what;
  batch(); // its time, when this is the first in it
  if (what.events.empty()) {
    for (const auto& effect : what.settled)
      settle(effect);
    for (const auto& reply : what.replies)
      remember(reply);
    return {head_, 0};
  }
  if (head_ > 0 && day_text(batch_time_ms_) != day_text(last_time_ms_)) sign_head();
  const auto first = head_ + 1;
  for (std::size_t n = 0; n < what.events.size(); ++n)
    add_event(std::move(what.events[n]), std::move(sealed.bodies[n]));
  for (const auto& effect : what.settled)
    settle(effect);
  std::uint64_t n = 0;
  for (const auto& owed : what.outbox) {
    settle(owed.effect); // an effect has one row: asking again replaces it
    auto key = index_key(first);
    put_big_endian(key, n++, 4);
    store_.put(batch_, outbox_table, key, messages::encode_body(owed));
    effects_.insert_or_assign(owed.effect, std::move(key));
  }
  for (const auto& reply : what.replies)
    remember(reply);
  return {first, what.events.size()};
}

/// The first event of a day is the signature over all before it (FORMAT.md).
void scribe::sign_head() {
  messages::head_signed head;
  head.day = day_text(batch_time_ms_);
  head.index = head_;
  const auto octets = [](std::string_view s) { return messages::bytes(s.begin(), s.end()); };
  head.tag = octets(tag_);
  head.public_key = octets(public_key_of(*keys_.signing_key()));
  head.signature = octets(sign(*keys_.signing_key(), signed_text(head.day, head.index, tag_)));
  add_event(messages::make_draft(head), {});
}

void scribe::add_event(messages::event_draft&& draft, sealed_draft::body&& sealed) {
  const auto& event =
      folded_.emplace_back(messages::event_envelope{draft.v, ++head_, batch_time_ms_, std::move(draft.topic),
                                                    options_.node, std::move(draft.desk), draft.checkin,
                                                    std::move(draft.account), draft.cause, std::move(draft.body)},
                           std::move(sealed.typed));
  last_time_ms_ = batch_time_ms_;
  const auto [topic, fresh] = topics_.try_emplace(event.topic, 0);
  if (!events_) {
    events_ = std::make_shared<committed>();
    events_->epoch = epoch_;
    events_->first_index = head_;
  }
  events_->events.push_back({head_, topic->second, event.topic, messages::encode(event)});
  const std::string_view envelope = events_->events.back().envelope;
  const auto body_at = envelope.size() - std::max<std::size_t>(1, event.body.size()); // an empty one is an empty map
  auto& shown = events_->redacted.emplace_back();
  if (sealed.key_id != 0) {
    shown.reserve(body_at + sealed.redacted.size());
    shown.append(envelope.substr(0, body_at)).append(sealed.redacted);
  }
  auto head = entry_header(sealed.key_id, topic->second, event.topic);
  head.append(envelope.substr(0, body_at));
  const auto body = sealed.key_id != 0 ? std::string_view{sealed.bytes} : envelope.substr(body_at);
  tag_ = chain_tag(*tags_, tag_, head_, head, body);
  set_chain_tag(head, tag_);
  store_.put(batch_, entries_table, index_key(head_), head, body);
  topic->second = head_;
  changed_topics_.insert(topic->first);
}

void scribe::settle(const messages::id& effect) {
  const auto found = effects_.find(effect);
  if (found == effects_.end()) return; // settled twice, or never bound: nothing is owed
  store_.erase(batch_, outbox_table, found->second);
  effects_.erase(found);
}

void scribe::remember(const messages::remembered_reply& reply) {
  std::string time;
  put_big_endian(time, batch_time_ms_);
  store_.put(batch_, replies_table, key_of(reply.command), time, reply.frame);
  if (!replies_changed_ || oldest_in_batch_ > key_of(reply.command)) oldest_in_batch_ = key_of(reply.command);
  if (oldest_reply_ > oldest_in_batch_) oldest_reply_ = oldest_in_batch_;
  ++reply_count_; // a reply given twice counts twice: the limit errs on the small side
  replies_changed_ = true;
}

messages::result<void> scribe::forget_old_replies() {
  const auto kept = options_.limits.reply_kept_ms;
  const auto old_ms = batch_time_ms_ > kept ? batch_time_ms_ - kept : 0;
  const auto first_time = oldest_reply_.empty() ? 0 : read_big_endian(std::string_view{oldest_reply_}.substr(0, 6));
  if (reply_count_ <= options_.limits.replies_max && first_time >= old_ms) return {};
  std::size_t erased = 0;
  bool more = false;
  const auto seen = store_.scan(replies_table, oldest_reply_, [&](std::string_view key, std::string_view) {
    const auto made_ms = read_big_endian(key.substr(0, 6));
    oldest_reply_ = key;
    more = (made_ms >= old_ms && reply_count_ <= options_.limits.replies_max) || erased == replies_pruned_per_batch_max;
    if (more) return false;
    store_.erase(batch_, replies_table, key);
    ++erased;
    if (reply_count_ > 0) --reply_count_;
    horizon_ms_ = std::max(horizon_ms_, made_ms + 1);
    return true;
  });
  // What this batch remembers is not in the table yet.
  if (!more || oldest_reply_ > oldest_in_batch_) oldest_reply_ = oldest_in_batch_;
  return seen;
}

messages::result<void> scribe::build() {
  for (const auto topic : changed_topics_)
    store_.put(batch_, topics_table, topic, index_key(topics_.find(topic)->second));
  changed_topics_.clear();
  if (replies_changed_) {
    if (auto done = forget_old_replies(); !done) return done;
    std::string counts;
    put_big_endian(counts, reply_count_);
    put_big_endian(counts, horizon_ms_);
    store_.put(batch_, meta_table, replies_key, counts);
    replies_changed_ = false;
  }
  fresh_keys_ = keys_.put_fresh(batch_);
  return {};
}

messages::result<void> scribe::commit() {
  if (auto done = store_.commit(batch_); !done) return done;
  keys_.settle_fresh(fresh_keys_);
  return {};
}

std::shared_ptr<const committed> scribe::take_committed() { return std::exchange(events_, nullptr); }
std::vector<folded_event> scribe::take_folded() { return std::exchange(folded_, {}); }

} // namespace storage
