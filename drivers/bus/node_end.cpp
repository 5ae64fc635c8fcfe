// Sending, keeping, giving up: what a node says and is told, whatever carries it.
#include "drivers/bus/node_end.hpp"

#include "messages/registry.hpp"

#include <algorithm>

namespace bus {

using messages::command_envelope;
using messages::command_kind;
using messages::error_code;

dealer_counts node_end::counts() const {
  auto now = counts_;
  now.open = open_.size();
  now.queued = queue_.size();
  return now;
}

// -- sending -------------------------------------------------------------------------------------------------------

bool node_end::put(const command_envelope& e) {
  if (!out_(encode(e))) return false;
  ++(e.kind == command_kind::command ? counts_.commands_sent : counts_.replies_sent);
  return true;
}

void node_end::remember(const command_envelope& e, bool is_sent, std::uint64_t now_ms) {
  if (const auto before = open_.find(e.id); before != open_.end()) { // the same command again: one answer
    due_.erase(before->second.due);
    open_.erase(before);
  }
  const auto until_ms = now_ms + e.deadline_ms + (is_sent ? facts_.limits.answer_grace_ms : 0);
  open_command kept{
      command_envelope{e.v, e.id, e.kind, e.topic, e.from, e.to, e.account, e.cause, e.deadline_ms, e.epoch, {}},
      is_sent, due_.emplace(until_ms, e.id)};
  open_.emplace(e.id, std::move(kept));
}

void node_end::mark_sent(const messages::id& id) {
  const auto at = open_.find(id);
  if (at == open_.end()) return;
  at->second.sent = true;
  const auto until_ms = at->second.due->first + facts_.limits.answer_grace_ms;
  due_.erase(at->second.due);
  at->second.due = due_.emplace(until_ms, id);
}

bool node_end::send(const command_envelope& e, std::uint64_t now_ms) {
  const bool command = e.kind == command_kind::command;
  if (command && open_.size() >= facts_.limits.open_max && !open_.contains(e.id)) return false;
  if (hub_present_ && queue_.empty() && put(e)) {
    if (command) remember(e, true, now_ms);
    return true;
  }
  if (queue_.size() >= facts_.limits.queue_max) return false;
  queue_.push_back({e, now_ms + e.deadline_ms});
  if (command) remember(e, false, now_ms);
  return true;
}

void node_end::flush(std::uint64_t now_ms) {
  while (hub_present_ && !queue_.empty()) {
    auto& first = queue_.front();
    if (first.until_ms > now_ms) { // an expired one is answered by expire()
      first.envelope.deadline_ms = static_cast<std::uint32_t>(first.until_ms - now_ms);
      if (!put(first.envelope)) return;
      if (first.envelope.kind == command_kind::command) mark_sent(first.envelope.id);
    } else if (first.envelope.kind == command_kind::reply)
      ++counts_.dropped_replies;
    queue_.pop_front();
  }
}

/// Chance comes from outside: an own id is the process's, counted on.
messages::id node_end::id_of_hello(std::uint64_t number) const {
  auto id = facts_.incarnation;
  for (std::size_t n = 0; n < 8; ++n)
    id.bytes[8 + n] ^= static_cast<std::uint8_t>(number >> (56 - 8 * n));
  return id;
}

/// Said so lately that its answer proves a hub that is there now. The way there and back may be longer than the time
/// between two hellos.
bool node_end::is_late_hello(const messages::id& id) const {
  const std::uint64_t fresh = facts_.limits.silent_ms / std::max(facts_.limits.hello_every_ms, 1u);
  for (auto number = hellos_; number > 0 && number + fresh > hellos_; --number)
    if (id == id_of_hello(number)) return false;
  return true;
}

void node_end::say_hello(std::uint64_t now_ms) {
  if (now_ms < next_hello_ms_) return;
  next_hello_ms_ = now_ms + facts_.limits.hello_every_ms;
  command_envelope hello;
  hello.id = id_of_hello(++hellos_);
  hello.topic = messages::node_hello::topic;
  hello.v = messages::node_hello::version;
  hello.from = "dealer@" + facts_.node;
  hello.to = "switchboard@" + facts_.hub;
  hello.deadline_ms = facts_.limits.silent_ms;
  hello.body =
      encode_body(messages::node_hello{facts_.node, facts_.actors, facts_.program_version, facts_.incarnation});
  hello_waits_ = !out_(encode(hello)); // nobody is connected: said again as soon as somebody is
}

// -- time ----------------------------------------------------------------------------------------------------------

void node_end::turn(std::uint64_t now_ms, bool connected, const dealer_events& events) {
  if (hello_waits_ && connected) next_hello_ms_ = 0;
  look_for_hub(now_ms, events);
  say_hello(now_ms);
  flush(now_ms);
  expire(now_ms, events);
}

void node_end::look_for_hub(std::uint64_t now_ms, const dealer_events& events) {
  if (!hub_present_ || now_ms - heard_ms_ <= facts_.limits.silent_ms) return;
  hub_present_ = false;
  if (events.on_hub_lost) events.on_hub_lost();
}

void node_end::answer_here(open_list::iterator at, const dealer_events& events) {
  const auto kept = std::move(at->second);
  due_.erase(kept.due);
  open_.erase(at);
  messages::error why{error_code::outcome_unknown, {kept.command.topic}};
  if (!kept.sent && hub_present_)
    why = {error_code::deadline_passed, {kept.command.topic}};
  else if (!kept.sent)
    why = {error_code::unknown_address, {kept.command.to}};
  ++counts_.answered_here;
  if (events.on_reply) events.on_reply(reply_error(kept.command, why));
}

void node_end::expire(std::uint64_t now_ms, const dealer_events& events) {
  if (!queue_.empty())
    counts_.dropped_replies += std::erase_if(
        queue_, [&](const waiting& w) { return w.until_ms <= now_ms && w.envelope.kind == command_kind::reply; });
  if (due_.empty() || due_.begin()->first > now_ms) return;
  std::erase_if(queue_, [&](const waiting& w) { return w.until_ms <= now_ms; });
  // An answer may make its reader send again, with a deadline that has passed, too: that one waits for the next turn.
  std::vector<messages::id> over;
  for (auto at = due_.begin(); at != due_.end() && at->first <= now_ms; ++at)
    over.push_back(at->second);
  for (const auto& id : over)
    if (const auto at = open_.find(id); at != open_.end() && at->second.due->first <= now_ms) answer_here(at, events);
}

std::uint64_t node_end::due_at_ms() const {
  auto next = next_hello_ms_;
  if (!due_.empty()) next = std::min(next, due_.begin()->first);
  if (hub_present_) next = std::min(next, heard_ms_ + facts_.limits.silent_ms + 1);
  return next;
}

// -- receiving -----------------------------------------------------------------------------------------------------

void node_end::take_welcome(const command_envelope& reply, const dealer_events& events) {
  const auto body = reply_body(reply);
  if (!body) {
    if (events.on_refused) events.on_refused(body.error());
    return;
  }
  const auto welcome = messages::decode_body<messages::node_welcome>(*body, reply.v);
  if (!welcome) {
    ++counts_.malformed;
    return;
  }
  const bool changed = !hub_incarnation_.empty() && hub_incarnation_ != welcome->incarnation;
  const bool tell = changed || !hub_present_;
  hub_incarnation_ = welcome->incarnation;
  hub_present_ = true;
  if (tell && events.on_hub) events.on_hub(*welcome, changed);
}

void node_end::take(std::string_view content, bool alone, std::uint64_t now_ms, const dealer_events& events) {
  heard_ms_ = now_ms;
  auto e = alone ? messages::decode_command(content)
                 : messages::failure(error_code::malformed, "message", "more than one frame");
  if (!e) {
    ++counts_.malformed;
    return;
  }
  if (e->kind == command_kind::command) {
    ++counts_.commands_received;
    if (events.on_command) events.on_command(std::move(*e));
    return;
  }
  if (e->topic == messages::node_hello::topic) {
    if (!is_late_hello(e->id)) take_welcome(*e, events);
    return;
  }
  const auto at = open_.find(e->id);
  if (at == open_.end()) {
    ++counts_.late_replies;
    return;
  }
  due_.erase(at->second.due);
  open_.erase(at);
  ++counts_.replies_received;
  if (events.on_reply) events.on_reply(std::move(*e));
}

} // namespace bus
