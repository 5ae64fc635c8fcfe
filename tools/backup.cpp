// `uketsuke backup` and `uketsuke restore`: a stopped node's journal into a backup folder, and out of one again.
#include "storage/backup.hpp"

#include "drivers/clock/port.hpp"
#include "storage/audit.hpp"
#include "storage/store.hpp"
#include "storage/views/all.hpp"
#include "tools/backups.hpp"
#include "tools/commands.hpp"
#include "tools/stopped_journal.hpp"
#include "tools/time_text.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <algorithm>
#include <future>
#include <iostream>

namespace tools {

namespace fs = std::filesystem;
using namespace messages;

namespace {

struct backup_options {
  stopped_journal at;
  std::string folder; ///< of the backups
  std::size_t kept = 0;
  std::uint64_t number = 0;
  bool list = false, json = false;
};

/// One line that is written over at a terminal, a line for each tenth elsewhere.
storage::byte_progress shown(const char* what, std::uint64_t unit = 1, const char* units = "") {
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  return [=, told = std::uint64_t{101}](std::uint64_t done, std::uint64_t of) mutable {
    const auto percent = of == 0 ? 100 : static_cast<std::uint64_t>(100.0 * double(done) / double(of));
    const auto step = terminal ? percent : percent / 10;
    if (step == told) return;
    told = step;
    std::cerr << (terminal ? "\r" : "") << what << ' ' << done / unit << " of " << of / unit << units
              << (terminal && done < of ? "" : "\n") << std::flush;
  };
}

storage::byte_progress shown_bytes(const char* what) { return shown(what, 1024, " KiB"); }

void print(const storage::backup_info& b, bool json) {
  if (json)
    std::cout << "{\"number\":" << b.number << ",\"time_ms\":" << b.time_ms << ",\"index\":" << b.index
              << ",\"epoch\":" << b.epoch << ",\"files\":" << b.files << ",\"bytes\":" << b.bytes
              << ",\"fresh_bytes\":" << b.fresh_bytes << "}\n";
  else
    std::cout << (b.number > 0 ? "backup " + std::to_string(b.number) + " of " : "copy taken over at ")
              << time_text(b.time_ms) << ": up to entry " << b.index << ", epoch "
              << b.epoch << ", " << b.files << " files of " << b.bytes << " bytes, " << b.fresh_bytes
              << " of them new\n";
}

outcome back_up_stopped(const backup_options& o) {
  const fs::path data = o.at.data;
  if (!storage::holds_database(data) && !fs::exists(data / "head")) // opening would begin a new journal there
    return failure(error_code::no_such_data, o.at.data);
  auto options = o.at.options();
  options.read_only = false; // as a node opens it: held against nodes, checked, a torn tail healed
  options.keys = o.at.access();
  const auto now = options.now_ms();
  const auto opened = storage::journal::open(std::move(options), storage::all_views());
  if (!opened) return failure(opened.error());
  const auto copier = [&](const fs::path& folder) -> result<storage::backup_source> {
    const auto copied = (*opened)->copy_into(folder);
    if (!copied) return failure(copied.error());
    return storage::backup_source{folder, copied->index, copied->epoch};
  };
  backup_progress tell{shown_bytes("copied"), shown_bytes("verified"), [](const fs::path& key) {
                         std::cerr << "made the key of backups " << key.string()
                                   << ": keep a copy elsewhere, without it no backup can be read.\n";
                       }};
  const backup_plan plan{data, o.at.key_folder(), o.folder, o.kept};
  const auto made = back_up(plan, copier, now, tell);
  if (!made) return failure(made.error());
  draft told;
  told.events.push_back(told_made(plan, *made));
  std::promise<result<storage::appended>> written;
  (*opened)->append(std::move(told), [&](const result<storage::appended>& landed) { written.set_value(landed); });
  if (const auto landed = written.get_future().get(); !landed) return failure(landed.error());
  print(*made, o.json);
  return 0;
}

outcome list(const backup_options& o, const storage::key_bytes& key) {
  const auto all = storage::backups_in(o.folder, key);
  if (!all) return failure(all.error());
  for (const auto& one : *all)
    print(one, o.json);
  if (all->empty()) return failure(error_code::no_such_data, o.folder);
  return 0;
}

/// Epochs are never used twice: two journals brought back from one backup go different ways, and whoever follows the
/// bus has to see that. A number that scripts of pages hold exactly (below 2^53), above every one before it.
std::uint64_t epoch_above(std::uint64_t highest) {
  return highest + 1 + (drivers::clock::system_chance()->draw() >> 32);
}

result<storage::backup_info> restore_from_backups(const backup_options& o) {
  const auto key = storage::read_backup_key(o.at.key_folder());
  if (!key) return failure(key.error());
  const auto all = storage::backups_in(o.folder, *key);
  if (!all) return failure(all.error());
  std::uint64_t highest = 1;
  for (const auto& one : *all)
    highest = std::max(highest, one.epoch);
  return storage::restore_backup(o.folder, o.number, *key, o.at.data, epoch_above(highest), shown_bytes("restored"));
}

/// A plain copy of a data folder, looked through first as every reader does.
result<storage::backup_info> restore_from_copy(const backup_options& o) {
  auto options = o.at.options();
  options.folder = o.folder;
  options.keys = o.at.access();
  const auto opened = storage::journal::open(std::move(options), {});
  if (!opened) return failure(opened.error());
  auto back = storage::restore_copy(o.folder, o.at.data, epoch_above((*opened)->epoch()));
  if (back) back->time_ms = drivers::clock::system_clock()->utc_ms();
  return back;
}

/// Opens what was brought back as a node would, which notes its files for audits and follows what was forgotten since;
/// then walks its whole chain.
result<storage::audit_report> prove(const backup_options& o) {
  auto options = o.at.options();
  options.keys = o.at.access();
  auto once = options;
  once.read_only = false;
  if (const auto opened = storage::journal::open(std::move(once), storage::all_views()); !opened)
    return failure(opened.error());
  return storage::audit(std::move(options), storage::all_views(), shown("audited", 1, " entries"));
}

outcome restore(const backup_options& o) {
  if (o.list) {
    const auto key = storage::read_backup_key(o.at.key_folder());
    return key ? list(o, *key) : outcome{failure(key.error())};
  }
  if (o.at.data.empty()) return failure(error_code::missing_value, "--data");
  const auto keys = o.at.key_folder();
  if (auto kek = storage::read_key_folder(o.at.access()); !kek) return failure(kek.error()); // before anything is made
  const auto back = storage::holds_database(o.folder) ? restore_from_copy(o) : restore_from_backups(o);
  if (!back) return failure(back.error());
  const auto proof = prove(o);
  if (!proof) {
    std::error_code ignored;
    fs::remove_all(o.at.data, ignored); // made a moment ago; once the reason is gone it is made again
    return failure(proof.error());
  }
  print(*back, o.json);
  std::cerr << "audited: " << proof->entries << " entries, " << proof->sealed << " with sealed values that open, "
            << proof->forgotten << " forgotten\n";
  if (proof->faults > 0)
    return failure(error_code::audit_failed, o.at.data,
                   proof->first_faults.front().what + " (all: `uketsuke audit verify`)");
  std::cerr << "to go on with it: put it where [data] folder of the hub's file says, with the keys in " << keys.string()
            << " as keys_dir.\n";
  return 0;
}

} // namespace

void add_backup(CLI::App& app, chosen& run) {
  auto o = std::make_shared<backup_options>();
  auto* command =
      app.add_subcommand("backup", "an encrypted, incremental, verified backup of a stopped node's journal; "
                                   "a running hub makes its own: [backup] in its file");
  o->at.add_options(*command);
  command->add_option("--to", o->folder, "the backup folder, best on another medium; made when missing")->required();
  command->add_option("--keep", o->kept, "how many backups stay there (default 0: all)");
  command->add_flag("--json", o->json, "what was made, as JSON");
  command->callback([&run, o] { run = [o] { return back_up_stopped(*o); }; });
}

void add_restore(CLI::App& app, chosen& run) {
  auto o = std::make_shared<backup_options>();
  auto* command = app.add_subcommand("restore", "bring a backup back as a new journal folder, under a new epoch");
  o->at.add_options(*command, false);
  command->get_option("--data")->description("the new folder; missing or empty");
  command->get_option("--keys")->description("the key folder of the journal that was backed up, with backup.key "
                                             "(default: beside --data, NAME-keys)");
  command->add_option("--from", o->folder, "the backup folder, or a plain copy of a data folder")->required();
  command->add_option("--number", o->number, "which backup (default: the newest)");
  command->add_flag("--list", o->list, "only say which backups there are");
  command->add_flag("--json", o->json, "what was brought back, as JSON");
  command->callback([&run, o] { run = [o] { return restore(*o); }; });
}

} // namespace tools
