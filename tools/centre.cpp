// `uketsuke centre`: the simulated national system, a program of its own.
#include "drivers/clock/port.hpp"
#include "drivers/line/centre.hpp"
#include "drivers/line/centre_server.hpp"
#include "drivers/line/link_application.hpp"
#include "tools/commands.hpp"
#include "tools/config.hpp"
#include "tools/home_reception.hpp"
#include "tools/stop_signal.hpp"

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include <fstream>

namespace tools {

using messages::failure;

namespace {

/// 連携アプリ on the folders that the configuration names; nullptr when it names none.
std::unique_ptr<drivers::line::link_application> play_link_application(const centre_config& c,
                                                                       drivers::line::centre& to) {
  if (c.requests.empty()) return nullptr;
  drivers::line::link_options options;
  options.requests = c.requests;
  options.results = c.results;
  options.faces = c.faces;
  options.work = c.data / "link";
  options.institution = c.institution;
  options.zip_password = c.zip_password;
  auto link = std::make_unique<drivers::line::link_application>(options, to);
  link->behave({.answer_delay_ms = c.answer_delay_ms,
                .silent = c.silent,
                .zipped = c.zipped,
                .shift_jis = c.shift_jis,
                .out_of_order = c.out_of_order,
                .errors = c.errors,
                .half_written_ms = c.half_written_ms});
  spdlog::warn("SIMULATED link application on {} and {}", c.requests.string(), c.results.string());
  return link;
}

/// A port that was picked, for whoever has to find it.
void tell_port(const std::filesystem::path& file, int port) {
  if (file.empty()) return;
  const auto temporary = file.string() + ".new";
  std::ofstream{temporary} << port << '\n';
  std::filesystem::rename(temporary, file);
}

outcome run_centre(const std::filesystem::path& file) {
  stop_signal stop;
  const auto config = read_centre_config(file);
  if (!config) return failure(config.error());
  const auto clock = drivers::clock::system_clock();
  const auto chance = drivers::clock::system_chance();
  std::unique_ptr<home_reception> home;
  if (!config->home.cards.empty()) {
    auto bound = home_reception::open(config->home, clock->utc_ms());
    if (!bound) return failure(bound.error());
    home = std::move(*bound);
  }
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
                                                 },
                                             .bulk_ms = config->bulk_ms,
                                             .population = config->population,
                                             .population_seed = config->population_seed,
                                             .web_address = home ? home->address() : std::string{}});
  if (!opened) return failure(opened.error());
  auto& served = **opened; // lives as long as the server
  auto server = drivers::line::serve_centre({.port = config->port,
                                             .certificate_file = config->certificate,
                                             .key_file = config->key,
                                             .client_ca_file = config->client_ca},
                                            std::move(*opened));
  if (!server) return failure(server.error());
  (*server)->behave({.answer_delay_ms = config->answer_delay_ms});
  if (home) {
    home->serve(served);
    tell_port(config->home.port_file, home->port());
    spdlog::warn("SIMULATED home reception at {}", home->address());
  }
  tell_port(config->port_file, (*server)->port());
  const auto link = play_link_application(*config, served);
  spdlog::warn("SIMULATED national system on 127.0.0.1:{}", (*server)->port());
  const auto why = stop.wait();
  if (home) home->stop();
  if (link) link->stop();
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
