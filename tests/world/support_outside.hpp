// A clinic's outside in one thread: time, the journal's disk, the bus between processes. Everything that can go wrong
// goes wrong by seed.
#pragma once

#include "tests/test.hpp"

#include "actors/pure/effects.hpp"
#include "drivers/clock/port.hpp"
#include "messages/checkin.hpp"
#include "storage/views/open_checkins.hpp"
#include "storage/views/outage_ledger.hpp"
#include "storage/views/questions.hpp"

#include <functional>
#include <map>
#include <set>

namespace world_test {

using namespace messages;

/// What is to happen, in order of time and then of planning: the same for the same seed.
class timetable {
public:
  explicit timetable(std::uint64_t seed);
  std::uint64_t now_ms() const { return clock_.utc_ms(); }
  void after(std::uint64_t delay_ms, std::function<void()> what);
  void run_for(std::uint64_t ms);
  std::uint64_t draw(std::uint64_t below) { return below == 0 ? 0 : chance_->draw() % below; }
  bool in_100(std::uint64_t percent) { return draw(100) < percent; }
  /// @p skew_ms: how far the clock of the host that makes the id is ahead.
  id fresh_id(std::uint64_t skew_ms = 0);

private:
  drivers::clock::standing_clock clock_;
  std::shared_ptr<drivers::clock::chance> chance_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::function<void()>> plan_;
  std::uint64_t planned_ = 0;
};

/// The journal with its disk: what is not synced when the process dies is gone, and nobody was told that it was there.
class simulated_journal {
public:
  explicit simulated_journal(timetable& time) : time_(time) {}

  void append(draft what, std::function<void()> on_durable);
  void crash();

  std::vector<open_checkin> open_checkins() const;
  std::vector<storage::question_row> questions() const;
  std::vector<storage::ledger_row> outage_ledger() const;
  std::uint64_t line_lost_ms() const;
  std::vector<outbox_row> open_effects(const std::string& owner) const;
  std::optional<std::string> remembered(id command) const;

  std::vector<event_envelope> events; ///< durable
  std::vector<outbox_row> outbox;     ///< durable
  std::set<id> causes;                ///< of durable events
  std::map<id, id> attempts;          ///< durable permissions: attempt → the command that caused it

private:
  struct pending {
    draft what;
    std::function<void()> on_durable;
  };
  void begin_sync();
  void make_durable(const std::vector<pending>& batch);
  void fold(const event_envelope& event);

  timetable& time_;
  std::vector<pending> waiting_, syncing_;
  std::uint64_t process_ = 0;
  storage::memory_rows open_, questions_, ledger_;
  std::map<id, std::string> replies_;
};

/// How bad the network is just now.
struct weather {
  std::uint64_t lost_percent = 0, repeated_percent = 0, busy_percent = 0, delay_ms_max = 5;
};

class shell;

/// Commands and their replies between processes, with the answers that the contract promises (design.md §3): unknown
/// address, dead peer, busy, outcome unknown; never silence. In order between two nodes, as on one connection.
class simulated_bus {
public:
  explicit simulated_bus(timetable& time) : time_(time) {}

  void join(const std::string& node, std::map<std::string, shell*> actors);
  void leave(const std::string& node);
  void send(command_envelope command);
  void reply(command_envelope answer);

  weather now;
  bool record = false;
  std::vector<std::string> frames;              ///< when recording: everything that was sent
  std::map<id, command_envelope> said_by_pages; ///< commands of screens, by id
  std::function<void(const command_envelope& command, const command_envelope& reply)> on_good_reply;

private:
  struct under_way {
    command_envelope command;
    std::uint64_t until_ms = 0;
  };
  void travel(const std::string& from, const std::string& to, std::function<void()> arrive);
  void deliver(const command_envelope& command, std::uint64_t until_ms);
  void answer(const command_envelope& reply);
  shell* actor_at(const std::string& text) const;

  timetable& time_;
  std::map<std::string, std::map<std::string, shell*>> nodes_;
  std::map<id, under_way> under_way_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> last_arrival_ms_;
};

/// What actors/runtime/shell does, without threads: decide, write, then act; each command id is executed once.
class shell {
public:
  struct part { ///< the pure part of an actor, whatever its type
    std::function<void(const command_envelope&)> on_command;
    std::function<void(const actors::tag&, const result<std::string>&, std::uint64_t)> on_reply;
    std::function<void()> on_tick;
    std::function<std::optional<std::uint64_t>()> next_tick_ms;
  };
  shell(timetable& time, simulated_bus& bus, simulated_journal* journal, std::string address, std::uint64_t skew_ms);
  ~shell() { *alive_ = false; }

  void become(part what);
  void take(const command_envelope& command);
  void take_reply(const command_envelope& reply);
  void carry_out(actors::effects decided, std::function<void()> act = {});
  /// @p what, unless this incarnation is gone by then.
  template <class F> auto if_alive(F what) const {
    return [alive = alive_, what = std::move(what)](const auto&... with) {
      if (*alive) what(with...);
    };
  }
  void plan_tick();

private:
  command_envelope envelope_of(const actors::outgoing& command);

  timetable& time_;
  simulated_bus& bus_;
  simulated_journal* journal_;
  std::string address_;
  std::uint64_t skew_ms_;
  part part_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::map<id, actors::tag> asked_;
  std::map<id, std::optional<command_envelope>> seen_;
  std::optional<std::uint64_t> tick_at_ms_;
  int undurable_ = 0;
};

} // namespace world_test
