// `uketsuke bench`: the numbers, as ratios against a floor measured in the same run.
#include "tools/bench/accounts.hpp"
#include "tools/bench/batch.hpp"
#include "tools/bench/bus.hpp"
#include "tools/bench/card.hpp"
#include "tools/bench/check_in.hpp"
#include "tools/bench/commands.hpp"
#include "tools/bench/face.hpp"
#include "tools/bench/journal.hpp"
#include "tools/bench/line.hpp"
#include "tools/bench/many_desks.hpp"
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

/// A folder that is there while @p measure runs; below @p base, or where temporary files go.
outcome in_a_folder(const std::string& base,
                    const std::function<messages::result<void>(std::filesystem::path)>& measure) {
  const auto where = base.empty() ? std::filesystem::temp_directory_path() : std::filesystem::path{base};
  auto pattern = (where / "uketsuke-bench-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) return messages::failure(messages::error_code::write_failed, pattern);
  const auto done = measure(pattern);
  std::error_code ignored;
  std::filesystem::remove_all(pattern, ignored);
  if (!done) return messages::failure(done.error());
  return 0;
}

/// In @p folder itself, which is made, and stays when the bench failed: somebody may want to look at it.
outcome in_this_folder(const std::filesystem::path& folder,
                       const std::function<messages::result<void>(std::filesystem::path)>& measure) {
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  if (const auto done = measure(folder); !done) return messages::failure(done.error());
  std::filesystem::remove_all(folder, ignored);
  return 0;
}

void add_bench_bus(CLI::App& bench, chosen& run) {
  auto* bus = bench.add_subcommand("bus", "durable events to many readers, beside bare floors and Redis Streams");
  auto o = std::make_shared<bus_bench_options>();
  auto folder = std::make_shared<std::string>();
  bus->add_option("--data", *folder, "an existing folder on the disk to measure (default: a temporary one)");
  bus->add_option("--readers", o->readers, "how many follow the tail (default 8)")
      ->delimiter(',')
      ->check(CLI::Range(1, 64));
  bus->add_option("--window", o->windows, "events under way at once (default 1,64,512)")
      ->delimiter(',')
      ->check(CLI::Range(1, 512));
  bus->add_option("--bytes", o->bytes, "of one event (default 256)")->delimiter(',')->check(CLI::Range(256, 65536));
  bus->add_option("--rounds", o->rounds, "alternations (default 3)")->check(CLI::Range(1, 100));
  bus->add_option("--seconds", o->seconds, "of each turn (default 1)")->check(CLI::Range(0.05, 60.0));
  bus->add_flag("--even-if-busy", o->even_if_busy, "measure although others use the processors, and say so");
  bus->add_flag("--json", o->json, "a JSON object a line");
  bus->callback([&run, o, folder] {
    run = [o, folder] {
      return in_a_folder(*folder, [&](std::filesystem::path data) {
        o->data = std::move(data);
        return bench_bus(*o, std::cout);
      });
    };
  });
}

void add_bench_commands(CLI::App& bench, chosen& run) {
  auto* commands = bench.add_subcommand("commands", "a command to the hub and its answer, beside bare ZeroMQ");
  auto o = std::make_shared<commands_bench_options>();
  commands->add_option("--trips", o->trips, "of each, in every round (default 2000)")->check(CLI::Range(10, 1000000));
  commands->add_option("--rounds", o->rounds, "alternations (default 5)")->check(CLI::Range(1, 100));
  commands->add_flag("--even-if-busy", o->even_if_busy, "measure although others use the processors, and say so");
  commands->add_flag("--json", o->json, "a JSON object a line");
  commands->callback([&run, o] {
    run = [o] {
      return in_a_folder({}, [&](std::filesystem::path data) {
        o->data = std::move(data);
        return bench_commands(*o, std::cout);
      });
    };
  });
}

void add_bench_journal(CLI::App& bench, chosen& run) {
  auto* journal = bench.add_subcommand("journal", "durable appends a second, beside bare RocksDB and bare fdatasync");
  auto o = std::make_shared<journal_bench_options>();
  auto folder = std::make_shared<std::string>();
  journal->add_option("--data", *folder, "an existing folder on the disk to measure (default: a temporary one)");
  journal->add_option("--in-flight", o->in_flight, "appends under way at once (default 1,8,64,512)")
      ->delimiter(',')
      ->check(CLI::Range(1, 4096));
  journal->add_option("--rounds", o->rounds, "each measures the three in turn, 1 s each (default 5)")
      ->check(CLI::Range(1, 1000));
  journal->add_option("--events", o->events, "also a history this long: its start-up and memory (default: none)")
      ->check(CLI::Range(0, 10'000'000));
  journal->add_flag("--json", o->json, "a JSON object a line");
  journal->callback([&run, o, folder] {
    run = [o, folder] {
      return in_a_folder(*folder, [&](std::filesystem::path data) {
        o->data = std::move(data);
        return bench_journal(*o, std::cout);
      });
    };
  });
}

void add_accounts_bench(CLI::App& bench, chosen& run) {
  auto* accounts = bench.add_subcommand("accounts", "check-ins beside a thousand wrong passwords, and alone");
  auto o = std::make_shared<accounts_bench_options>();
  accounts->add_option("--checkins", o->checkins, "alone, and as many beside the guesses, a round (default 200)")
      ->check(CLI::Range(10, 10000));
  accounts->add_option("--rounds", o->rounds, "how often that is done (default 5)")->check(CLI::Range(1, 100));
  accounts->add_flag("--json", o->json, "one JSON object");
  accounts->callback([&run, o] {
    run = [o]() -> outcome {
      auto pattern = (std::filesystem::temp_directory_path() / "uketsuke-bench-XXXXXX").string();
      if (::mkdtemp(pattern.data()) == nullptr) return messages::failure(messages::error_code::write_failed, pattern);
      o->data = pattern;
      o->persons = std::filesystem::path{UKETSUKE_SOURCE_DIR} / "tools" / "simulated" / "insured_persons.json";
      if (auto done = bench_accounts(*o, std::cout); !done) return messages::failure(done.error());
      return 0;
    };
  });
}

void add_bench_batch(CLI::App& bench, chosen& run) {
  auto* batch = bench.add_subcommand("batch", "plan, file, answer, list of many people; check-ins meanwhile and alone");
  auto o = std::make_shared<batch_bench_options>();
  batch->add_option("--rows", o->rows, "people asked about (default 100000)")->check(CLI::Range(100, 200'000));
  batch->add_option("--rows-per-file", o->rows_per_file, "of one request (default 5000)")
      ->check(CLI::Range(1, 100'000));
  batch->add_option("--checkins", o->checkins, "alone, before and as many after (default 1000)")
      ->check(CLI::Range(20, 10'000));
  batch->add_option("--seconds", o->seconds_max, "at most, of the batch (default 600)")->check(CLI::Range(1, 3600));
  batch->add_flag("--json", o->json, "one JSON object");
  batch->callback([&run, o] {
    run = [o] {
      return in_a_folder({}, [&](std::filesystem::path data) {
        o->data = std::move(data);
        o->persons = std::filesystem::path{UKETSUKE_SOURCE_DIR} / "tools" / "simulated" / "insured_persons.json";
        return bench_batch(*o, std::cout);
      });
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
    run = [o] {
      return in_a_folder({}, [&](std::filesystem::path data) {
        o->program = std::filesystem::canonical("/proc/self/exe");
        o->data = std::move(data);
        o->persons = std::filesystem::path{UKETSUKE_SOURCE_DIR} / "tools" / "simulated" / "insured_persons.json";
        return bench_screens(*o, std::cout);
      });
    };
  });
}

void add_bench_check_in(CLI::App& bench, chosen& run) {
  auto* check_in = bench.add_subcommand("check-in", "what a check-in costs beside people, rig and centre");
  auto o = std::make_shared<bench_options>();
  auto many = std::make_shared<many_desks_options>();
  auto folder = std::make_shared<std::string>();
  check_in->add_option("--checkins", o->checkins, "how many are measured (default 200)")->check(CLI::Range(1, 100000));
  auto* desks = check_in->add_option("--desks", many->desks, "instead: as many desks, each a process, all at once")
                    ->check(CLI::Range(1, 50));
  check_in->add_option("--rounds", many->rounds, "with --desks: how often (default 5)")->check(CLI::Range(1, 1000));
  check_in->add_option("--data", *folder, 
                       "where to write; made, and removed when all went well (default: a temporary folder)");
  check_in->add_flag("--json", o->json, "one JSON object");
  check_in->callback([&run, o, many, folder, desks] {
    run = [o, many, folder, at_desks = desks->count() > 0] {
      const auto measure = [&](std::filesystem::path data) {
        o->data = many->data = std::move(data);
        o->persons = many->persons =
            std::filesystem::path{UKETSUKE_SOURCE_DIR} / "tools" / "simulated" / "insured_persons.json";
        many->program = std::filesystem::canonical("/proc/self/exe");
        many->json = o->json;
        return at_desks ? bench_many_desks(*many, std::cout) : bench_check_in(*o, std::cout);
      };
      return folder->empty() ? in_a_folder({}, measure) : in_this_folder(*folder, measure);
    };
  });
}

void add_bench_face(CLI::App& bench, chosen& run) {
  auto* face =
      bench.add_subcommand("face", "how often the face engine is wrong on a folder of photos, and how long it takes");
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
  add_bench_check_in(*bench, run);
  add_accounts_bench(*bench, run);
  add_bench_bus(*bench, run);
  add_bench_commands(*bench, run);
  add_card_bench(*bench, run);
  add_bench_journal(*bench, run);
  add_bench_batch(*bench, run);
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
