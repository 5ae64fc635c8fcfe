// Births, deaths and the barrier between them.
#include "actors/runtime/supervisor.hpp"

#include "actors/roster.hpp"
#include "drivers/clock/port.hpp"
#include "storage/journal.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <deque>

namespace actors::runtime {
namespace {

class supervisor final : public caf::event_based_actor {
public:
  supervisor(caf::actor_config& config, supervised what) : caf::event_based_actor(config), what_(std::move(what)) {}

private:
  struct child {
    const roster_row* row = nullptr;
    caf::actor handle;
    std::deque<std::uint64_t> deaths_ms; ///< within the last minute
    std::uint64_t deaths = 0;
  };

  caf::behavior make_behavior() override {
    set_error_handler([](caf::scheduled_actor*, caf::error&) {});
    set_down_handler([this](caf::down_msg& down) { on_death(down); });
    set_exit_handler([this](caf::exit_msg& exit) { end(exit.reason); });
    for (const auto* row : what_.rows) {
      children_.push_back({row, {}, {}, 0});
      give_birth(children_.back());
    }
    return {
        [this](const kill_actor& k) {
          for (auto& c : children_)
            if (c.row->name == k.name) caf::anon_send_exit(c.handle, caf::exit_reason::kill);
        },
        [this](const came& c) { c.work(); },
    };
  }

  void give_birth(child& c) {
    auto where = what_.common;
    where.row = c.row;
    c.handle = c.row->spawn(home_system(), where, what_.ports);
    monitor(c.handle);
    what_.born(c.row->name, c.handle);
  }

  void on_death(const caf::down_msg& down) {
    const auto found =
        std::ranges::find_if(children_, [&](const child& c) { return c.handle.address() == down.source; });
    if (found == children_.end() || ending_) return;
    auto& c = *found;
    what_.died(c.row->name);
    const auto now = what_.common.clock->steady_ms();
    c.deaths_ms.push_back(now);
    while (c.deaths_ms.front() + 60'000 < now)
      c.deaths_ms.pop_front();
    ++c.deaths;
    if (c.deaths_ms.size() > static_cast<std::size_t>(c.row->restarts_max))
      return what_.common.fail({messages::error_code::restarts_exhausted, {std::string{c.row->name}}});
    after_its_appends(c, home_system().render(down.reason));
  }

  /// The barrier: what the dead incarnation appended is durable, and folded into the views, before the next one loads.
  void after_its_appends(child& c, std::string reason) {
    const auto again = [this, row = c.row] {
      const auto found = std::ranges::find(children_, row, &child::row);
      if (!ending_) give_birth(*found);
    };
    if (!what_.common.journal) return again();
    messages::draft barrier;
    const messages::actor_restarted event{std::string{c.row->name}, std::move(reason), c.deaths};
    barrier.events.push_back(messages::make_draft(event));
    const auto self = caf::actor_cast<caf::actor>(this);
    what_.common.journal->append(std::move(barrier), [self, again, fail = what_.common.fail](const auto& written) {
      if (!written) return fail(written.error());
      caf::anon_send(self, came{again});
    });
  }

  void end(const caf::error& reason) {
    ending_ = true;
    for (auto& c : children_) {
      demonitor(c.handle);
      caf::anon_send_exit(c.handle, caf::exit_reason::user_shutdown);
      c.handle = nullptr;
    }
    quit(reason);
  }

  supervised what_;
  std::vector<child> children_;
  bool ending_ = false;
};

} // namespace

caf::actor spawn_supervisor(caf::actor_system& system, supervised what) {
  return caf::actor_cast<caf::actor>(system.spawn<supervisor>(std::move(what)));
}

} // namespace actors::runtime
