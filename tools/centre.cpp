// `uketsuke centre`: the simulated national system, a program of its own.
#include "drivers/clock/port.hpp"
#include "drivers/line/centre.hpp"
#include "drivers/line/centre_server.hpp"
#include "tools/commands.hpp"
#include "tools/config.hpp"
#include "tools/stop_signal.hpp"

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include <fstream>

namespace tools {

using messages::failure;

namespace {

outcome run_centre(const std::filesystem::path& file) {
  stop_signal stop;
  const auto config = read_centre_config(file);
  if (!config) return failure(config.error());
  const auto clock = drivers::clock::system_clock();
  const auto chance = drivers::clock::system_chance();
  auto opened = drivers::line::centre::open({.persons_file = config->persons,
                                             .card_ca_file = config->card_ca,
                                             .data_folder = config->data,
                                             .now_ms = [clock] { return clock->utc_ms(); },
                                             .random_octets =
                                                 [chance](std::size_t n) {
                                                   messages::bytes octets(n);
                                                   for (auto& o : octets)
                                                     o = static_cast<std::uint8_t>(chance->draw());
                                                   return octets;
                                                 }});
  if (!opened) return failure(opened.error());
  auto server = drivers::line::serve_centre({.port = config->port,
                                             .certificate_file = config->certificate,
                                             .key_file = config->key,
                                             .client_ca_file = config->client_ca},
                                            std::move(*opened));
  if (!server) return failure(server.error());
  (*server)->behave({.answer_delay_ms = config->answer_delay_ms});
  if (!config->port_file.empty()) {
    const auto temporary = config->port_file.string() + ".new";
    std::ofstream{temporary} << (*server)->port() << '\n';
    std::filesystem::rename(temporary, config->port_file);
  }
  spdlog::warn("SIMULATED national system on 127.0.0.1:{}", (*server)->port());
  const auto why = stop.wait();
  (*server)->stop();
  if (why) return failure(*why);
  return 0;
}

} // namespace

void add_centre(CLI::App& app, chosen& run) {
  auto* command = app.add_subcommand("centre", "run the SIMULATED national system");
  auto file = std::make_shared<std::string>();
  command->add_option("--config", *file, "the centre's TOML file")->required();
  command->callback([&run, file] { run = [file] { return run_centre(*file); }; });
}

} // namespace tools
