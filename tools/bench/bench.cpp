// `uketsuke bench`: the numbers, as ratios against a floor measured in the same run.
#include "tools/bench/check_in.hpp"
#include "tools/commands.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace tools {

void add_bench(CLI::App& app, chosen& run) {
  auto* bench =
      app.add_subcommand("bench", "measure this build on this machine, as ratios against floors of the same run");
  bench->require_subcommand(1);
  auto* check_in = bench->add_subcommand("check-in", "what a check-in costs beside people, rig and centre");
  auto o = std::make_shared<bench_options>();
  auto folder = std::make_shared<std::string>();
  check_in->add_option("--checkins", o->checkins, "how many are measured (default 200)")->check(CLI::Range(1, 100000));
  check_in->add_option("--data", *folder, "where to write; made and removed (default: a temporary folder)");
  check_in->add_flag("--json", o->json, "one JSON object");
  check_in->callback([&run, o, folder] {
    run = [o, folder]() -> outcome {
      std::string pattern = (std::filesystem::temp_directory_path() / "uketsuke-bench-XXXXXX").string();
      o->data = !folder->empty() ? std::filesystem::path{*folder} : std::filesystem::path{::mkdtemp(pattern.data())};
      o->persons = std::filesystem::path{UKETSUKE_SOURCE_DIR} / "tools" / "simulated" / "insured_persons.json";
      if (auto done = bench_check_in(*o, std::cout); !done) return messages::failure(done.error());
      return 0;
    };
  });
}

} // namespace tools
