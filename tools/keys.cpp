// `uketsuke keys`: the key-encryption key of a journal; making it, exchanging it, and forgetting patients with it.
// `keys node`, who may join the bus, is in node_keys.cpp.
#include "storage/rotation.hpp"
#include "storage/views/all.hpp"
#include "tools/commands.hpp"
#include "tools/stopped_journal.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <iostream>

namespace tools {

namespace fs = std::filesystem;
using namespace messages;

namespace {

struct keys_options {
  stopped_journal at;
  std::vector<std::string> patients;
  storage::retention rules;
  std::string escrow;
  bool yes = false, json = false;
};

/// Where the keys are, for commands that need no journal: --keys, or beside --data.
result<fs::path> named_folder(const keys_options& o) {
  if (o.at.keys.empty() && o.at.data.empty()) return failure(error_code::missing_value, "--keys or --data");
  return o.at.key_folder();
}

outcome make(const keys_options& o) {
  const auto folder = named_folder(o);
  if (!folder) return failure(folder.error());
  std::optional<std::string> passphrase;
  if (!o.at.passphrase_file.empty()) {
    auto text = storage::passphrase_in(o.at.passphrase_file)();
    if (!text) return failure(text.error());
    if (text->size() < 12) return failure(error_code::wrong_value, "passphrase", "shorter than 12 characters");
    passphrase = std::move(*text);
  }
  if (auto made = storage::make_key_folder(*folder, passphrase); !made) return failure(made.error());
  std::cerr << "made a key-encryption key in " << folder->string() << (passphrase ? ", locked by the passphrase" : "")
            << ".\nWithout it nothing personal in the journal can ever be read: keep a copy elsewhere with "
               "`uketsuke keys escrow`.\n";
  return 0;
}

outcome escrow(const keys_options& o) {
  const auto folder = named_folder(o);
  if (!folder) return failure(folder.error());
  if (auto done = storage::add_escrow(o.at.access(), o.escrow); !done) return failure(done.error());
  std::cerr << "a copy of the key is in " << o.escrow
            << "; keep that medium connected when keys are rotated or a patient "
            << "is forgotten, and locked away otherwise.\n";
  return 0;
}

std::string plural(std::uint64_t n, const std::string& one, const std::string& many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

void print_plan(const storage::rotation_report& plan) {
  for (const auto& [patient, keys] : plan.forgotten)
    std::cerr << "patient " << patient.text() << ": " << plural(keys, "key", "keys") << "\n";
  std::cerr << "will destroy: " << plural(plan.destroyed, "key", "keys") << ", which sealed the personal values of "
            << plural(plan.entries, "entry", "entries") << ", in the journal and in every backup of it; and the "
            << "key-encryption key of generation " << plan.generation << " with its escrow copies.\n"
            << "will keep: " << plural(plan.kept, "key", "keys") << ", wrapped under generation " << plan.generation + 1
            << ". This cannot be undone.\n";
}

void print_proof(const keys_options& o, const storage::rotation_report& done) {
  if (o.json) {
    std::cout << "{\"generation\":" << done.generation << ",\"kept\":" << done.kept
              << ",\"destroyed\":" << done.destroyed << ",\"entries\":" << done.entries
              << ",\"unreadable\":" << done.unreadable << ",\"readable\":" << done.readable << "}\n";
    return;
  }
  for (const auto& file : done.destroyed_files)
    std::cout << "destroyed " << file.string() << "\n";
  std::cout << "proof, read anew from the disk with the keys that remain (generation " << done.generation
            << "): " << done.unreadable << " of " << done.entries << " entries no longer open; all " << done.readable
            << " other sealed entries do.\n";
}

/// True when a person at the terminal, or --yes, agrees.
bool agreed(const keys_options& o) {
  if (o.yes) return true;
  if (::isatty(STDIN_FILENO) == 0) return false;
  std::cerr << "Go on? Type yes: ";
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "yes";
}

outcome rotate(const keys_options& o, storage::rotation what) {
  auto options = o.at.options();
  options.read_only = false;
  options.keys = o.at.access();
  what.only_look = true;
  const auto plan = storage::journal::rotate(options, storage::all_views(), what);
  if (!plan) return failure(plan.error());
  if (plan->destroyed == 0 && (what.expire || !what.forget.empty())) {
    std::cerr << "there is nothing to destroy: no key of what was asked for exists.\n";
    return 0;
  }
  print_plan(*plan);
  if (!agreed(o)) return failure(error_code::not_now, "keys", "not confirmed; use --yes");
  what.only_look = false;
  if (::isatty(STDERR_FILENO) != 0)
    what.progress = [](std::uint64_t n, std::uint64_t of) {
      std::cerr << "\rproving " << n << " of " << of << std::flush;
    };
  const auto done = storage::journal::rotate(options, storage::all_views(), what);
  if (!done) return failure(done.error());
  print_proof(o, *done);
  if (done->unreadable == done->entries) return 0;
  return failure(error_code::audit_failed, "the proof", "something that was to be forgotten still opens");
}

outcome forget(const keys_options& o) {
  storage::rotation what;
  for (const auto& text : o.patients) {
    const auto patient = id::from_text(text);
    if (!patient) return failure(error_code::wrong_value, "--patient", text);
    what.forget.insert(*patient);
  }
  return rotate(o, std::move(what));
}

} // namespace

void add_keys(CLI::App& app, chosen& run) {
  auto* command = app.add_subcommand("keys", "the key-encryption key; forgetting patients; who may join the bus");
  command->require_subcommand(1);
  add_node_keys(*command, run);
  auto o = std::make_shared<keys_options>();
  const auto add = [&](const char* name, const char* help, bool needs_data) {
    auto* sub = command->add_subcommand(name, help);
    o->at.add_options(*sub, needs_data);
    return sub;
  };
  add("make", "make the key-encryption key of a new journal (with --passphrase-file: locked)", false)
      ->callback([&run, o] { run = [o] { return make(*o); }; });
  auto* copy = add("escrow", "keep a copy of the key in another folder, now and after each rotation", false);
  copy->add_option("--to", o->escrow, "the folder, on another medium")->required();
  copy->callback([&run, o] { run = [o] { return escrow(*o); }; });
  const auto changing = [&](CLI::App* sub) {
    sub->add_flag("--yes", o->yes, "do not ask");
    sub->add_flag("--json", o->json, "the proof as JSON");
    return sub;
  };
  changing(add("rotate", "exchange the key-encryption key and destroy the old one", true))->callback([&run, o] {
    run = [o] { return rotate(*o, {}); };
  });
  auto* forgetting =
      changing(add("forget", "destroy what is needed to read a patient, everywhere, and prove it", true));
  forgetting->add_option("--patient", o->patients, "handle of the patient (32 hexadecimal digits); may be repeated")
      ->required();
  forgetting->callback([&run, o] { run = [o] { return forget(*o); }; });
  auto* expiring = changing(add("expire", "forget what was kept as long as the law or the configuration says", true));
  expiring->add_option("--record-days", o->rules.record_days, "answers, insurance details, numbers; 0: for ever");
  expiring->add_option("--proof-days", o->rules.proof_days, "certificates and signatures; 0: for ever");
  expiring->callback([&run, o] {
    run = [o] {
      storage::rotation what;
      what.expire = o->rules;
      return rotate(*o, std::move(what));
    };
  });
}

} // namespace tools
