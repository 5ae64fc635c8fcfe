// A node without actors, for as long as one question takes.
#include "tools/hub_client.hpp"

#include "drivers/bus/context.hpp"
#include "drivers/bus/dealer.hpp"
#include "tools/config.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
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

result<std::pair<std::string, int>> host_and_port(const std::string& text, int port_otherwise) {
  const auto colon = text.rfind(':');
  const auto host = text.substr(0, colon);
  int port = port_otherwise;
  if (colon != std::string::npos) {
    const auto* end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + colon + 1, end, port);
    if (read.ec != std::errc{} || read.ptr != end) port = 0;
  }
  if (host.empty() || port < 1 || port > 65532) return failure(error_code::wrong_value, "--hub", text);
  return std::pair{host == "localhost" ? std::string{"127.0.0.1"} : host, port};
}

result<hub_endpoints> hub_ports(const std::string& host) {
  const auto at = host_and_port(host, hub_port);
  if (!at) return failure(at.error());
  const auto port = [&](int offset) { return "tcp://" + at->first + ":" + std::to_string(at->second + offset); };
  return hub_endpoints{port(0), port(1), port(2), port(3)};
}

hub_at hub_at::in_folder(const std::filesystem::path& run) {
  return {"ipc://" + (run / "bus").string(), run.string(), {}};
}

result<hub_at> hub_at::by_key(const std::string& host, const std::filesystem::path& key_file) {
  const auto at = hub_ports(host);
  if (!at) return failure(at.error());
  hub_at hub{at->commands, host, {}};
  if (key_file.empty()) return hub;
  auto key = bus::read_node_key(key_file);
  if (!key) return failure(key.error());
  hub.key = std::move(*key);
  return hub;
}

result<std::string> ask_hub(const hub_access& hub, const std::string& actor, std::string_view topic,
                            std::uint64_t version, std::string body, std::uint32_t wait_ms) {
  const auto clock = drivers::clock::system_clock();
  bus::dealer_options o;
  o.endpoint = hub.at.endpoint;
  o.node = hub.at.key ? hub.at.key->node : hub.node.empty() ? tool_node() : hub.node;
  if (hub.at.key) o.keys = hub.at.key->identity;
  o.program_version = "0.1";
  o.incarnation = fresh_id();
  o.clock = [clock] { return clock->steady_ms(); };
  const auto node = o.node;
  auto door = bus::dealer::open(std::make_shared<bus::context>(), std::move(o));
  if (!door) return failure(door.error());

  command_envelope command;
  command.v = version;
  command.id = fresh_id();
  command.topic = topic;
  command.from = "tool@" + node;
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
  events.on_key_refused = [&] { refused = error{error_code::key_refused, {hub.at.named}}; };
  const auto begun = clock->steady_ms();
  while (!answer) {
    const auto due_ms = (*door)->look(events);
    if (answer) break;
    if (refused) return failure(*refused);
    const auto waited = clock->steady_ms() - begun;
    if (!there && waited > hub_wait_ms_max) return failure(error_code::no_hub, hub.at.named);
    if (waited > wait_ms + hub_wait_ms_max) return failure(error_code::outcome_unknown, topic);
    wait_readable((*door)->watched(), static_cast<std::uint32_t>(std::min<std::uint64_t>(due_ms, 200)));
  }
  return *answer;
}

} // namespace tools
