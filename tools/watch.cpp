// `uketsuke watch`: the bus, late joiners included, or a stopped node's journal.
#include "drivers/bus/context.hpp"
#include "drivers/bus/subscriber.hpp"
#include "drivers/clock/port.hpp"
#include "messages/json.hpp"
#include "tools/board.hpp"
#include "tools/commands.hpp"
#include "tools/config.hpp"
#include "tools/hub_client.hpp"
#include "tools/stopped_journal.hpp"
#include "tools/time_text.hpp"
#include "tools/timeline.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

namespace tools {

namespace fs = std::filesystem;
using namespace messages;

namespace {

struct watch_options {
  std::string hub;  ///< HOST[:PORT] of the commands port; the other ports follow it
  std::string key;  ///< file of the node that watches, where the hub is on another host
  std::string data; ///< of a stopped node
  std::string keys; ///< of a stopped node; without them personal values are redacted
  std::string run;  ///< folder of a local hub's sockets: in clear
  std::uint64_t from = 1;
  std::vector<std::string> topics;
  std::string checkin;
  bool json = false, until_head = false, board = false;
};

/// 2026-11-22 08:42:10.123 in Japan.
std::string precise_time_text(std::uint64_t ms) {
  char fraction[8];
  std::snprintf(fraction, sizeof fraction, ".%03u", static_cast<unsigned>(ms % 1000));
  return time_text(ms) + fraction;
}

/// What is printed, and how.
class printer {
public:
  explicit printer(const watch_options& o) : options_(o) {}
  void print(const event_envelope& e);
  /// After the last.
  void end() const {
    if (tells()) std::cout << story_.end();
    std::cout.flush();
  }

private:
  bool tells() const { return !options_.checkin.empty() && !options_.json; }
  const watch_options& options_;
  timeline story_;
};

bool wanted(const watch_options& o, const event_envelope& e) {
  if (e.index < o.from) return false;
  if (!o.checkin.empty() && e.checkin.text() != o.checkin) return false;
  return o.topics.empty() ||
         std::ranges::any_of(o.topics, [&](const std::string& prefix) { return e.topic.starts_with(prefix); });
}

void printer::print(const event_envelope& e) {
  if (!wanted(options_, e)) return;
  if (options_.json) {
    std::cout << to_json(e) << '\n';
    return;
  }
  if (tells()) {
    std::cout << story_.tell(e);
    return;
  }
  const auto body = unpack(e.body);
  std::cout << precise_time_text(e.time_ms) << "  " << e.index << "  " << (e.desk.empty() ? e.node : e.desk)
            << "  " << e.topic
            << "  " << (body ? to_json(*body) : "") << '\n';
}

/// A stopped node's journal, page by page.
outcome watch_folder(const watch_options& o) {
  printer out{o};
  const auto opened = storage::journal::open(stopped_journal{o.data, o.keys, {}}.options(), {});
  if (!opened) return failure(opened.error());
  for (std::uint64_t from = o.from;;) {
    const auto page = (*opened)->read(from, 1000, o.topics);
    if (!page) return failure(page.error());
    for (const auto& e : page->events)
      if (const auto envelope = decode_event(e.envelope)) out.print(*envelope);
    if (page->next > page->head) break;
    from = page->next;
  }
  out.end();
  return 0;
}

struct endpoints {
  std::string live, replay;
  std::optional<bus::curve_identity> keys = {};
};

result<endpoints> endpoints_of(const watch_options& o) {
  if (!o.run.empty()) return endpoints{"ipc://" + o.run + "/events", "ipc://" + o.run + "/replay"};
  if (!o.hub.empty()) {
    const auto at = hub_ports(o.hub);
    if (!at) return failure(at.error());
    if (o.key.empty()) return endpoints{at->events, at->replay};
    const auto key = bus::read_node_key(o.key);
    if (!key) return failure(key.error());
    return endpoints{bus::sees_personal(key->role) ? at->personal : at->events, at->replay, key->identity};
  }
  for (const auto& folder : {default_data_folder() / "run", default_data_folder() / "sim" / "run"})
    if (fs::exists(folder / "events"))
      return endpoints{"ipc://" + (folder / "events").string(), "ipc://" + (folder / "replay").string()};
  return failure(error_code::no_hub, (default_data_folder() / "run").string());
}

/// Where the board is asked for.
result<hub_at> hub_of(const watch_options& o) {
  if (!o.hub.empty()) return hub_at::by_key(o.hub, o.key);
  const auto run = run_folder(o.run);
  if (!run) return failure(run.error());
  return hub_at::in_folder(*run);
}

/// Tells, once each, where a reader stopped and when it goes on: nothing is lost, but a person wants to know.
class progress_of_a_reader {
public:
  explicit progress_of_a_reader(const bus::subscriber& reader) : reader_(reader) {}
  void read(std::uint64_t index) {
    if (silent_) std::cerr << "the hub is back; going on at " << index << '\n';
    silent_ = false;
    if (was_live_ && !behind_ && reader_.head() > index + behind_min) {
      behind_ = true;
      std::cerr << "fell behind: stopped at " << index << " of " << reader_.head() << "; replaying what was missed\n";
    }
    last_ = index;
  }
  /// Nothing to read just now.
  void pause() {
    if (!reader_.live()) return;
    if (behind_) std::cerr << "caught up at " << last_ << '\n';
    behind_ = false;
    was_live_ = true;
  }
  void silence() {
    if (!silent_) std::cerr << "nothing is heard from the hub; waiting for it after " << last_ << '\n';
    silent_ = true;
  }

private:
  static constexpr std::uint64_t behind_min = 1000; ///< as many as a socket's queue: the rest is dropped for it
  const bus::subscriber& reader_;
  std::uint64_t last_ = 0;
  bool was_live_ = false, behind_ = false, silent_ = false;
};

outcome watch_hub(watch_options o) {
  const auto at = endpoints_of(o);
  if (!at) return failure(at.error());
  const auto clock = drivers::clock::system_clock();
  bus::subscriber_options s;
  s.live_endpoint = at->live;
  s.replay_endpoint = at->replay;
  s.keys = at->keys;
  if (o.board) {
    s.clock = [clock] { return clock->steady_ms(); };
    const auto hub = hub_of(o);
    if (!hub) return failure(hub.error());
    return watch_board(*hub, std::move(s), o.json, o.until_head);
  }
  s.order.from = o.from;
  s.order.topics = o.topics;
  s.order.until_head = o.until_head;
  s.clock = [clock] { return clock->steady_ms(); };
  s.on_changed_epoch = [&o](std::uint64_t epoch) {
    o.from = 1; // what was read and what was left out before are both of another journal
    std::cout.flush();
    std::cerr << "the journal was restored (epoch " << epoch << "): from the start again\n";
  };
  auto opened = bus::subscriber::open(std::make_shared<bus::context>(), std::move(s));
  if (!opened) return failure(opened.error());
  auto& reader = **opened;
  printer out{o};
  progress_of_a_reader told{reader};
  while (!reader.ended()) {
    if (const auto e = reader.next(200)) {
      out.print(*e);
      told.read(e->index);
      continue;
    }
    told.pause();
    std::cout.flush();
    if (!std::cout) return 0; // whoever read our lines has gone
    if (reader.key_refused()) return failure(error_code::key_refused, o.hub);
    if (reader.silent_ms() < 3000) continue;
    if (!reader.heard() || o.until_head) return failure(error_code::no_hub, at->live);
    told.silence();
  }
  out.end();
  return 0;
}

} // namespace

void add_watch(CLI::App& app, chosen& run) {
  auto* command =
      app.add_subcommand("watch", "print what happens: the bus of a running hub, or a stopped node's journal");
  auto o = std::make_shared<watch_options>();
  auto* hub = command->add_option("--hub", o->hub, "HOST[:PORT] of a hub, redacted (default: the local hub's sockets)");
  command->add_option("--key", o->key, "key file of this node, for a hub on another host: what its role may see")
      ->needs(hub);
  auto* data = command->add_option("--data", o->data, "the journal folder of a stopped node");
  command->add_option("--keys", o->keys, "the key folder of --data (default: beside it, NAME-keys)")->needs(data);
  auto* folder = command->add_option("--run", o->run, "the folder of a local hub's sockets: personal data in clear");
  hub->excludes(data)->excludes(folder);
  data->excludes(folder);
  command->add_option("--from", o->from, "index to begin with (default 1)");
  command->add_option("--topic", o->topics, "only topics that begin so; may be repeated");
  command->add_option("--checkin", o->checkin, "only this check-in (32 hexadecimal digits), as a timeline");
  command->add_flag("--board", o->board, "how every desk is now, without its history, then what changes")
      ->excludes(data);
  command->add_flag("--json", o->json, "one event envelope a line");
  command->add_flag("--until-head", o->until_head, "end at the head as it was at the start");
  command->callback([&run, o] { run = [o] { return o->data.empty() ? watch_hub(*o) : watch_folder(*o); }; });
}

} // namespace tools
