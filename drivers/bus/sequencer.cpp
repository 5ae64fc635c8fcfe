// A reader's order: what is delivered, what is kept, what is asked for.
#include "drivers/bus/sequencer.hpp"

#include <algorithm>

namespace bus {

using messages::event_envelope;

sequencer::sequencer(sequencer_options options) : options_(std::move(options)) {
  if (options_.from > 0) begin(options_.from);
}

void sequencer::begin(std::uint64_t index) {
  begun_ = true;
  start_ = next_ = cursor_ = index;
}

// -- epochs --------------------------------------------------------------------------------------------------------

bool sequencer::is_current(std::uint64_t epoch) {
  if (!epoch_known_) {
    epoch_ = epoch;
    epoch_known_ = true;
  }
  return epoch == epoch_;
}

void sequencer::start_again(std::uint64_t epoch) {
  ready_.clear();
  ahead_.clear();
  ahead_bytes_ = 0;
  last_.clear();
  known_.clear();
  scanned_ = head_ = goal_ = 0;
  beaten_ = goal_known_ = false;
  asked_ms_.reset();
  not_before_ms_ = 0;
  epoch_ = epoch;
  changed_epoch_ = epoch;
  begin(1);
}

std::optional<std::uint64_t> sequencer::take_changed_epoch() { return std::exchange(changed_epoch_, std::nullopt); }

// -- what comes in -------------------------------------------------------------------------------------------------

void sequencer::take_live(frame_views message) {
  const auto topic = message.empty() ? std::string_view{} : message[0];
  if (options_.until_head && topic != heartbeat_topic) return; // what is wanted is in the journal already
  if (topic == tail_topic) {
    if (const auto t = read_tail(message); !t)
      ++counts_.malformed;
    else
      take_tail(*t);
  } else if (topic == heartbeat_topic) {
    if (const auto h = read_heartbeat(message); !h)
      ++counts_.malformed;
    else
      take_heartbeat(*h);
  } else if (const auto e = read_event(message); !e)
    ++counts_.malformed;
  else
    take_event(*e);
}

void sequencer::take_replay(frame_views message, std::uint64_t now_ms) {
  const auto topic = message.empty() ? std::string_view{} : message[0];
  if (topic == replay_end_topic) {
    if (const auto e = read_replay_end(message); !e)
      ++counts_.malformed;
    else
      take_end(*e, now_ms);
  } else if (topic == replay_error_topic) {
    refused_ = read_replay_error(message);
    asked_ms_.reset();
    not_before_ms_ = now_ms + options_.retry_wait_ms;
  } else if (topic == tail_topic) { // as it was asked for: many events a message
    if (const auto t = read_tail(message); !t)
      ++counts_.malformed;
    else
      take_tail(*t);
  } else if (const auto e = read_event(message); !e)
    ++counts_.malformed;
  else
    take_event(*e);
}

void sequencer::hear_of(std::uint64_t head, bool may_be_goal) {
  head_ = std::max(head_, head);
  if (may_be_goal && !goal_known_) {
    goal_ = head;
    goal_known_ = true;
  }
}

void sequencer::take_heartbeat(const heartbeat& h) {
  if (!is_current(h.epoch)) start_again(h.epoch);
  hear_of(h.head, true);
  if (!begun_) begin(h.head + 1);
  beaten_ = true;
  if (by_topic())
    for (const auto& [topic, index] : h.last_of_topic)
      if (is_wanted(topic, options_.topics)) {
        auto& known = known_[topic];
        known = std::max(known, index);
      }
}

void sequencer::take_tail(const tail& t) {
  if (by_topic() || !begun_ || !is_current(t.epoch)) return;
  hear_of(t.first_index + t.envelopes.size() - 1, false);
  for (std::size_t n = 0; n < t.envelopes.size(); ++n) {
    if (t.first_index + n < next_) {
      ++counts_.repeated;
      continue;
    }
    auto event = messages::decode_event(t.envelopes[n]);
    if (!event || event->index != t.first_index + n) {
      ++counts_.malformed; // replay will serve it, and what follows it
      return;
    }
    offer(std::move(*event), t.first_index + n - 1, t.envelopes[n].size());
  }
}

void sequencer::take_event(const one_event& e) {
  if (!begun_ || !is_current(e.epoch) || !is_wanted(e.topic, options_.topics)) return;
  auto event = messages::decode_event(e.envelope);
  if (!event || event->index != e.index || event->topic != e.topic) {
    ++counts_.malformed;
    return;
  }
  if (by_topic()) {
    auto& known = known_[event->topic];
    known = std::max(known, e.index);
  }
  hear_of(e.index, false);
  offer(std::move(*event), e.previous, e.envelope.size());
}

void sequencer::take_end(const replay_end& e, std::uint64_t now_ms) {
  asked_ms_.reset();
  const bool moved = counts_.delivered != delivered_when_asked_ || e.next > asked_from_;
  if (!is_current(e.epoch) || !moved) not_before_ms_ = now_ms + options_.retry_wait_ms;
  if (e.epoch != epoch_) return; // the heartbeat decides which epoch holds
  refused_.reset();
  hear_of(e.head, true);
  cursor_ = std::max(cursor_, e.next);
  scanned_ = std::max(scanned_, e.next);
}

// -- order ---------------------------------------------------------------------------------------------------------

std::uint64_t sequencer::last_of(std::string_view topic) const {
  const auto found = last_.find(topic);
  return std::max(found == last_.end() ? 0 : found->second, start_ - 1);
}

bool sequencer::is_old(const event_envelope& event) const {
  return event.index < start_ || (by_topic() ? event.index <= last_of(event.topic) : event.index < next_);
}

bool sequencer::is_next(const event_envelope& event, std::uint64_t previous) const {
  return by_topic() ? previous <= last_of(event.topic) : event.index == next_;
}

void sequencer::offer(event_envelope event, std::uint64_t previous, std::size_t bytes) {
  if (is_old(event)) {
    ++counts_.repeated;
    return;
  }
  if (!is_next(event, previous)) return keep(std::move(event), previous, bytes);
  deliver(std::move(event));
  drain_kept();
}

void sequencer::deliver(event_envelope event) {
  if (by_topic())
    last_[event.topic] = event.index;
  else
    next_ = event.index + 1;
  ++counts_.delivered;
  if (!options_.until_head || !goal_known_ || event.index <= goal_) ready_.push_back(std::move(event));
}

void sequencer::keep(event_envelope event, std::uint64_t previous, std::size_t bytes) {
  const auto index = event.index;
  bytes += sizeof(held);
  if (!ahead_.emplace(index, held{std::move(event), previous, bytes}).second) {
    ++counts_.repeated;
    return;
  }
  ++counts_.gaps;
  ahead_bytes_ += bytes;
  while (ahead_bytes_ > options_.ahead_bytes_max) { // the furthest goes: replay comes to it last
    const auto furthest = std::prev(ahead_.end());
    ahead_bytes_ -= furthest->second.bytes;
    ahead_.erase(furthest);
  }
}

void sequencer::drain_kept() {
  for (auto at = ahead_.begin(); at != ahead_.end();) {
    auto& [event, previous, bytes] = at->second;
    const bool old = is_old(event);
    if (!old && !is_next(event, previous)) {
      if (!by_topic()) return; // one chain: nothing behind this one can be next
      ++at;
      continue;
    }
    ahead_bytes_ -= bytes;
    if (old)
      ++counts_.repeated;
    else
      deliver(std::move(event));
    at = ahead_.erase(at);
  }
}

std::optional<event_envelope> sequencer::pop() {
  if (ready_.empty()) return std::nullopt;
  auto event = std::move(ready_.front());
  ready_.pop_front();
  return event;
}

// -- what to ask ---------------------------------------------------------------------------------------------------

/// The first index that may be missing; 0: none. Before the first heartbeat: whatever replay has not read yet.
std::uint64_t sequencer::first_missing() const {
  if (!begun_) return 0;
  if (!by_topic()) return next_ <= head_ || (!beaten_ && scanned_ == 0) ? next_ : 0;
  std::uint64_t first = 0;
  for (const auto& [topic, index] : known_)
    if (const auto last = last_of(topic); index > last && (first == 0 || last + 1 < first)) first = last + 1;
  if (first == 0 && !beaten_ && (scanned_ == 0 || cursor_ <= head_)) return cursor_;
  return first;
}

std::uint64_t sequencer::last_missing() const {
  if (!by_topic()) return head_;
  std::uint64_t last = 0;
  for (const auto& [topic, index] : known_)
    if (index > last_of(topic)) last = std::max(last, index);
  return last;
}

std::optional<replay_request> sequencer::ask(std::uint64_t now_ms) {
  if (ask_again_in_ms(now_ms) != 0u) return std::nullopt;
  auto from = first_missing();
  std::uint64_t limit = replay_limit_max;
  if (by_topic()) {
    if (const auto last = last_missing(); last != 0 && cursor_ > last) { // a round found not all: the next one
      const bool first_round = cursor_ == start_ || scanned_ < last;
      cursor_ = from;
      if (!first_round) {
        scanned_ = std::min(scanned_, from);
        not_before_ms_ = now_ms + options_.retry_wait_ms;
        return std::nullopt;
      }
    }
    from = std::max(from, cursor_);
  } else if (!ahead_.empty() && ahead_.begin()->first > from) {
    limit = std::min(limit, ahead_.begin()->first - from);
  }
  asked_ms_ = now_ms;
  asked_from_ = from;
  delivered_when_asked_ = counts_.delivered;
  ++counts_.asked;
  return replay_request{from, limit, options_.topics, !by_topic()};
}

std::optional<std::uint32_t> sequencer::ask_again_in_ms(std::uint64_t now_ms) const {
  if (ended() || first_missing() == 0) return std::nullopt;
  const auto when = std::max(not_before_ms_, asked_ms_ ? *asked_ms_ + options_.answer_wait_ms : 0);
  return when > now_ms ? static_cast<std::uint32_t>(when - now_ms) : 0;
}

bool sequencer::live() const { return beaten_ && first_missing() == 0; }

bool sequencer::ended() const {
  if (!options_.until_head || !goal_known_ || !ready_.empty()) return false;
  if (!by_topic()) return next_ > goal_;
  return first_missing() == 0 && (beaten_ || scanned_ > goal_);
}

} // namespace bus
