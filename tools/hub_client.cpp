// A node without actors, for as long as one question takes.
#include "tools/hub_client.hpp"

#include "drivers/bus/context.hpp"
#include "drivers/bus/dealer.hpp"
#include "tools/config.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

namespace tools {

using namespace messages;

namespace {

constexpr std::uint32_t hub_wait_ms_max = 3'000;

void wait_readable(const std::vector<int>& watched, std::uint32_t wait_ms) {
  std::vector<pollfd> all;
  for (const int fd : watched)
    all.push_back({fd, POLLIN, 0});
  ::poll(all.data(), all.size(), static_cast<int>(std::min<std::uint32_t>(wait_ms, 200)));
}

} // namespace

id fresh_id() {
  static const auto clock = drivers::clock::system_clock();
  static const auto chance = drivers::clock::system_chance();
  return drivers::clock::fresh_id(*clock, *chance);
}

result<std::filesystem::path> run_folder(const std::string& given) {
  if (!given.empty()) return std::filesystem::path{given};
  for (const auto& folder : {default_data_folder() / "run", default_data_folder() / "sim" / "run"})
    if (std::filesystem::exists(folder / "bus")) return folder;
  return failure(error_code::no_hub, (default_data_folder() / "run").string());
}

const std::string& tool_node() {
  static const auto name = "tool-" + fresh_id().text();
  return name;
}

result<std::string> ask_hub(const hub_access& hub, const std::string& actor, std::string_view topic,
                            std::uint64_t version, std::string body, std::uint32_t wait_ms) {
  const auto clock = drivers::clock::system_clock();
  bus::dealer_options o;
  o.endpoint = "ipc://" + (hub.run / "bus").string();
  o.node = hub.node.empty() ? tool_node() : hub.node;
  o.program_version = "0.1";
  o.incarnation = fresh_id();
  o.clock = [clock] { return clock->steady_ms(); };
  auto door = bus::dealer::open(std::make_shared<bus::context>(), std::move(o));
  if (!door) return failure(door.error());

  command_envelope command;
  command.v = version;
  command.id = fresh_id();
  command.topic = topic;
  command.from = "tool@" + (hub.node.empty() ? tool_node() : hub.node);
  command.to = actor + "@hub";
  command.account = hub.account;
  command.deadline_ms = wait_ms;
  command.body = std::move(body);

  std::optional<result<std::string>> answer;
  std::optional<error> refused;
  bool there = false;
  bus::dealer_events events;
  events.on_hub = [&](const node_welcome& welcome, bool) {
    if (there) return;
    there = true;
    command.to = actor + "@" + welcome.hub;
    if (!(*door)->send(command)) answer = failure(error_code::busy, "hub");
  };
  events.on_reply = [&](const command_envelope& reply) {
    if (reply.id == command.id) answer = reply_body(reply);
  };
  events.on_refused = [&](const error& why) { refused = why; };
  const auto begun = clock->steady_ms();
  while (!answer) {
    const auto due_ms = (*door)->look(events);
    if (answer) break;
    if (refused) return failure(*refused);
    const auto waited = clock->steady_ms() - begun;
    if (!there && waited > hub_wait_ms_max) return failure(error_code::no_hub, hub.run.string());
    if (waited > wait_ms + hub_wait_ms_max) return failure(error_code::outcome_unknown, topic);
    wait_readable((*door)->watched(), static_cast<std::uint32_t>(std::min<std::uint64_t>(due_ms, 200)));
  }
  return *answer;
}

} // namespace tools
