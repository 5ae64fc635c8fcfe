// The shell of screen: connects the pages' rules to the screen port.
#include "actors/account_admin/policy.hpp"
#include "actors/eligibility_gateway/actor_viewable.hpp"
#include "actors/roster.hpp"
#include "actors/runtime/ports.hpp"
#include "actors/runtime/shell.hpp"
#include "actors/screen/day_list.hpp"
#include "actors/screen/pages.hpp"
#include "drivers/screen/port.hpp"
#include "messages/json.hpp"
#include "storage/journal.hpp"
#include "storage/views/typed_rows.hpp"

#include <caf/actor_system.hpp>

#include <algorithm>
#include <map>
#include <mutex>

namespace screen {
namespace {

using namespace messages;
using drivers::screen::page;

static_assert(static_cast<int>(page_kind::records) == static_cast<int>(drivers::screen::page_kind::records));

/// Withdrawals, ended sessions and idle ones are seen within this.
constexpr std::uint64_t look_every_ms = 500;

/// Who is there and what they say, told to the present incarnation of the actor; the port is watched once.
class audience_of_pages final : public drivers::screen::watcher {
public:
  enum class what : std::uint8_t { joined, said, left, entry, door_left };
  using listener = std::function<void(what, page, visitor, std::string)>;

  void tell(listener who) {
    const std::lock_guard lock{mutex_};
    listener_ = std::move(who);
    for (const auto& [p, as] : there_)
      listener_(what::joined, p, as, {});
    for (const auto& [n, typed] : entries_)
      listener_(what::entry, n, {}, {});
    for (auto& [p, line] : early_)
      listener_(what::said, p, {}, std::move(line));
    early_.clear();
  }
  void page_joined(page p, const drivers::screen::visitor& as) override {
    const std::lock_guard lock{mutex_};
    there_[p] = {static_cast<page_kind>(as.kind), as.account, as.session, {}};
    if (listener_) listener_(what::joined, p, there_[p], {});
  }
  void page_said(page p, std::string line) override {
    const std::lock_guard lock{mutex_};
    if (listener_)
      listener_(what::said, p, {}, std::move(line));
    else if (early_.size() < early_max) // the port may hear a page before the actor hears the port
      early_.emplace_back(p, std::move(line));
  }
  void page_left(page p) override {
    const std::lock_guard lock{mutex_};
    there_.erase(p);
    if (listener_) listener_(what::left, p, {}, {});
  }
  void entry_asked(std::uint64_t n, drivers::screen::entry typed) override {
    const std::lock_guard lock{mutex_};
    entries_[n] = std::move(typed);
    if (listener_) listener_(what::entry, n, {}, {});
  }
  void session_left(const std::string& account, const messages::id& session) override {
    const std::lock_guard lock{mutex_};
    if (listener_) listener_(what::door_left, 0, {page_kind::reception, account, session, {}}, {});
  }
  /// What was typed for entry @p n; it is kept nowhere else.
  drivers::screen::entry take_entry(std::uint64_t n) {
    const std::lock_guard lock{mutex_};
    auto found = entries_.extract(n);
    return found.empty() ? drivers::screen::entry{} : std::move(found.mapped());
  }

private:
  std::mutex mutex_;
  std::map<page, visitor> there_;
  std::map<std::uint64_t, drivers::screen::entry> entries_;
  static constexpr std::size_t early_max = 1'000;
  std::vector<std::pair<page, std::string>> early_; ///< said before anybody listened
  listener listener_;
};

std::shared_ptr<audience_of_pages> audience_of(const std::shared_ptr<drivers::screen::pages>& port) {
  static std::mutex mutex;
  static std::map<drivers::screen::pages*,
                  std::pair<std::weak_ptr<drivers::screen::pages>, std::shared_ptr<audience_of_pages>>>
      all;
  const std::lock_guard lock{mutex};
  std::erase_if(all, [](const auto& entry) { return entry.second.first.expired(); });
  auto& entry = all[port.get()];
  if (!entry.second) {
    entry = {port, std::make_shared<audience_of_pages>()};
    port->watch(*entry.second);
  }
  return entry.second;
}

class actor final : public actors::runtime::shell {
public:
  actor(caf::actor_config& config, actors::runtime::place where, std::shared_ptr<drivers::screen::pages> port)
      : shell(config, where), port_(std::move(port)), pages_(where.node, where.hub) {}

private:
  using what = audience_of_pages::what;

