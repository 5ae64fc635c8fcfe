// `uketsuke watch`: the bus, late joiners included, or a stopped node's journal.
#include "drivers/bus/context.hpp"
#include "drivers/bus/subscriber.hpp"
#include "drivers/clock/port.hpp"
#include "messages/json.hpp"
#include "tools/commands.hpp"
#include "tools/config.hpp"
#include "tools/stopped_journal.hpp"
#include "tools/time_text.hpp"

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
  std::string hub;  ///< HOST[:PORT] of the commands port; the events port is one above, replay two
  std::string data; ///< of a stopped node
  std::string keys; ///< of a stopped node; without them personal values are redacted
  std::string run;  ///< folder of a local hub's sockets: in clear
  std::uint64_t from = 1;
  std::vector<std::string> topics;
  std::string checkin;
  bool json = false, until_head = false;
};

/// 2026-11-22 08:42:10.123 in Japan.
std::string precise_time_text(std::uint64_t ms) {
  char fraction[8];
  std::snprintf(fraction, sizeof fraction, ".%03u", static_cast<unsigned>(ms % 1000));
  return time_text(ms) + fraction;
}

bool wanted(const watch_options& o, const event_envelope& e) {
  if (e.index < o.from) return false;
  if (!o.checkin.empty() && e.checkin.text() != o.checkin) return false;
  return o.topics.empty() ||
         std::ranges::any_of(o.topics, [&](const std::string& prefix) { return e.topic.starts_with(prefix); });
}

void print(const watch_options& o, const event_envelope& e) {
  if (!wanted(o, e)) return;
  if (o.json) {
    std::cout << to_json(e) << '\n';
    return;
  }
  const auto body = unpack(e.body);
  std::cout << precise_time_text(e.time_ms) << "  " << e.index << "  " << (e.desk.empty() ? e.node : e.desk)
            << "  " << e.topic
            << "  " << (body ? to_json(*body) : "") << '\n';
}

/// A stopped node's journal, page by page.
outcome watch_folder(const watch_options& o) {
  const auto opened = storage::journal::open(stopped_journal{o.data, o.keys, {}}.options(), {});
  if (!opened) return failure(opened.error());
  for (std::uint64_t from = o.from;;) {
    const auto page = (*opened)->read(from, 1000, o.topics);
    if (!page) return failure(page.error());
    for (const auto& e : page->events)
      if (const auto envelope = decode_event(e.envelope)) print(o, *envelope);
    if (page->next > page->head) break;
    from = page->next;
  }
  std::cout.flush();
  return 0;
}

struct endpoints {
  std::string live, replay;
};

result<endpoints> endpoints_of(const watch_options& o) {
  if (!o.run.empty()) return endpoints{"ipc://" + o.run + "/events", "ipc://" + o.run + "/replay"};
  if (!o.hub.empty()) {
    const auto colon = o.hub.rfind(':');
    const auto host = o.hub.substr(0, colon);
    const int port = colon == std::string::npos ? 5570 : std::atoi(o.hub.c_str() + colon + 1);
    if (port < 1 || port > 65533) return failure(error_code::wrong_value, "--hub", o.hub);
    const auto at = "tcp://" + (host == "localhost" ? "127.0.0.1" : host) + ":";
    return endpoints{at + std::to_string(port + 1), at + std::to_string(port + 2)};
  }
  for (const auto& folder : {default_data_folder() / "run", default_data_folder() / "sim" / "run"})
    if (fs::exists(folder / "events"))
      return endpoints{"ipc://" + (folder / "events").string(), "ipc://" + (folder / "replay").string()};
  return failure(error_code::no_hub, (default_data_folder() / "run").string());
}

outcome watch_hub(watch_options o) {
  const auto at = endpoints_of(o);
  if (!at) return failure(at.error());
  const auto clock = drivers::clock::system_clock();
  bus::subscriber_options s;
  s.live_endpoint = at->live;
  s.replay_endpoint = at->replay;
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
  bool told = false;
  while (!reader.ended()) {
    if (const auto e = reader.next(200)) {
      print(o, *e);
      told = false;
      continue;
    }
    std::cout.flush();
    if (!std::cout) return 0; // whoever read our lines has gone
    if (reader.silent_ms() < 3000 || told) continue;
    if (!reader.heard() || o.until_head) return failure(error_code::no_hub, at->live);
    std::cerr << "nothing is heard from the hub; waiting for it\n";
    told = true;
  }
  std::cout.flush();
  return 0;
}

} // namespace

void add_watch(CLI::App& app, chosen& run) {
  auto* command =
      app.add_subcommand("watch", "print what happens: the bus of a running hub, or a stopped node's journal");
  auto o = std::make_shared<watch_options>();
  auto* hub = command->add_option("--hub", o->hub, "HOST[:PORT] of a hub, redacted (default: the local hub's sockets)");
  auto* data = command->add_option("--data", o->data, "the journal folder of a stopped node");
  command->add_option("--keys", o->keys, "the key folder of --data (default: beside it, NAME-keys)")->needs(data);
  auto* folder = command->add_option("--run", o->run, "the folder of a local hub's sockets: personal data in clear");
  hub->excludes(data)->excludes(folder);
  data->excludes(folder);
  command->add_option("--from", o->from, "index to begin with (default 1)");
  command->add_option("--topic", o->topics, "only topics that begin so; may be repeated");
  command->add_option("--checkin", o->checkin, "only this check-in (32 hexadecimal digits)");
  command->add_flag("--json", o->json, "one event envelope a line");
  command->add_flag("--until-head", o->until_head, "end at the head as it was at the start");
  command->callback([&run, o] { run = [o] { return o->data.empty() ? watch_hub(*o) : watch_folder(*o); }; });
}

} // namespace tools
