// A node's end of the command bus: sending, keeping, giving up, and the turn that does it all.
#include "drivers/bus/dealer.hpp"

#include "drivers/bus/endpoint.hpp"
#include "drivers/bus/incarnation.hpp"
#include "drivers/bus/socket.hpp"
#include "drivers/bus/switchboard.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>

namespace bus {

using messages::command_envelope;
using messages::command_kind;
using messages::error_code;

namespace {

constexpr int frames_per_turn_max = 256;
constexpr int rounds_max = 16; ///< of reading, then its owner may look at something else

} // namespace

struct dealer::inside {
  using due_list = std::multimap<std::uint64_t, messages::id>;
  struct open_command {
    command_envelope command; ///< without its body
    bool sent = false;
    due_list::iterator due;
  };
  struct waiting {
    command_envelope envelope;
    std::uint64_t until_ms = 0;
  };

  inside(std::shared_ptr<context> h, dealer_options o) : home(std::move(h)), options(std::move(o)) {}

  messages::result<void> connect() {
    const auto queue_max = static_cast<int>(options.limits.queue_max);
    line.emplace(home, role::dealer,
                 socket_settings{.send_queue_max = queue_max,
                                 .receive_queue_max = 4 * queue_max,
                                 .frame_bytes_max = 1 << 20,
                                 .only_when_connected = true,
                                 .routing_id = connection_name(options.node, options.incarnation)});
    watched.assign(1, line->fd());
    if (options.beside) watched.push_back(options.beside->line().fd());
    if (options.keys) comings = line->watch_connections();
    return line->connect(options.endpoint, options.keys ? &*options.keys : nullptr);
  }

  bool send(const command_envelope& e);
  bool put_on_line(const command_envelope& e);
  void remember(const command_envelope& e, bool is_sent, std::uint64_t now_ms);
  void mark_sent(const messages::id& id);
  void flush(std::uint64_t now_ms);
  void say_hello(std::uint64_t now_ms);
  void expire(std::uint64_t now_ms, const dealer_events& events);
  void answer_here(std::unordered_map<messages::id, open_command>::iterator at, const dealer_events& events);
  void look_for_hub(std::uint64_t now_ms, const dealer_events& events);
  std::uint64_t due_at_ms() const;
  int drain(const dealer_events& events);
  std::uint64_t read_all(const dealer_events& events);
  void take(command_envelope e, const dealer_events& events);
  void take_welcome(const command_envelope& reply, const dealer_events& events);

