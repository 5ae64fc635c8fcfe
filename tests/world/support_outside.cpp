// Time, the journal with its disk, the bus between processes, and the shell around each actor.
#include "tests/world/support_outside.hpp"

#include <algorithm>

namespace world_test {

// -- time ----------------------------------------------------------------------------------------------------------

timetable::timetable(std::uint64_t seed)
    : clock_(1'700'000'000'000), chance_(drivers::clock::seeded_chance(seed, "world")) {}

void timetable::after(std::uint64_t delay_ms, std::function<void()> what) {
  plan_.emplace(std::pair{now_ms() + delay_ms, ++planned_}, std::move(what));
}

void timetable::run_for(std::uint64_t ms) {
  const auto until = now_ms() + ms;
  while (!plan_.empty() && plan_.begin()->first.first <= until) {
    auto next = plan_.extract(plan_.begin());
    if (next.key().first > now_ms()) clock_.advance(next.key().first - now_ms());
    next.mapped()();
  }
  if (until > now_ms()) clock_.advance(until - now_ms());
}

id timetable::fresh_id(std::uint64_t skew_ms) {
  const auto low = chance_->draw();
  return make_id(now_ms() + skew_ms, low, static_cast<std::uint16_t>(chance_->draw()));
}

// -- the journal ---------------------------------------------------------------------------------------------------

void simulated_journal::append(draft what, std::function<void()> on_durable) {
  BOOST_REQUIRE_MESSAGE(what.outbox.empty() || !what.events.empty(), "an outbox row needs an event");
  waiting_.push_back({std::move(what), std::move(on_durable)});
  if (syncing_.empty()) begin_sync();
}

void simulated_journal::begin_sync() {
  syncing_ = std::exchange(waiting_, {});
  time_.after(1 + time_.draw(time_.in_100(3) ? 2'000 : 25), [this, process = process_] {
    if (process != process_) return;
    const auto batch = std::exchange(syncing_, {});
    make_durable(batch);
    for (const auto& p : batch)
      if (p.on_durable) p.on_durable();
    if (syncing_.empty() && !waiting_.empty()) begin_sync();
  });
}

/// The process dies: what waits is lost; what is being synced may have reached the disk, and nobody was told.
void simulated_journal::crash() {
  ++process_;
  if (time_.in_100(50)) make_durable(syncing_);
  syncing_.clear();
  waiting_.clear();
}

void simulated_journal::make_durable(const std::vector<pending>& batch) {
  for (const auto& p : batch) {
    for (const auto& e : p.what.events) {
      fold({e.v, events.size() + 1, time_.now_ms(), e.topic, "hub", e.desk, e.checkin, e.account, e.cause, e.body});
    }
    const auto settle = [&](id effect) {
      std::erase_if(outbox, [&](const auto& row) { return row.effect == effect; });
    };
    for (const auto& effect : p.what.settled)
      settle(effect);
    for (const auto& row : p.what.outbox) {
      settle(row.effect); // storage/scribe.cpp: an effect has one row, whoever owns it
      outbox.push_back(row);
    }
    for (const auto& r : p.what.replies)
      replies_[r.command] = r.frame;
  }
}

void simulated_journal::fold(const event_envelope& event) {
  events.push_back(event);
  if (!event.cause.empty()) causes.insert(event.cause);
  storage::fold_open_checkins(event, open_);
  storage::fold_questions(event, questions_);
  storage::fold_outage_ledger(event, ledger_);
  if (const auto m = body_as<pin_attempt_allowed>(event)) {
    BOOST_REQUIRE_MESSAGE(attempts.emplace(m->attempt, event.cause).second, "an attempt was allowed twice");
  }
}

std::vector<open_checkin> simulated_journal::open_checkins() const {
  std::vector<open_checkin> all;
  for (const auto& [key, bytes] : open_.all())
    all.push_back(*storage::decode_row<open_checkin>(bytes));
  return all;
}

std::vector<storage::question_row> simulated_journal::questions() const {
  std::vector<storage::question_row> all;
  for (const auto& [key, bytes] : questions_.all())
    if (key.starts_with(storage::question_prefix)) all.push_back(*storage::decode_row<storage::question_row>(bytes));
  return all;
}

std::vector<storage::ledger_row> simulated_journal::outage_ledger() const {
  std::vector<storage::ledger_row> all;
  for (const auto& [key, bytes] : ledger_.all())
    if (key.starts_with(storage::ledger_prefix)) all.push_back(*storage::decode_row<storage::ledger_row>(bytes));
  return all;
}

std::uint64_t simulated_journal::line_lost_ms() const {
  const auto row = ledger_.all().find(storage::line_key);
  return row == ledger_.all().end() ? 0 : storage::decode_row<storage::line_row>(row->second)->lost_ms;
}

std::vector<outbox_row> simulated_journal::open_effects(const std::string& owner) const {
  std::vector<outbox_row> all;
  for (const auto& row : outbox)
    if (row.owner == owner) all.push_back(row);
  return all;
}

std::optional<std::string> simulated_journal::remembered(id command) const {
  const auto found = replies_.find(command);
  return found == replies_.end() ? std::nullopt : std::optional{found->second};
}

// -- the bus -------------------------------------------------------------------------------------------------------

namespace {

std::string node_of(const std::string& text) { return text.substr(text.find('@') + 1); }
std::string actor_of(const std::string& text) { return text.substr(0, text.find('@')); }

} // namespace

void simulated_bus::join(const std::string& node, std::map<std::string, shell*> actors) {
  nodes_[node] = std::move(actors);
}

void simulated_bus::leave(const std::string& node) {
  nodes_.erase(node);
  // Its own requests are nobody's any more; those it had are answered.
  std::vector<command_envelope> orphans;
  for (const auto& [command, w] : under_way_)
    if (node_of(w.command.to) == node && node_of(w.command.from) != node) orphans.push_back(w.command);
  std::erase_if(under_way_, [&](const auto& w) { return node_of(w.second.command.from) == node; });
  for (const auto& command : orphans)
    time_.after(1, [this, command] { answer(reply_error(command, {error_code::dead_peer, {command.to}})); });
}

shell* simulated_bus::actor_at(const std::string& text) const {
  const auto node = nodes_.find(node_of(text));
  if (node == nodes_.end()) return nullptr;
  const auto found = node->second.find(actor_of(text));
  return found == node->second.end() ? nullptr : found->second;
}

void simulated_bus::travel(const std::string& from, const std::string& to, std::function<void()> arrive) {
  const auto trip = std::pair{node_of(from), node_of(to)};
  if (trip.first != trip.second && time_.in_100(now.lost_percent)) return;
  auto& last = last_arrival_ms_[trip];
  last = std::max(last, time_.now_ms() + 1 + time_.draw(now.delay_ms_max));
  time_.after(last - time_.now_ms(), arrive);
  if (trip.first != trip.second && time_.in_100(now.repeated_percent))
    time_.after(last - time_.now_ms() + time_.draw(1'500), std::move(arrive));
}

void simulated_bus::send(command_envelope command) {
  if (record) frames.push_back(encode(command));
  if (actor_of(command.from) == "screen") said_by_pages.emplace(command.id, command);
  const auto until = time_.now_ms() + command.deadline_ms;
  under_way_[command.id] = {command, until};
  time_.after(command.deadline_ms, [this, command] {
    answer(reply_error(command, {error_code::outcome_unknown, {command.topic}}));
  });
  if (!actor_at(command.to)) {
    time_.after(1, [this, command] { answer(reply_error(command, {error_code::unknown_address, {command.to}})); });
  } else if (time_.in_100(now.busy_percent)) {
    time_.after(1, [this, command] { answer(reply_error(command, {error_code::busy, {command.to}})); });
  } else {
    travel(command.from, command.to, [this, command, until] { deliver(command, until); });
  }
}

void simulated_bus::deliver(const command_envelope& command, std::uint64_t until_ms) {
  if (time_.now_ms() > until_ms) return; // receivers drop what is expired
  if (auto* to = actor_at(command.to)) to->take(command);
}

void simulated_bus::reply(command_envelope answered) {
  if (record) frames.push_back(encode(answered));
  travel(answered.from, answered.to, [this, answered] { answer(answered); });
}

void simulated_bus::answer(const command_envelope& reply) {
  const auto found = under_way_.find(reply.id);
  if (found == under_way_.end()) return; // answered before, or its sender is gone
  const auto command = std::move(found->second.command);
  under_way_.erase(found);
  if (on_good_reply && reply_body(reply)) on_good_reply(command, reply);
  if (auto* to = actor_at(command.from)) to->take_reply(reply);
}

// -- the shell -----------------------------------------------------------------------------------------------------

shell::shell(timetable& time, simulated_bus& bus, simulated_journal* journal, std::string address,
             std::uint64_t skew_ms)
    : time_(time), bus_(bus), journal_(journal), address_(std::move(address)), skew_ms_(skew_ms) {}

void shell::become(part what) { part_ = std::move(what); }

void shell::plan_tick() {
  if (!part_.next_tick_ms) return;
  const auto next = part_.next_tick_ms();
  if (!next || (tick_at_ms_ && *tick_at_ms_ <= *next)) return;
  tick_at_ms_ = *next;
  const auto now = time_.now_ms();
  time_.after(*next > now ? *next - now : 1, if_alive([this, at = *next] {
    if (tick_at_ms_ == at) tick_at_ms_.reset();
    part_.on_tick();
    plan_tick();
  }));
}

void shell::take(const command_envelope& command) {
  if (const auto found = seen_.find(command.id); found != seen_.end()) {
    if (found->second) bus_.reply(*found->second);
    return;
  }
  if (journal_) {
    if (const auto frame = journal_->remembered(command.id)) {
      bus_.reply(*decode_command(*frame));
      return;
    }
  }
  seen_[command.id] = std::nullopt;
  part_.on_command(command);
  plan_tick();
}

void shell::take_reply(const command_envelope& reply) {
  const auto found = asked_.find(reply.id);
  if (found == asked_.end()) return;
  const auto who = found->second;
  asked_.erase(found);
  part_.on_reply(who, reply_body(reply), reply.v);
  plan_tick();
}

command_envelope shell::envelope_of(const actors::outgoing& command) {
  command_envelope e;
  e.v = command.v;
  e.id = time_.fresh_id(skew_ms_);
  e.topic = command.topic;
  e.from = address_;
  e.to = command.to.text();
  e.deadline_ms = command.wait_ms_max;
  e.body = command.body;
  if (command.answer_to) asked_.emplace(e.id, *command.answer_to);
  return e;
}

void shell::carry_out(actors::effects decided, std::function<void()> act) {
  for (const auto& o : decided.showing)
    bus_.send(envelope_of(o));
  std::vector<command_envelope> commands, replies;
  for (const auto& o : decided.binding)
    commands.push_back(envelope_of(o));
  for (auto& r : decided.replies) {
    auto reply = r.body ? reply_ok(r.command, *r.body) : reply_error(r.command, r.body.error());
    if (!decided.journal.empty()) decided.journal.replies.push_back({r.command.id, encode(reply)});
    replies.push_back(std::move(reply));
  }
  auto out = if_alive([this, commands, replies, act = std::move(act)] {
    for (const auto& c : commands)
      bus_.send(c);
    for (const auto& r : replies) {
      seen_[r.id] = r; // not before: a repeated command would be told "done" of what is not durable
      bus_.reply(r);
    }
    if (act) act();
  });
  BOOST_REQUIRE_MESSAGE(journal_ || decided.journal.empty(), address_ << " is no hub actor and writes");
  if (!journal_ || (decided.journal.empty() && undurable_ == 0)) return out();
  ++undurable_;
  journal_->append(std::move(decided.journal), if_alive([this, out] {
                     --undurable_;
                     out();
                   }));
}

} // namespace world_test
