// `uketsuke serve`: one node, its actors and ports as the configuration says.
#include "actors/runtime/node.hpp"
#include "drivers/card/port.hpp"
#include "drivers/clock/port.hpp"
#include "drivers/line/https_line.hpp"
#include "drivers/screen/hands_socket.hpp"
#include "tools/commands.hpp"
#include "tools/config.hpp"
#include "tools/rig_hands.hpp"
#include "tools/stop_signal.hpp"

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>

namespace tools {

using messages::failure;

namespace {

drivers::card::usb_options usb_options_of(const node_config& config) {
  drivers::card::usb_options o;
  o.match = config.reader_match;
  return o;
}

/// The ports that the configuration asks for; what is simulated is named in the log.
messages::result<actors::runtime::node_ports> open_ports(const node_config& config, const drivers::clock::clock& clock,
                                                         std::unique_ptr<rig_hands>& hands) {
  actors::runtime::node_ports ports;
  ports.patience = config.patience;
  ports.pin = std::make_shared<messages::secret_slot>();
  if (config.line) {
    ports.answer_wait_ms_max = config.line->answer_wait_ms_max;
    auto line = drivers::line::open_https_line({.host = config.line->host,
                                                .port = config.line->port,
                                                .ca_file = config.line->ca,
                                                .certificate_file = config.line->certificate,
                                                .key_file = config.line->key,
                                                .institution = config.line->institution,
                                                .simulated_allowed = config.simulated,
                                                .now_ms = [&clock] { return clock.utc_ms(); }});
    if (!line) return failure(line.error());
    ports.line = std::move(*line);
  }
  if (config.rig) {
    auto opened = rig_hands::open(*config.rig, clock.utc_ms());
    if (!opened) return failure(opened.error());
    hands = std::move(*opened);
    ports.reader = hands->reader();
    spdlog::warn("SIMULATED reader and cards");
  } else if (std::ranges::find(config.actors, "reader") != config.actors.end())
    ports.reader = drivers::card::make_usb_reader(usb_options_of(config));
  if (!config.hands.empty()) {
    auto pages = drivers::screen::open_hands_socket({.path = config.hands.string(), .pin = ports.pin.get()});
    if (!pages) return failure(pages.error());
    ports.pages = std::move(*pages);
  }
  return ports;
}

/// The addresses in use, for whoever started this node with free ports.
void write_ports_file(const std::filesystem::path& folder, const actors::runtime::node_tcp_ports& ports) {
  const auto temporary = folder / "ports.json.new";
  std::ofstream{temporary} << "{\"commands\":" << ports.commands << ",\"events\":" << ports.events
                           << ",\"replay\":" << ports.replay << "}\n";
  std::filesystem::rename(temporary, folder / "ports.json");
}

outcome serve(const std::filesystem::path& file) {
  stop_signal stop; // before any thread
  const auto config = read_node_config(file);
  if (!config) return failure(config.error());
  auto clock = drivers::clock::system_clock();
  auto chance = config->seed ? drivers::clock::seeded_chance(*config->seed, config->name.c_str())
                             : drivers::clock::system_chance();
  std::unique_ptr<rig_hands> hands; // outlives the node, which uses its reader
  auto ports = open_ports(*config, *clock, hands);
  if (!ports) return failure(ports.error());

  actors::runtime::node_options options;
  options.name = config->name;
  options.hub = config->hub;
  options.actors = config->actors;
  options.data = config->data;
  options.run = config->run;
  options.tcp = config->tcp;
  options.port_base = config->port_base;
  auto node = actors::runtime::node::start(options, *ports, clock, chance,
                                           [&stop](const messages::error& why) { stop.fail(why); });
  if (!node) return failure(node.error());
  if (config->name == config->hub) write_ports_file(config->data, (*node)->ports());
  spdlog::info("node {} serves", config->name);

  const auto why = stop.wait();
  spdlog::info("node {} ends", config->name);
  (*node)->stop();
  if (ports->pages) ports->pages->stop();
  if (ports->reader) ports->reader->stop();
  if (ports->line) ports->line->stop();
  if (why) return failure(*why);
  return 0;
}

} // namespace

void add_serve(CLI::App& app, chosen& run) {
  auto* command = app.add_subcommand("serve", "run a node: the actors that the configuration names");
  auto file = std::make_shared<std::string>();
  command->add_option("--config", *file, "the node's TOML file")->required();
  command->callback([&run, file] { run = [file] { return serve(*file); }; });
}

} // namespace tools