  void on_start() override {
    audience_ = audience_of(port_);
    audience_->tell(in_this_actor<what, page, visitor, std::string>(
        [this](what w, page p, const visitor& as, const auto& text) { hear(w, p, as, text); }));
  }
  void hear(what w, page p, visitor as, const std::string& text) {
    pages_.at(now_ms());
    switch (w) {
    case what::joined:
      if (as.kind != page_kind::patient) as.now = standing_of(as.account, as.session);
      return act_on(pages_.on_joined(p, as));
    case what::said: return act_on(pages_.on_said(p, text));
    case what::left: return act_on(pages_.on_left(p));
    case what::door_left: return act_on(pages_.on_door_left({as.session, as.account}));
    case what::entry:
      auto typed = audience_->take_entry(p);
      return act_on(pages_.on_entry(p, {std::move(typed.account), typed.password, typed.code, typed.place}));
    }
  }
  void on_command(const command_envelope& command) override { act_on(pages_.on_command(command)); }
  void on_reply(const actors::tag& who, const result<std::string>& body, std::uint64_t) override {
    pages_.at(now_ms());
    auto d = pages_.on_reply(who, body);
    const bool look = d.accounts_said; // it may have been the change of an initial password
    act_on(std::move(d));
    if (look) look_at_sessions();
  }
  void on_hub(bool there) override { act_on(pages_.on_hub(there)); }

  // -- whose pages they are ----------------------------------------------------------------------------------------

  std::optional<std::uint64_t> next_tick_ms() const override {
    const bool looks = !pages_.views().empty() || (here().accounts && !pages_.sessions().empty());
    std::optional<std::uint64_t> next;
    if (looks) next = looked_ms_ + look_every_ms;
    if (pages_.wants_again()) next = std::min(next.value_or(now_ms() + again_ms), now_ms() + again_ms);
    return next;
  }
  void on_tick() override {
    look_at_sessions();
    look_at_views();
    act_on(pages_.on_time());
    act_on(pages_.on_tick());
  }
  /// The journal says who is signed in: a session that account administration ended ends here, whoever ended it.
  void look_at_sessions() {
    if (!here().accounts) return;
    looked_ms_ = now_ms();
    pages_.at(looked_ms_);
    for (const auto& one : pages_.sessions())
      act_on(pages_.on_standing(one.session, standing_of(one.account, one.session)));
  }
  /// Withdrawal, expiry, a card read again: what rested on the consent leaves the pages.
  void look_at_views() {
    const auto views = pages_.views();
    for (const auto& v : views)
      if (!here().journal || !eligibility_gateway::is_in_force(v.patient, v.kind, v.consent, *here().journal,
                                                               eligibility_gateway::viewing_windows{}, now_ms()))
        act_on(pages_.close_view(v.question));
  }
  standing standing_of(const std::string& account, const messages::id& session) const {
    standing now;
    if (!here().accounts) return now;
    now.sees_board = now.sees_journal = false;
    if (session.empty()) return now; // hands that have not said who they are
    std::optional<account_record> row;
    const auto stored = here().journal->get("accounts", account_key(account));
    if (stored && *stored) row = storage::decode_row<account_record>(**stored);
    const auto of = [&](const account_session& s) { return s.session == session && now_ms() < s.until_ms; };
    now.in_force = row && row->is_open(now_ms()) && std::ranges::any_of(row->sessions, of);
    if (!now.in_force) return now;
    const account_admin::giver who{row->account, &*row, true, false, needs_code(*row, *here().accounts)};
    for (const auto& right : account_admin::rights)
      if (right.may.has(row->kind) && !account_admin::refusal_of(right.topic, who))
        now.may.emplace_back(right.topic);
    for (std::size_t n = 0; n < enumeration<account_kind>::names.size(); ++n)
      if (account_admin::administered_by(row->kind).has(static_cast<account_kind>(n)))
        now.administers.emplace_back(enumeration<account_kind>::names[n]);
    now.kind = messages::name(row->kind);
    now.idle_ms = here().accounts->idle_ms_max;
    now.sees_board = !account_admin::refusal_of(list_desks::topic, who);
    now.sees_journal = !account_admin::refusal_of(ask_status::topic, who);
    if (row->standing == account_standing::initial)
      now.first = change_password::topic;
    else if (who.code_missing)
      now.first = enrol_code::topic;
    return now;
  }