  std::shared_ptr<context> home;
  dealer_options options;
  std::optional<socket> line, comings; ///< the second tells of a refused key
  std::vector<int> watched;
  std::unordered_map<messages::id, open_command> open;
  due_list due;
  std::deque<waiting> queue;
  dealer_counts counts;
  messages::id hello_id, hub_incarnation;
  std::uint64_t hellos = 0, next_hello_ms = 0, heard_ms = 0, renewed_ms = 0;
  bool hub_present = false, hello_waits = false;
};

// -- sending -------------------------------------------------------------------------------------------------------

bool dealer::inside::put_on_line(const command_envelope& e) {
  if (line->send(encode(e)) != sent::done) return false;
  ++(e.kind == command_kind::command ? counts.commands_sent : counts.replies_sent);
  return true;
}

void dealer::inside::remember(const command_envelope& e, bool is_sent, std::uint64_t now_ms) {
  if (const auto before = open.find(e.id); before != open.end()) { // the same command again: one answer
    due.erase(before->second.due);
    open.erase(before);
  }
  const auto until_ms = now_ms + e.deadline_ms + (is_sent ? options.limits.answer_grace_ms : 0);
  open_command kept{
      command_envelope{e.v, e.id, e.kind, e.topic, e.from, e.to, e.account, e.cause, e.deadline_ms, e.epoch, {}},
      is_sent, due.emplace(until_ms, e.id)};
  open.emplace(e.id, std::move(kept));
}

void dealer::inside::mark_sent(const messages::id& id) {
  const auto at = open.find(id);
  if (at == open.end()) return;
  at->second.sent = true;
  const auto until_ms = at->second.due->first + options.limits.answer_grace_ms;
  due.erase(at->second.due);
  at->second.due = due.emplace(until_ms, id);
}

bool dealer::inside::send(const command_envelope& e) {
  const bool command = e.kind == command_kind::command;
  if (command && open.size() >= options.limits.open_max && !open.contains(e.id)) return false;
  const auto now_ms = options.clock();
  if (hub_present && queue.empty() && put_on_line(e)) {
    if (command) remember(e, true, now_ms);
    return true;
  }
  if (queue.size() >= options.limits.queue_max) return false;
  queue.push_back({e, now_ms + e.deadline_ms});
  if (command) remember(e, false, now_ms);
  return true;
}

void dealer::inside::flush(std::uint64_t now_ms) {
  while (hub_present && !queue.empty()) {
    auto& first = queue.front();
    if (first.until_ms > now_ms) { // an expired one is answered by expire()
      first.envelope.deadline_ms = static_cast<std::uint32_t>(first.until_ms - now_ms);
      if (!put_on_line(first.envelope)) return;
      if (first.envelope.kind == command_kind::command) mark_sent(first.envelope.id);
    } else if (first.envelope.kind == command_kind::reply)
      ++counts.dropped_replies;
    queue.pop_front();
  }
}

void dealer::inside::say_hello(std::uint64_t now_ms) {
  if (now_ms < next_hello_ms) return;
  next_hello_ms = now_ms + options.limits.hello_every_ms;
  command_envelope hello;
  hello.id = options.incarnation; // chance comes from outside: an own id is the process's, counted on
  ++hellos;
  for (std::size_t n = 0; n < 8; ++n)
    hello.id.bytes[8 + n] ^= static_cast<std::uint8_t>(hellos >> (56 - 8 * n));
  hello.topic = messages::node_hello::topic;
  hello.v = messages::node_hello::version;
  hello.from = "dealer@" + options.node;
  hello.to = "switchboard@" + options.hub;
  hello.deadline_ms = options.limits.silent_ms;
  hello.body =
      encode_body(messages::node_hello{options.node, options.actors, options.program_version, options.incarnation});
  hello_id = hello.id;
  hello_waits = line->send(encode(hello)) != sent::done; // nobody is connected: said again as soon as somebody is
}

// -- time ----------------------------------------------------------------------------------------------------------

void dealer::inside::answer_here(std::unordered_map<messages::id, open_command>::iterator at,
                                 const dealer_events& events) {
  const auto kept = std::move(at->second);
  due.erase(kept.due);
  open.erase(at);
  messages::error why{error_code::outcome_unknown, {kept.command.topic}};
  if (!kept.sent && hub_present)
    why = {error_code::deadline_passed, {kept.command.topic}};
  else if (!kept.sent)
    why = {error_code::unknown_address, {kept.command.to}};
  ++counts.answered_here;
  if (events.on_reply) events.on_reply(reply_error(kept.command, why));
}

void dealer::inside::expire(std::uint64_t now_ms, const dealer_events& events) {
  if (!queue.empty())
    counts.dropped_replies += std::erase_if(
        queue, [&](const waiting& w) { return w.until_ms <= now_ms && w.envelope.kind == command_kind::reply; });
  if (due.empty() || due.begin()->first > now_ms) return;
  std::erase_if(queue, [&](const waiting& w) { return w.until_ms <= now_ms; });
  // An answer may make its reader send again, with a deadline that has passed, too: that one waits for the next turn.
  std::vector<messages::id> over;
  for (auto at = due.begin(); at != due.end() && at->first <= now_ms; ++at)
    over.push_back(at->second);
  for (const auto& id : over)
    if (const auto at = open.find(id); at != open.end() && at->second.due->first <= now_ms) answer_here(at, events);
}

void dealer::inside::look_for_hub(std::uint64_t now_ms, const dealer_events& events) {
  if (hub_present && now_ms - heard_ms > options.limits.silent_ms) {
    hub_present = false;
    renewed_ms = now_ms;
    if (events.on_hub_lost) events.on_hub_lost();
  }
  while (comings) {
    const auto e = read_event(*comings);
    if (!e) break;
    if (e->what == socket_event::kind::refused && events.on_key_refused) events.on_key_refused();
  }
  // inproc, alone of all transports, does not reconnect by itself when a new switchboard binds.
  if (!hub_present && is_inproc(options.endpoint) && now_ms - renewed_ms >= options.limits.silent_ms) {
    renewed_ms = now_ms;
    next_hello_ms = now_ms;
    [[maybe_unused]] const auto again = connect(); // it was accepted before
  }
}

std::uint64_t dealer::inside::due_at_ms() const {
  auto next = next_hello_ms;
  if (!due.empty()) next = std::min(next, due.begin()->first);
  if (hub_present) next = std::min(next, heard_ms + options.limits.silent_ms + 1);
  return next;
}

// -- receiving -----------------------------------------------------------------------------------------------------

void dealer::inside::take_welcome(const command_envelope& reply, const dealer_events& events) {
  const auto body = reply_body(reply);
  if (!body) {
    if (events.on_refused) events.on_refused(body.error());
    return;
  }
  const auto welcome = messages::decode_body<messages::node_welcome>(*body, reply.v);
  if (!welcome) {
    ++counts.malformed;
    return;
  }
  const bool changed = !hub_incarnation.empty() && hub_incarnation != welcome->incarnation;
  const bool tell = changed || !hub_present;
  hub_incarnation = welcome->incarnation;
  hub_present = true;
  if (tell && events.on_hub) events.on_hub(*welcome, changed);
}

void dealer::inside::take(command_envelope e, const dealer_events& events) {
  if (e.kind == command_kind::command) {
    ++counts.commands_received;
    if (events.on_command) events.on_command(std::move(e));
    return;
  }
  if (e.id == hello_id && e.topic == messages::node_hello::topic) return take_welcome(e, events);
  const auto at = open.find(e.id);
  if (at == open.end()) {
    counts.late_replies += e.topic != messages::node_hello::topic; // a welcome that came after the next hello is none
    return;
  }
  due.erase(at->second.due);
  open.erase(at);
  ++counts.replies_received;
  if (events.on_reply) events.on_reply(std::move(e));
}

int dealer::inside::drain(const dealer_events& events) {
  frame f;
  int n = 0;
  for (; n < frames_per_turn_max && line->receive(f); ++n) {
    heard_ms = options.clock();
    auto e = f.more() ? messages::failure(error_code::malformed, "message", "more than one frame")
                      : messages::decode_command(f.view());
    line->skip_rest(f);
    if (e)
      take(std::move(*e), events);
    else
      ++counts.malformed;
  }
  return n;
}

/// Until nothing is left to read: with the switchboard beside, what its actors say to each other goes to and fro here.
/// A round that found nothing sent nothing either, so that ZMQ_FD tells of whatever comes after it. Says when the
/// switchboard has to be looked at again; 0: there is more.
std::uint64_t dealer::inside::read_all(const dealer_events& events) {
  for (int round = 0; round < rounds_max; ++round) {
    const auto turned = options.beside ? options.beside->turn() : switchboard::turned{};
    if (drain(events) > 0 || turned.frames > 0) continue;
    return options.beside ? options.clock() + turned.wait_ms : UINT64_MAX;
  }
  return 0;
}

// -- dealer --------------------------------------------------------------------------------------------------------

messages::result<std::unique_ptr<dealer>> dealer::open(std::shared_ptr<context> home, dealer_options options) {
  if (!messages::is_name(options.node)) return messages::failure(error_code::wrong_value, "node");
  if (options.incarnation.empty()) return messages::failure(error_code::missing_value, "incarnation");
  auto in = std::make_unique<inside>(std::move(home), std::move(options));
  if (auto connected = in->connect(); !connected) return messages::failure(connected.error());
  in->renewed_ms = in->options.clock();
  return std::unique_ptr<dealer>(new dealer(std::move(in)));
}

dealer::dealer(std::unique_ptr<inside> in) : in_(std::move(in)) {}
dealer::~dealer() = default;

bool dealer::send(const command_envelope& envelope) { return in_->send(envelope); }

std::uint64_t dealer::look(const dealer_events& events) {
  auto& in = *in_;
  auto quiet_until_ms = in.read_all(events); // first: after a long pause the signs of life are there, only unread
  const auto now_ms = in.options.clock();
  if (in.hello_waits && in.line->writable()) in.next_hello_ms = 0;
  if (!in.queue.empty() || in.due_at_ms() <= now_ms || !in.hub_present) {
    in.look_for_hub(now_ms, events);
    in.say_hello(now_ms);
    in.flush(now_ms);
    in.expire(now_ms, events);
    quiet_until_ms = in.read_all(events);
  }
  return std::min(quiet_until_ms, in.due_at_ms());
}

const std::vector<int>& dealer::watched() const { return in_->watched; }

bool dealer::hub_present() const { return in_->hub_present; }

dealer_counts dealer::counts() const {
  auto now = in_->counts;
  now.open = in_->open.size();
  now.queued = in_->queue.size();
  return now;
}

} // namespace bus
