// `uketsuke bench`: the numbers, as ratios against a floor measured in the same run.
#include "tools/bench/card.hpp"
#include "tools/bench/check_in.hpp"
#include "tools/bench/face.hpp"
#include "tools/bench/journal.hpp"
#include "tools/bench/line.hpp"
#include "tools/bench/screens.hpp"
#include "tools/commands.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

namespace tools {

namespace {

/// The same command line again under umockdev's preload library; returns only when that failed.
void start_again_under_umockdev() {
  static constexpr char library[] = "libumockdev-preload.so.0";
  ::setenv("LD_PRELOAD", library, 1);
  std::ifstream in{"/proc/self/cmdline", std::ios::binary};
  std::string all{std::istreambuf_iterator<char>{in}, {}};
  std::vector<char*> arguments;
  for (std::size_t at = 0; at < all.size(); at = all.find('\0', at) + 1)
    arguments.push_back(all.data() + at);
  arguments.push_back(nullptr);
  ::execv("/proc/self/exe", arguments.data());
}

void add_card_bench(CLI::App& bench, chosen& run) {
  auto* card = bench.add_subcommand("card", "a CCID round trip through the driver, beside a bare libusb loop");
  auto o = std::make_shared<card_bench_options>();
  card->add_option("--reader", o->profile, "the simulated reader: rc-s300 (default) or tc63cut021")
      ->check(CLI::IsMember({"rc-s300", "tc63cut021"}));
  card->add_option("--trips", o->trips, "round trips of each (default 2000)")->check(CLI::Range(10, 1000000));
  card->add_option("--readings", o->readings, "whole readings of a card (default 20)")->check(CLI::Range(1, 10000));
  card->add_flag("--json", o->json, "one JSON object");
  card->callback([&run, o] {
    run = [o]() -> outcome {
      const char* loaded = std::getenv("LD_PRELOAD"); // set and still not loaded: the package is missing
      if (!card_bench_is_possible() && loaded == nullptr) start_again_under_umockdev();
      if (auto done = bench_card(*o, std::cout); !done) return messages::failure(done.error());
      return 0;
    };
  });
}

void add_bench_journal(CLI::App& bench, chosen& run) {
  auto* journal = bench.add_subcommand("journal", "durable appends a second, beside bare RocksDB and bare fdatasync");
  auto o = std::make_shared<journal_bench_options>();
  auto folder = std::make_shared<std::string>();
  journal->add_option("--data", *folder, "an existing folder on the disk to measure (default: a temporary one)");
  journal->add_option("--events", o->events, "also a history this long: its start-up and memory (default: none)")
      ->check(CLI::Range(0, 10'000'000));
  journal->add_flag("--json", o->json, "a JSON object a line");
  journal->callback([&run, o, folder] {
    run = [o, folder]() -> outcome {
      const auto base = folder->empty() ? std::filesystem::temp_directory_path() : std::filesystem::path{*folder};
      auto pattern = (base / "uketsuke-bench-XXXXXX").string();
      if (::mkdtemp(pattern.data()) == nullptr) return messages::failure(messages::error_code::write_failed, pattern);
      o->data = pattern;
      const auto done = bench_journal(*o, std::cout);
      std::error_code ignored;
      std::filesystem::remove_all(o->data, ignored);
      if (!done) return messages::failure(done.error());
      return 0;
    };
  });
}

void add_bench_screens(CLI::App& bench, chosen& run) {
  auto* screens = bench.add_subcommand("screens", "from the last consent to the answer on reception's page; memory");
  auto o = std::make_shared<screens_bench_options>();
  screens->add_option("--desks", o->desks, "desks live, each a process of its own (default 50)")
      ->check(CLI::Range(1, 50));
  screens->add_option("--checkins", o->checkins, "how many are measured (default 200)")->check(CLI::Range(1, 10000));
  screens->add_option("--answer-delay", o->answer_delay_ms, "of the simulated centre, in ms (default 20); subtracted")
      ->check(CLI::Range(0, 1000));
  screens->add_flag("--json", o->json, "one JSON object");
  screens->callback([&run, o] {
    run = [o]() -> outcome {
      auto pattern = (std::filesystem::temp_directory_path() / "uketsuke-bench-XXXXXX").string();
      if (::mkdtemp(pattern.data()) == nullptr) return messages::failure(messages::error_code::write_failed, pattern);
      o->program = std::filesystem::canonical("/proc/self/exe");
      o->data = pattern;
      o->persons = std::filesystem::path{UKETSUKE_SOURCE_DIR} / "tools" / "simulated" / "insured_persons.json";
      const auto done = bench_screens(*o, std::cout);
      std::error_code ignored;
      std::filesystem::remove_all(o->data, ignored);
      if (!done) return messages::failure(done.error());
      return 0;
    };
  });
}

void add_bench_face(CLI::App& bench, chosen& run) {
  auto* face = bench.add_subcommand("face", "how often the face engine is wrong on a folder of photos, and how long it takes");
  auto o = std::make_shared<face_bench_options>();
  face->add_option("--faces", o->folder, "a folder with models/, photos/ and cards/")
      ->envname("UKETSUKE_FACE_DIR")
      ->required()
      ->check(CLI::ExistingDirectory);
  face->add_flag("--json", o->json, "a JSON object a line");
  face->callback([&run, o] {
    run = [o]() -> outcome {
      if (auto done = bench_face(*o, std::cout); !done) return messages::failure(done.error());
      return 0;
    };
  });
}

} // namespace

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
  add_card_bench(*bench, run);
  add_bench_journal(*bench, run);
  add_bench_screens(*bench, run);
  add_bench_face(*bench, run);
  auto* line = bench->add_subcommand("line", "reading a bulk result, beside a bare parse of the same bytes");
  auto l = std::make_shared<line_bench_options>();
  line->add_option("--persons", l->persons, "how many units (default 100000)")->check(CLI::Range(100, 1000000));
  line->add_flag("--json", l->json, "one JSON object");
  line->callback([&run, l] {
    run = [l]() -> outcome {
      if (auto done = bench_line(*l, std::cout); !done) return messages::failure(done.error());
      return 0;
    };
  });
}

} // namespace tools
