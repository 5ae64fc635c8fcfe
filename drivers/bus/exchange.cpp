// Who is who on the bus, and the one answer to every command.
#include "drivers/bus/exchange.hpp"

#include "messages/registry.hpp"

#include <algorithm>

namespace bus {

using messages::command_envelope;
using messages::command_kind;
using messages::error_code;
using messages::failure;
using messages::result;

namespace {

std::string_view actor_of(std::string_view address) { return address.substr(0, address.find('@')); }
std::string_view node_of(std::string_view address) { return address.substr(address.find('@') + 1); }

/// What an unreadable frame says about itself, as far as it can be read: enough to answer it. An answer needs an id and
/// an address to go to.
std::optional<command_envelope> read_what_can_be_read(std::string_view content, const std::string& hub) {
  const auto tree = messages::unpack(content);
  if (!tree) return std::nullopt;
  command_envelope c;
  const auto* id = tree->find("id");
  const auto* from = tree->find("from");
  if (!id || !from || !messages::read(*id, c.id) || c.id.empty() || !messages::read(*from, c.from) ||
      !messages::address::from_text(c.from))
    return std::nullopt;
  if (const auto* kind = tree->find("kind")) messages::read(*kind, c.kind);
  const auto* to = tree->find("to");
  if (!to || !messages::read(*to, c.to) || !messages::address::from_text(c.to)) c.to = "switchboard@" + hub;
  const auto* topic = tree->find("topic");
  if (!topic || !messages::read(*topic, c.topic) || c.topic.empty() || c.topic.size() > 80) c.topic = "unreadable";
  return c;
}

} // namespace

exchange::exchange(switchboard_rules rules) : rules_(std::move(rules)) {}

const switchboard_counts& exchange::counts() {
  counts_.in_flight = open_.size();
  counts_.nodes_alive =
      static_cast<std::size_t>(std::ranges::count_if(nodes_, [](const auto& named) { return !named.second.gone; }));
  return counts_;
}

void exchange::take(const arrival& a, std::uint64_t arrived_ms, std::uint64_t now_ms, outlet& out) {
  ++counts_.received;
  auto c = messages::decode_command(a.content);
  if (!c) return refuse_unreadable(a, c.error(), out);
  if (!a.alone) return refuse_unreadable(a, {error_code::malformed, {"message", "more than one frame"}}, out);
  if (c->kind == command_kind::command && node_of(c->to) == rules_.hub && actor_of(c->to) == "switchboard")
    return take_for_switchboard(a, *c, now_ms, out);
  node* from = speaker_of(a, now_ms, out);
  if (!from || from->name != node_of(c->from))
    return refuse(a.connection, *c, {error_code::not_spoken_for, {c->from}}, out);
  if (c->kind == command_kind::reply) return take_reply(*from, *c, out);
  take_command(a, *from, std::move(*c), now_ms - std::min(arrived_ms, now_ms), now_ms, out);
}

// -- who is who ----------------------------------------------------------------------------------------------------

exchange::node* exchange::speaker_of(const arrival& a, std::uint64_t now_ms, outlet& out) {
  const std::string connection{a.connection};
  if (const auto known = connections_.find(connection); known != connections_.end()) {
    auto& n = nodes_.at(known->second);
    if (n.user_id != a.user_id) return nullptr; // the name of the connection was taken over with another key
    if (!a.user_id.empty() && rules_.may_speak_for && !rules_.may_speak_for(a.user_id, n.name)) return nullptr;
    n.heard_ms = now_ms;
    n.gone = false;
    return &n;
  }
  // A dealer whose connection was made again is known by the connection's name until its next hello.
  const auto said = read_connection_name(a.connection);
  if (!said || said->second.empty() || !messages::is_name(said->first)) return nullptr;
  auto n = announce(a, said->first, said->second, now_ms, out);
  return n ? *n : nullptr;
}

result<void> exchange::may_announce(const arrival& a, const std::string& name, const messages::id& incarnation,
                                    std::uint64_t now_ms, outlet& out) {
  const auto refused = failure(error_code::not_spoken_for, name);
  if (rules_.hub_inside_only && name == rules_.hub && !a.inside) return refused;
  if (rules_.may_speak_for && !rules_.may_speak_for(a.user_id, name)) return refused;
  const auto known = connections_.find(std::string{a.connection});
  if (known != connections_.end() && known->second != name) return refused; // one connection, one node
  const auto held = nodes_.find(name);
  if (held == nodes_.end()) return {};
  const auto& holder = held->second;
  const bool silent = holder.gone || now_ms - holder.heard_ms > rules_.limits.silent_ms;
  const bool same_life = holder.incarnation == incarnation && holder.user_id == a.user_id;
  if (holder.connection == a.connection || same_life || silent) return {};
  // A node restarted within two seconds: its old connection is dead, and a frame sent there says so.
  if (!holder.welcome.empty() && out.put(holder.connection, holder.welcome) == sent::gone) return {};
  return refused;
}

result<exchange::node*> exchange::make_room(const std::string& name) {
  if (nodes_.size() >= rules_.limits.nodes_max) {
    const auto gone = std::ranges::find_if(nodes_, [](const auto& n) { return n.second.gone && n.second.asked == 0; });
    if (gone == nodes_.end()) return failure(error_code::busy, rules_.hub);
    connections_.erase(gone->second.connection);
    nodes_.erase(gone);
  }
  auto& made = nodes_[name];
  made.name = name;
  return &made;
}

result<exchange::node*> exchange::announce(const arrival& a, const std::string& name, const messages::id& incarnation,
                                           std::uint64_t now_ms, outlet& out) {
  if (auto may = may_announce(a, name, incarnation, now_ms, out); !may) return failure(may.error());
  const auto held = nodes_.find(name);
  auto n = held == nodes_.end() ? make_room(name) : result<node*>{&held->second};
  if (!n) return n;
  auto& known = **n;
  if (known.incarnation != incarnation) {
    fail_deliveries(name, out); // what the node's former life was doing has no known outcome
    known.actors.clear();
    known.incarnation = incarnation;
  }
  if (known.connection != a.connection) {
    connections_.erase(known.connection);
    known.connection = std::string{a.connection};
    connections_[known.connection] = name;
  }
  known.user_id = std::string{a.user_id};
  known.heard_ms = now_ms;
  known.gone = false;
  return n;
}

void exchange::take_for_switchboard(const arrival& a, const command_envelope& c, std::uint64_t now_ms, outlet& out) {
  if (c.topic != messages::node_hello::topic)
    return refuse(a.connection, c, {error_code::unknown_topic, {c.topic}}, out);
  if (auto taken = take_hello(a, c, now_ms, out); !taken) refuse(a.connection, c, taken.error(), out);
}

result<void> exchange::take_hello(const arrival& a, const command_envelope& c, std::uint64_t now_ms, outlet& out) {
  const auto hello = messages::decode_body<messages::node_hello>(c.body, c.v);
  if (!hello) return failure(hello.error());
  if (!messages::is_name(hello->node)) return failure(error_code::wrong_value, "node");
  if (hello->node != node_of(c.from)) return failure(error_code::not_spoken_for, c.from);
  if (hello->incarnation.empty()) return failure(error_code::missing_value, "incarnation");
  if (hello->actors.size() > rules_.limits.actors_max || !std::ranges::all_of(hello->actors, messages::is_name))
    return failure(error_code::wrong_value, "actors");
  auto n = announce(a, hello->node, hello->incarnation, now_ms, out);
  if (!n) return failure(n.error());
  (*n)->actors = {hello->actors.begin(), hello->actors.end()};
  const messages::node_welcome welcome{rules_.hub, rules_.incarnation, rules_.epoch ? rules_.epoch() : 0};
  (*n)->welcome = encode(messages::reply_ok(c, messages::encode_body(welcome)));
  out.put(a.connection, (*n)->welcome);
  return {};
}

// -- commands ------------------------------------------------------------------------------------------------------

result<exchange::node*> exchange::find_receiver(const node& from, const command_envelope& c, std::uint64_t spent_ms) {
  if (c.deadline_ms <= spent_ms) return failure(error_code::deadline_passed, c.topic);
  if (const auto newest = messages::version_of(c.topic); c.v == 0 || (newest != 0 && c.v > newest))
    return failure(error_code::newer_version, c.topic);
  const auto found = nodes_.find(std::string{node_of(c.to)});
  if (found == nodes_.end()) return failure(error_code::unknown_address, c.to);
  auto& to = found->second;
  if (to.gone) return failure(error_code::dead_peer, c.to);
  if (!to.actors.contains(actor_of(c.to))) return failure(error_code::unknown_address, c.to);
  if (rules_.allowed && !rules_.allowed(from.user_id, *messages::address::from_text(c.from),
                                        *messages::address::from_text(c.to), c.topic))
    return failure(error_code::not_allowed, c.topic);
  if (to.in_flight >= rules_.limits.in_flight_max) return failure(error_code::busy, c.to);
  if (from.asked >= rules_.limits.in_flight_max) return failure(error_code::busy, c.from);
  return &to;
}

void exchange::take_command(const arrival& a, node& from, command_envelope c, std::uint64_t spent_ms,
                            std::uint64_t now_ms, outlet& out) {
  const auto to = find_receiver(from, c, spent_ms);
  if (!to) return refuse(a.connection, c, to.error(), out);
  const auto before = open_.find(c.id);
  if (before != open_.end() && before->second.command.from != c.from)
    return refuse(a.connection, c, {error_code::not_spoken_for, {c.from}}, out); // another's id
  auto guesser = rules_.guesser ? rules_.guesser(c) : std::string{};
  if (!guesser.empty()) {
    if (auto why = is_over_eager(guesser, now_ms)) return hold(from, std::move(c), std::move(*why), now_ms);
    note_guess(guesser, now_ms);
  }
  const auto left = std::min(c.deadline_ms - static_cast<std::uint32_t>(spent_ms), rules_.limits.deadline_ms_max);
  sent went{};
  if (left == c.deadline_ms)
    went = out.pass((*to)->connection);
  else {
    c.deadline_ms = left;
    went = out.put((*to)->connection, encode(c));
  }
  if (went == sent::full) return refuse(a.connection, c, {error_code::busy, {c.to}}, out);
  if (went == sent::gone) return refuse(a.connection, c, {error_code::dead_peer, {c.to}}, out);
  ++counts_.delivered;
  // The same command again, still in flight: its receiver executes it once; the first reply is the answer.
  if (before != open_.end()) forget(before);
  remember(from, **to, std::move(c), now_ms).guesser = std::move(guesser);
}

exchange::open_command& exchange::remember(const node& from, const node& to, command_envelope c, std::uint64_t now_ms) {
  const auto id = c.id;
  const auto due = due_.emplace(now_ms + c.deadline_ms, id);
  c.body.clear();
  c.body.shrink_to_fit();
  ++nodes_.at(from.name).asked;
  if (!to.name.empty()) ++nodes_.at(to.name).in_flight;
  return open_.emplace(id, open_command{std::move(c), from.name, to.name, from.incarnation, due, {}, {}}).first->second;
}

void exchange::forget(open_list::iterator at) {
  const auto drop = [](std::size_t& n) { n -= n > 0; };
  if (const auto n = nodes_.find(at->second.asker); n != nodes_.end()) drop(n->second.asked);
  if (const auto n = nodes_.find(at->second.deliverer); n != nodes_.end()) drop(n->second.in_flight);
  due_.erase(at->second.due);
  open_.erase(at);
}

void exchange::take_reply(node& from, const command_envelope& reply, outlet& out) {
  const auto at = open_.find(reply.id);
  if (at == open_.end()) {
    ++counts_.late_replies;
    return;
  }
  const auto& open = at->second;
  if (open.deliverer != from.name || open.command.to != reply.from || open.command.from != reply.to)
    return refuse(from.connection, reply, {error_code::not_spoken_for, {reply.from}}, out);
  judge_guess(open, reply);
  const auto asker = nodes_.find(open.asker);
  const bool there = asker != nodes_.end() && asker->second.incarnation == open.asker_incarnation;
  if (there && out.pass(asker->second.connection) == sent::done)
    ++counts_.replied;
  else
    ++counts_.lost_replies;
  forget(at);
}

// -- guesses -------------------------------------------------------------------------------------------------------

/// Each guess uses up its time; who has used up that of the next hundred waits.
std::optional<messages::error> exchange::is_over_eager(const std::string& guesser, std::uint64_t now_ms) const {
  const auto& l = rules_.limits;
  const auto found = guessed_until_ms_.find(guesser);
  const auto ahead_ms = found == guessed_until_ms_.end() ? 0 : found->second - std::min(found->second, now_ms);
  const auto allowed_ms = std::uint64_t{l.guess_every_ms} * l.guesses_at_once_max;
  if (ahead_ms + l.guess_every_ms <= allowed_ms) return {};
  const auto wait_ms = ahead_ms + l.guess_every_ms - allowed_ms;
  return messages::error{error_code::sign_in_delayed, {std::to_string((wait_ms + 999) / 1000)}};
}

/// Counted as wrong until its answer says otherwise. Of too many guessers those go whose time is over.
void exchange::note_guess(const std::string& guesser, std::uint64_t now_ms) {
  if (guessed_until_ms_.size() >= rules_.limits.guessers_max && !guessed_until_ms_.contains(guesser))
    std::erase_if(guessed_until_ms_, [&](const auto& one) { return one.second <= now_ms; });
  if (guessed_until_ms_.size() >= rules_.limits.guessers_max)
    guessed_until_ms_.erase(std::ranges::min_element(guessed_until_ms_, {}, &guesses::value_type::second));
  auto& until_ms = guessed_until_ms_[guesser];
  until_ms = std::max(until_ms, now_ms) + rules_.limits.guess_every_ms;
}

void exchange::judge_guess(const open_command& open, const command_envelope& reply) {
  if (open.guesser.empty()) return;
  if (!reply_body(reply)) {
    ++counts_.wrong_guesses;
    return;
  }
  const auto found = guessed_until_ms_.find(open.guesser);
  if (found != guessed_until_ms_.end())
    found->second -= std::min<std::uint64_t>(found->second, rules_.limits.guess_every_ms);
}

/// An answer that comes at once would only be followed by the next guess.
void exchange::hold(const node& from, command_envelope c, messages::error why, std::uint64_t now_ms) {
  ++counts_.held_guesses;
  if (const auto before = open_.find(c.id); before != open_.end()) forget(before);
  c.deadline_ms = std::min(c.deadline_ms, rules_.limits.guess_held_ms_max);
  remember(from, {}, std::move(c), now_ms).refusal = std::move(why);
}

void exchange::refuse(std::string_view connection, const command_envelope& c, const messages::error& why, outlet& out) {
  ++counts_.refused[std::string{describe(why.code).name}];
  if (c.kind == command_kind::command) out.put(connection, encode(reply_error(c, why)));
}

void exchange::refuse_unreadable(const arrival& a, const messages::error& why, outlet& out) {
  ++counts_.malformed;
  const auto c = read_what_can_be_read(a.content, rules_.hub);
  if (!c) return;
  if (c->kind == command_kind::command) return refuse(a.connection, *c, why, out);
  // A reply that cannot be read: the command was delivered, and more than that nobody knows.
  const auto at = open_.find(c->id);
  const auto speaker = connections_.find(std::string{a.connection});
  if (at != open_.end() && speaker != connections_.end() && speaker->second == at->second.deliverer)
    answer_due(at, out);
}

// -- time ----------------------------------------------------------------------------------------------------------

void exchange::answer_due(open_list::iterator at, outlet& out) {
  const auto& open = at->second;
  const auto asker = nodes_.find(open.asker);
  if (asker != nodes_.end() && asker->second.incarnation == open.asker_incarnation)
    refuse(asker->second.connection, open.command,
           open.refusal.value_or(messages::error{error_code::outcome_unknown, {open.command.topic}}), out);
  forget(at);
}

void exchange::fail_deliveries(const std::string& node_name, outlet& out) {
  std::vector<messages::id> lost;
  for (const auto& [id, open] : open_)
    if (open.deliverer == node_name) lost.push_back(id);
  for (const auto& id : lost)
    answer_due(open_.find(id), out);
}

std::uint32_t exchange::sweep(std::uint64_t now_ms, outlet& out) {
  while (!due_.empty() && due_.begin()->first <= now_ms)
    answer_due(open_.find(due_.begin()->second), out);
  if (now_ms >= next_look_ms_) {
    for (auto& [name, n] : nodes_)
      if (!n.gone && now_ms - std::min(n.heard_ms, now_ms) > rules_.limits.silent_ms) {
        n.gone = true;
        fail_deliveries(name, out);
      }
    next_look_ms_ = now_ms + std::max<std::uint32_t>(rules_.limits.silent_ms / 8, 1);
  }
  return due_in_ms(now_ms);
}

std::uint32_t exchange::due_in_ms(std::uint64_t now_ms) const {
  const auto next = due_.empty() ? next_look_ms_ : std::min(next_look_ms_, due_.begin()->first);
  return static_cast<std::uint32_t>(next - std::min(next, now_ms));
}

} // namespace bus
