// Receiving once, deciding, writing, then acting: the part that all actors share.
#include "actors/runtime/shell.hpp"

#include "actors/account_admin/policy.hpp"
#include "actors/roster.hpp"
#include "drivers/clock/port.hpp"
#include "storage/journal.hpp"
#include "storage/views/typed_rows.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace actors::runtime {

using namespace messages;

shell::shell(caf::actor_config& config, place where)
    : caf::event_based_actor(config), place_(std::move(where)), alive_(std::make_shared<std::atomic<bool>>(true)),
      undurable_(std::make_shared<std::atomic<int>>(0)),
      durable_lazy_(std::make_shared<std::atomic<std::uint64_t>>(0)) {}

shell::~shell() = default;

void shell::on_exit() { *alive_ = false; }

std::uint64_t shell::now_ms() const { return place_.clock->utc_ms(); }

caf::behavior shell::make_behavior() {
  set_error_handler([](caf::scheduled_actor*, caf::error&) {}); // stack.md §2.2: the default handler quits
  on_start();
  plan_tick();
  return {
      [this](const delivered& d) {
        take(d.command);
        plan_tick();
      },
      [this](const answered& a) {
        take_reply(a.reply);
        plan_tick();
      },
      [this](const hub_seen& h) {
        on_hub(h.there);
        plan_tick();
      },
      [this](const came& c) {
        c.work();
        plan_tick();
      },
      [this](const time_passed&) {
        tick_at_ms_.reset();
        on_tick();
        plan_tick();
      },
  };
}

void shell::plan_tick() {
  const auto next = next_tick_ms();
  if (!next || (tick_at_ms_ && *tick_at_ms_ <= *next)) return;
  tick_at_ms_ = next;
  const auto now = now_ms();
  delayed_send(this, std::chrono::milliseconds(*next > now ? *next - now : 0), time_passed{});
}

void shell::hand_over(const caf::weak_actor_ptr& self, std::function<void()> work) {
  if (const auto strong = self.lock()) caf::anon_send(caf::actor_cast<caf::actor>(strong), came{std::move(work)});
}

// -- receiving -----------------------------------------------------------------------------------------------------

void shell::take(const command_envelope& command) {
  if (seen_before(command)) return;
  // Only where it was proven; account_admin says itself whose its events are.
  if (place_.accounts && place_.row->name != "account_admin") {
    taken_ = command.id;
    taken_account_ = is_account_id(command.account) ? command.account : std::string{};
  }
  if (auto why = refusal_of(command)) {
    effects refused;
    const command_refused event{command.topic, std::string{describe(why->code).name}, command.from};
    const auto from = address::from_text(command.from);
    refused.journal.events.push_back(
        make_draft(event, from && from->node != place_.hub ? from->node : "", {}, command.id));
    refused.refuse(command, std::move(*why));
    carry_out(std::move(refused));
  } else
    on_command(command);
  taken_ = {};
  taken_account_.clear();
}

/// Rights are asked where the work is done. account_admin asks the same table itself, of the rows it works on; what it
/// cannot know is when a session was last used.
std::optional<error> shell::refusal_of(const command_envelope& command) const {
  if (!place_.accounts || !place_.journal) return {};
  const bool judges_itself = place_.row->name == "account_admin";
  account_admin::giver who;
  who.account = command.account;
  const auto from = address::from_text(command.from);
  who.of_the_house = from && find_row(from->actor) != nullptr;
  std::optional<account_record> row;
  if (account_admin::find_right(command.topic) && !command.account.empty()) {
    const auto stored = place_.journal->get("accounts", account_key(command.account));
    if (stored && *stored) row = storage::decode_row<account_record>(**stored);
  }
  who.row = row ? &*row : nullptr;
  const auto* session = row && from ? row->session_at(from->node, now_ms()) : nullptr;
  who.session = session && (is_system(row->kind) ||
                            place_.uses->use(account_key(row->account), from->node, session->begun_ms, now_ms(),
                                             place_.accounts->idle_ms_max));
  who.code_missing = row && account_admin::needs_code(*row, *place_.accounts);
  if (!judges_itself) return account_admin::refusal_of(command.topic, who);
  // Who lay idle may still leave: the journal says when.
  if (session && !who.session && command.topic != sign_out::topic) return error{error_code::not_signed_in, {}};
  return {};
}

