// A node's end of the command bus without its socket: signs of life, the node's open commands, and the one answer to
// each of them.
//
// Pure: time comes in as milliseconds, frames as bytes, and what is to be sent goes out through a function. One thread.
#pragma once

#include "messages/commands.hpp"
#include "messages/envelope.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bus {

struct dealer_limits {
  std::size_t queue_max = 1024;        ///< envelopes kept while the hub is away or does not read
  std::size_t open_max = 4096;         ///< own commands without an answer yet
  std::uint32_t hello_every_ms = 500;  ///< the sign of life
  std::uint32_t silent_ms = 1750;      ///< a hub not heard for so long is lost: patients read it within two seconds
  std::uint32_t answer_grace_ms = 250; ///< after a deadline the switchboard's answer, which knows more, comes first
};

/// Called from within look() (of node_end: take() and turn()), on its thread; they may call send(). Empty
/// ones are skipped.
struct dealer_events {
  std::function<void(messages::command_envelope)> on_command;
  /// The one answer to a command that send() accepted: the receiver's, the switchboard's, or made here
  /// (unknown_address: the hub was away; deadline_passed: not sent in time; outcome_unknown: sent, never answered).
  std::function<void(messages::command_envelope)> on_reply;
  /// The hub answered for the first time, or again after it was lost; @p changed: by another incarnation than before.
  std::function<void(const messages::node_welcome&, bool changed)> on_hub;
  std::function<void()> on_hub_lost;
  /// The hub refuses this node (not_spoken_for, busy, newer_version); it goes on asking.
  std::function<void(const messages::error&)> on_refused;
  /// The hub does not let this node's key in (any more); it goes on trying.
  std::function<void()> on_key_refused = {};
};

struct dealer_counts {
  std::uint64_t commands_sent = 0, replies_sent = 0, commands_received = 0, replies_received = 0;
  std::uint64_t answered_here = 0; ///< error replies made here
  std::uint64_t late_replies = 0;  ///< to commands that had their answer
  std::uint64_t malformed = 0, dropped_replies = 0;
  std::size_t open = 0, queued = 0;
};

struct node_facts {
  std::string hub, node;
  std::vector<std::string> actors;
  std::string program_version;
  messages::id incarnation; ///< of this process; not empty
  dealer_limits limits;
};

class node_end {
public:
  /// Hands a frame over to whoever carries it; false: nobody takes it just now.
  using outlet = std::function<bool(std::string_view frame)>;

  node_end(node_facts facts, outlet out) : facts_(std::move(facts)), out_(std::move(out)) {}

  /// As dealer::send().
  bool send(const messages::command_envelope& envelope, std::uint64_t now_ms);
  /// A frame that came. @p alone: it was the only one of its message.
  void take(std::string_view content, bool alone, std::uint64_t now_ms, const dealer_events& events);
  /// Says hello, sends what was kept, and answers what is overdue, each when its time has come. @p connected: whoever
  /// refused the last hello would take one now. First take() what has come: after a long pause the signs of life are
  /// there, only unread.
  void turn(std::uint64_t now_ms, bool connected, const dealer_events& events);
  /// Is there anything for turn() to do?
  bool is_due(std::uint64_t now_ms) const { return !queue_.empty() || due_at_ms() <= now_ms || !hub_present_; }
  std::uint64_t due_at_ms() const;
  bool hello_waits() const { return hello_waits_; } ///< nobody took the last one
  void say_hello_soon() { next_hello_ms_ = 0; }

  bool hub_present() const { return hub_present_; }
  dealer_counts counts() const;

private:
  using due_list = std::multimap<std::uint64_t, messages::id>;
  struct open_command {
    messages::command_envelope command; ///< without its body
    bool sent = false;
    due_list::iterator due;
  };
  using open_list = std::unordered_map<messages::id, open_command>;
  struct waiting {
    messages::command_envelope envelope;
    std::uint64_t until_ms = 0;
  };

  bool put(const messages::command_envelope& e);
  void remember(const messages::command_envelope& e, bool is_sent, std::uint64_t now_ms);
  void mark_sent(const messages::id& id);
  void flush(std::uint64_t now_ms);
  messages::id id_of_hello(std::uint64_t number) const;
  bool is_late_hello(const messages::id& id) const;
  void say_hello(std::uint64_t now_ms);
  void expire(std::uint64_t now_ms, const dealer_events& events);
  void answer_here(open_list::iterator at, const dealer_events& events);
  void look_for_hub(std::uint64_t now_ms, const dealer_events& events);
  void take_welcome(const messages::command_envelope& reply, const dealer_events& events);

  node_facts facts_;
  outlet out_;
  open_list open_;
  due_list due_;
  std::deque<waiting> queue_;
  dealer_counts counts_;
  messages::id hub_incarnation_;
  std::uint64_t hellos_ = 0, next_hello_ms_ = 0, heard_ms_ = 0;
  bool hub_present_ = false, hello_waits_ = false;
};

} // namespace bus