  void act_on(decision d) {
    for (auto& l : d.lines)
      port_->send(l.page, std::move(l.text));
    for (auto& e : d.entries)
      if (e.status == 204)
        port_->let_in(e.n, e.account, e.session);
      else
        port_->answer_entry(e.n, e.status, std::move(e.json));
    for (const auto& one : d.ended)
      port_->end_session(one.session);
    if (here().uses && !d.used_by.empty())
      here().uses->use(account_key(d.used_by), here().node, now_ms(), now_ms(), here().accounts->idle_ms_max);
    for (const auto& wanted : d.reads)
      read(wanted);
    for (const auto& wanted : d.searches)
      search(wanted);
    for (const auto& wanted : d.todays)
      read_today(wanted);
    carry_out(std::move(d));
  }

  /// The monitor's page reads the journal itself, page by page; only the hub has one, and only the hub has that page.
  void read(const events_wanted& wanted) {
    if (!here().journal) return;
    const auto found = here().journal->read(wanted.from, wanted.limit, wanted.topics);
    if (!found) return;
    std::vector<event_envelope> events;
    for (const auto& e : found->events)
      if (auto one = decode_event(e.envelope)) events.push_back(std::move(*one));
    auto answer = pages::answer_events(wanted, events, found->next, found->head);
    port_->send(answer.page, std::move(answer.text));
  }

  /// Whom a consent in force opens; who may ask was judged before.
  void search(const search_wanted& wanted) {
    namespace gateway = eligibility_gateway;
    const auto conditions = message_from_json<gateway::search_conditions>(wanted.conditions);
    const auto found = !here().journal ? failure(error_code::not_allowed, "records")
                       : !conditions  ? failure(conditions.error())
                                      : gateway::find_viewable(*conditions, *here().journal,
                                                               gateway::viewing_windows{}, now_ms());
    auto answer = pages::answer_search(wanted, found ? unpack(encode_body(*found)) : failure(found.error()));
    port_->send(answer.page, std::move(answer.text));
  }

  /// Reads on where the last answer ended, a bounded piece at a time: no other page waits for a long month.
  void read_today(const today_wanted& wanted) {
    if (!here().journal) return;
    if (!today_ || !today_->is_of(now_ms())) {
      today_.emplace(now_ms());
      next_ = first_since(today_->month_begin_ms());
    }
    std::uint64_t head = 0;
    for (int piece = 0; piece < pieces_max; ++piece) {
      const auto found = here().journal->read(next_, events_a_piece, day_list::topics());
      if (!found) break;
      for (const auto& e : found->events)
        if (const auto one = decode_event(e.envelope)) today_->take(*one);
      next_ = found->next;
      head = found->head;
      if (next_ > head) break;
    }
    auto answer = pages::answer_today(wanted, today_->rows(), next_ <= head);
    port_->send(answer.page, std::move(answer.text));
  }

  /// The first entry that is not older: entries are in the order of time.
  std::uint64_t first_since(std::uint64_t time_ms) {
    std::uint64_t low = 1, high = here().journal->head() + 1;
    while (low < high) {
      const auto middle = low + (high - low) / 2;
      const auto found = here().journal->read(middle, 1);
      const auto one = found && !found->events.empty() ? decode_event(found->events.front().envelope)
                                                       : result<event_envelope>{failure(error_code::malformed, "")};
      if (!one || one->time_ms >= time_ms)
        high = middle;
      else
        low = middle + 1;
    }
    return low;
  }

  static constexpr std::uint64_t again_ms = 250;
  static constexpr int pieces_max = 4;
  static constexpr std::size_t events_a_piece = 500;

  std::shared_ptr<drivers::screen::pages> port_;
  std::shared_ptr<audience_of_pages> audience_;
  pages pages_;
  std::uint64_t looked_ms_ = 0;
  std::optional<day_list> today_;
  std::uint64_t next_ = 1; ///< entry that today_ takes next
};

} // namespace

caf::actor spawn(caf::actor_system& system, const actors::runtime::place& where,
                 const actors::runtime::node_ports& ports) {
  return caf::actor_cast<caf::actor>(system.spawn<actor>(where, ports.pages));
}

} // namespace screen
