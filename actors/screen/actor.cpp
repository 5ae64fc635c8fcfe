// The shell of screen: connects the pages' rules to the screen port.
#include "actors/roster.hpp"
#include "actors/runtime/ports.hpp"
#include "actors/runtime/shell.hpp"
#include "actors/screen/day_list.hpp"
#include "actors/screen/pages.hpp"
#include "drivers/screen/port.hpp"
#include "storage/journal.hpp"

#include <caf/actor_system.hpp>

#include <map>
#include <mutex>

namespace screen {
namespace {

using namespace messages;
using drivers::screen::page;

static_assert(static_cast<int>(page_kind::monitor) == static_cast<int>(drivers::screen::page_kind::monitor));

/// Who is there and what they say, told to the present incarnation of the actor; the port is watched once.
class audience_of_pages final : public drivers::screen::watcher {
public:
  enum class what : std::uint8_t { joined, said, left };
  using listener = std::function<void(what, page, visitor, std::string)>;

  void tell(listener who) {
    const std::lock_guard lock{mutex_};
    listener_ = std::move(who);
    for (const auto& [p, as] : there_)
      listener_(what::joined, p, as, {});
  }
  void page_joined(page p, const drivers::screen::visitor& as) override {
    const std::lock_guard lock{mutex_};
    there_[p] = {static_cast<page_kind>(as.kind), as.account};
    if (listener_) listener_(what::joined, p, there_[p], {});
  }
  void page_said(page p, std::string line) override {
    const std::lock_guard lock{mutex_};
    if (listener_) listener_(what::said, p, {}, std::move(line));
  }
  void page_left(page p) override {
    const std::lock_guard lock{mutex_};
    there_.erase(p);
    if (listener_) listener_(what::left, p, {}, {});
  }

private:
  std::mutex mutex_;
  std::map<page, visitor> there_;
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
    audience_of(port_)->tell(
        in_this_actor<what, page, visitor, std::string>([this](what w, page p, const visitor& as, const auto& text) {
          if (w == what::joined) act_on(pages_.on_joined(p, as));
          if (w == what::said) act_on(pages_.on_said(p, text));
          if (w == what::left) act_on(pages_.on_left(p));
        }));
  }
  void on_command(const command_envelope& command) override { act_on(pages_.on_command(command)); }
  void on_reply(const actors::tag& who, const result<std::string>& body, std::uint64_t) override {
    act_on(pages_.on_reply(who, body));
  }
  void on_hub(bool there) override { act_on(pages_.on_hub(there)); }
  void on_tick() override { act_on(pages_.on_tick()); }
  std::optional<std::uint64_t> next_tick_ms() const override {
    return pages_.wants_again() ? std::optional{now_ms() + again_ms} : std::nullopt;
  }

  void act_on(decision d) {
    for (auto& l : d.lines)
      port_->send(l.page, std::move(l.text));
    for (const auto& wanted : d.reads)
      read(wanted);
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
  pages pages_;
  std::optional<day_list> today_;
  std::uint64_t next_ = 1; ///< entry that today_ takes next
};

} // namespace

caf::actor spawn(caf::actor_system& system, const actors::runtime::place& where,
                 const actors::runtime::node_ports& ports) {
  return caf::actor_cast<caf::actor>(system.spawn<actor>(where, ports.pages));
}

} // namespace screen