/// A command id seen twice is executed once: the second time it gets the reply of the first.
bool shell::seen_before(const command_envelope& command) {
  auto judged = taken_before_.judge(command, now_ms(), [this](const messages::id& of) -> std::optional<std::string> {
    if (!place_.journal) return {};
    const auto remembered = place_.journal->remembered(of);
    return remembered && *remembered ? std::optional{(*remembered)->frame} : std::nullopt;
  });
  if (judged.say) send({std::move(*judged.say)});
  return !judged.fresh;
}

void shell::take_reply(const command_envelope& reply) {
  const auto found = asked_.find(reply.id);
  if (found == asked_.end()) return; // an earlier incarnation asked
  const auto who = found->second;
  asked_.erase(found);
  on_reply(who, reply_body(reply), reply.v);
}

// -- acting --------------------------------------------------------------------------------------------------------

command_envelope shell::envelope_of(outgoing&& command) {
  command_envelope e;
  e.v = command.v;
  e.id = place_.make_id();
  e.topic = std::move(command.topic);
  e.from = std::string{place_.row->name} + "@" + place_.node;
  e.to = command.to.text();
  e.cause = command.cause;
  e.account = std::move(command.account);
  e.deadline_ms = command.wait_ms_max;
  e.body = std::move(command.body);
  if (command.answer_to) asked_.emplace(e.id, *command.answer_to);
  return e;
}

std::vector<command_envelope> shell::envelopes_of(std::vector<outgoing>& commands) {
  std::vector<command_envelope> envelopes;
  envelopes.reserve(commands.size());
  for (auto& c : commands)
    envelopes.push_back(envelope_of(std::move(c)));
  return envelopes;
}

void shell::send(std::vector<command_envelope> envelopes) const {
  if (!envelopes.empty()) caf::anon_send(place_.bus, send_out{std::move(envelopes)});
}

void shell::carry_out(effects decided, std::function<void()> act) {
  auto shown = envelopes_of(decided.showing);
  auto outgoing_now = envelopes_of(decided.binding);
  const auto durable = std::make_shared<std::atomic<bool>>(false);
  for (auto& r : decided.replies) {
    auto reply = r.body ? reply_ok(r.command, std::move(*r.body)) : reply_error(r.command, r.body.error());
    if (!decided.journal.empty())
      decided.journal.replies.push_back({r.command.id, r.remember ? encode(reply) : std::string{}});
    taken_before_.decided(reply, durable);
    outgoing_now.push_back(std::move(reply));
  }
  const bool someone_waits = !outgoing_now.empty() || act;
  const bool rests_on_nothing = decided.journal.empty() && *undurable_ == 0 && *durable_lazy_ == lazy_;
  if (!place_.journal || rests_on_nothing) {
    *durable = true;
    send(std::move(outgoing_now));
    send(std::move(shown));
    if (act) act();
    return;
  }
  for (auto& e : decided.journal.events)
    if (e.account.empty() && !taken_.empty() && e.cause == taken_) e.account = taken_account_;
  for (const auto& e : decided.journal.events)
    if (e.topic != command_refused::topic && !publishes(*place_.row, e.topic))
      return place_.fail({error_code::not_allowed, {e.topic}});

  // The append's own thread sends what waited for it: no detour through this actor, whose next step may be long.
  ++*undurable_;
  auto on_durable = [bus = place_.bus, fail = place_.fail, alive = alive_, undurable = undurable_, lazy = lazy_,
                     durable_lazy = durable_lazy_, durable, envelopes = std::move(outgoing_now),
                     act = std::move(act)](const result<storage::appended>& written) mutable {
    --*undurable;
    *durable_lazy = lazy; // appends are made durable in order
    if (!written) return fail(written.error());
    *durable = true;
    if (!*alive) return; // another incarnation goes on from the journal
    if (!envelopes.empty()) caf::anon_send(bus, send_out{std::move(envelopes)});
    if (act) act();
  };
  if (someone_waits)
    place_.journal->append(std::move(decided.journal), std::move(on_durable));
  else {
    --*undurable_;
    ++lazy_;
    // Refused at once: the actor has moved on from what would not be written, so the node must end.
    if (!place_.journal->append(std::move(decided.journal), {}))
      place_.fail(place_.journal->failed().value_or(error{error_code::busy, {"journal"}}));
  }
  send(std::move(shown)); // after the append was handed over: what must wait for the disk waits less
}

} // namespace actors::runtime
