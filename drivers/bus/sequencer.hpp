// A reader's order: frames of the tail and of replay in, in any order and with losses; events in order, and what to ask
// for, out. Pure: no socket, no thread; time comes in as milliseconds.
#pragma once

#include "drivers/bus/frames.hpp"
#include "messages/envelope.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bus {

struct sequencer_options {
  std::uint64_t from = 1;               ///< first index wanted; 0: only what happens from now on
  std::vector<std::string> topics = {}; ///< prefixes; empty: the whole tail (`#`), else one message per event
  bool until_head = false;              ///< ends at the head first heard of
  std::uint32_t answer_wait_ms = 2000;  ///< then a replay request is asked again
  std::uint32_t retry_wait_ms = 500;    ///< after replay.error
  std::size_t ahead_bytes_max =
      16 << 20; ///< live events kept while a gap before them is filled; more are asked for later
};

struct sequencer_counts {
  std::uint64_t delivered = 0, repeated = 0, gaps = 0, asked = 0, malformed = 0;
};

/// A whole-tail reader delivers every index once, in order. A reader of topics delivers every event of a topic once and
/// in that topic's order: each names the one before it, so that a loss is seen. Gaps are asked for, never guessed; a
/// changed epoch (said by a heartbeat) discards everything and starts from 1.
class sequencer {
public:
  explicit sequencer(sequencer_options options);

  /// A message of the live socket (`#`, `~`, or one event), and one of the replay socket.
  void take_live(frame_views message);
  void take_replay(frame_views message, std::uint64_t now_ms);

  /// The next event in order.
  std::optional<messages::event_envelope> pop();
  /// What to ask the replay socket for now; nothing while an answer is awaited.
  std::optional<replay_request> ask(std::uint64_t now_ms);
  /// Milliseconds until ask() may have something to say though nothing came in; 0: now; nothing: never.
  std::optional<std::uint32_t> ask_again_in_ms(std::uint64_t now_ms) const;

  /// Said once after each change: the epoch that holds from here on.
  std::optional<std::uint64_t> take_changed_epoch();
  /// A heartbeat said that nothing is missing.
  bool live() const;
  /// With until_head: everything up to the head seen at the start was popped.
  bool ended() const;
  std::uint64_t epoch() const { return epoch_; }
  std::uint64_t head() const { return head_; }                               ///< highest index heard of
  const std::optional<messages::error>& refused() const { return refused_; } ///< the last replay.error
  const sequencer_counts& counts() const { return counts_; }

private:
  struct held {
    messages::event_envelope event;
    std::uint64_t previous = 0;
    std::size_t bytes = 0;
  };

  bool by_topic() const { return !options_.topics.empty(); }
  bool is_current(std::uint64_t epoch);
  void start_again(std::uint64_t epoch);
  void begin(std::uint64_t index);
  void hear_of(std::uint64_t head, bool may_be_goal);
  void take_tail(const tail& t);
  void take_heartbeat(const heartbeat& h);
  void take_event(const one_event& e);
  void take_end(const replay_end& e, std::uint64_t now_ms);
  void offer(messages::event_envelope event, std::uint64_t previous, std::size_t bytes);
  bool is_old(const messages::event_envelope& event) const;
  bool is_next(const messages::event_envelope& event, std::uint64_t previous) const;
  std::uint64_t last_of(std::string_view topic) const;
  void deliver(messages::event_envelope event);
  void keep(messages::event_envelope event, std::uint64_t previous, std::size_t bytes);
  void drain_kept();
  std::uint64_t first_missing() const;
  std::uint64_t last_missing() const;

  sequencer_options options_;
  sequencer_counts counts_;
  std::deque<messages::event_envelope> ready_;
  std::map<std::uint64_t, held> ahead_; ///< live events behind a gap
  std::size_t ahead_bytes_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> last_, known_; ///< by topic: delivered, and known to exist
  std::uint64_t start_ = 1;                                        ///< first index wanted
  std::uint64_t next_ = 1;                                         ///< whole tail: next index to deliver
  std::uint64_t cursor_ = 1;  ///< by topic: replay was read up to here in this round
  std::uint64_t scanned_ = 0; ///< the furthest `next` of any replay.end
  std::uint64_t epoch_ = 0, head_ = 0, goal_ = 0;
  bool begun_ = false, epoch_known_ = false, beaten_ = false, goal_known_ = false;
  std::optional<std::uint64_t> changed_epoch_, asked_ms_;
  std::uint64_t asked_from_ = 0, delivered_when_asked_ = 0, not_before_ms_ = 0;
  std::optional<messages::error> refused_;
};

} // namespace bus
