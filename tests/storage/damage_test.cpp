// Claims about disks that lie: kind × place × moment by seed. Each damaged journal opens with every entry before its
// head mark, or is refused in a sentence that names file, entry and remedy. UKETSUKE_LONG=1: 10,000 cases;
// UKETSUKE_CASE=N: one; UKETSUKE_CASE=N-M: these.
#include "tests/test.hpp"

#include "tests/storage/damaged_disk.hpp"
#include "tests/storage/support.hpp"

#include "storage/head_mark.hpp"

#include <iostream>
#include <regex>

using namespace storage_test;
using messages::error_code;

namespace fs = std::filesystem;

namespace {

using chance_source = std::mt19937_64;

/// What is known of a journal before its damage.
struct told {
  std::uint64_t seed = 0;
  std::vector<storage::published> entries; ///< all that were ever appended, acknowledged or not
  std::uint64_t acknowledged = 0;          ///< index
};

storage::journal_options small_options(const fs::path& folder, std::uint64_t seed) {
  auto options = quiet_options(folder);
  options.limits.log_filled_bytes = seed % 4 == 0 ? 0 : 16u << 10;
  options.limits.wal_bytes_max = 24u << 10; // small enough that tables are written out now and then
  options.limits.rows_unwritten_events_max = seed % 3 == 0 ? 1024 : 1 + seed % 7 * 4;
  return options;
}

std::vector<storage::published> all_entries(const storage::journal& journal) {
  std::vector<storage::published> all;
  for (std::uint64_t from = 1; from <= journal.head();) {
    const auto page = journal.read(from, 1000).value();
    all.insert(all.end(), page.events.begin(), page.events.end());
    from = page.next;
  }
  return all;
}

fs::path keys_beside(const fs::path& folder) { return fs::path{folder} += "-keys"; }

void copy_files(const fs::path& from, const fs::path& into) {
  fs::create_directories(into);
  for (const auto& file : fs::directory_iterator(from))
    if (file.is_regular_file()) fs::copy_file(file.path(), into / file.path().filename());
}

/// A journal that lived several lives and crashed at rest, and what it looked like a life before.
struct template_journal {
  template_journal(const fs::path& folder, std::uint64_t seed)
      : now(folder / "now"), before(folder / "before"), keys(folder / "keys") {
    known.seed = seed;
    chance_source chance(seed);
    std::uint64_t n = 0;
    const auto lives = 1 + seed % 4;
    for (std::uint64_t life = 0; life < lives; ++life) {
      const auto disk = std::make_shared<damaged_disk>();
      auto options = small_options(now, seed);
      options.test.files = disk;
      auto journal = open_journal(options);
      fs::remove_all(keys);
      copy_files(keys_of(now).folder, keys); // the mark in it is as old as this life
      for (auto drafts = 10 + chance() % 60; drafts > 0; --drafts)
        append(*journal, story_draft(seed, n++)).value();
      known.entries = all_entries(*journal);
      known.acknowledged = journal->head();
      if (life + 1 == lives && seed % 5 == 0) break; // a clean end
      fs::remove_all(folder / "crashed");
      disk->cut(now, folder / "crashed", damaged_disk::loss::nothing, chance);
      journal.reset();
      if (life + 2 == lives) {
        copy_files(folder / "crashed", before);
        BOOST_REQUIRE(storage::write_head_mark(before, {known.acknowledged, 1}).has_value());
      }
      fs::remove_all(now);
      fs::rename(folder / "crashed", now);
    }
    mark = known.acknowledged - std::min<std::uint64_t>(known.acknowledged, chance() % 12);
    if (seed % 5 == 0) mark = known.acknowledged;
    BOOST_REQUIRE(storage::write_head_mark(now, {mark, 1}).has_value());
  }
  fs::path now, before;
  fs::path keys; ///< as they were when the last life began; keys_of(now): as they are at its end
  told known;
  std::uint64_t mark = 0;
};

std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& file : fs::directory_iterator(folder))
    if (file.path().filename() != "LOCK") files.push_back(file.path());
  std::ranges::sort(files);
  return files;
}

/// One case: what was done, to which file, and what must be there if it opens.
struct one_case {
  std::string what;
  fs::path folder, file;
  told known;
  std::uint64_t must_have = 0;
};

/// The whole folder as it was a life before: nothing in it tells.
one_case put_back(const template_journal& of, const fs::path& folder) {
  one_case made{"the whole folder as it was a life before", folder, folder / "head", of.known, of.mark};
  copy_files(of.before, folder);
  copy_files(keys_of(of.now).folder, keys_beside(folder));
  return made;
}

/// Rot and accidents, on a copy of a journal at rest.
one_case damage_at_rest(const template_journal& of, const fs::path& folder, chance_source& chance) {
  one_case made{"", folder, {}, of.known, of.mark};
  const auto kind = chance() % 10;
  if (kind == 9 && fs::exists(of.before)) return put_back(of, folder);
  copy_files(of.now, folder);
  copy_files(of.keys, keys_beside(folder));
  const auto files = files_of(folder);
  made.file = files[chance() % files.size()];
  auto bytes = bytes_in(made.file);
  // Half the places are where something was written: a filled log is mostly zeros.
  const auto written = bytes.find_last_not_of('\0');
  const auto size = written == std::string::npos || chance() % 2 ? bytes.size() : written + 1;
  const auto at = size ? chance() % size : 0;
  if (kind <= 2 && size) {
    bytes[at] = static_cast<char>(bytes[at] ^ 1 << chance() % 8);
    made.what = "a bit flipped at " + std::to_string(at);
  } else if (kind == 3 && size) {
    const auto sector = at - at % 512;
    bytes.replace(sector, std::min<std::size_t>(512, bytes.size() - sector), std::string(512, '\0'), 0,
                  std::min<std::size_t>(512, bytes.size() - sector));
    made.what = "a sector zeroed at " + std::to_string(sector);
  } else if (kind == 4) {
    bytes.resize(at);
    made.what = "torn to " + std::to_string(at);
  } else if (kind == 5) {
    for (auto n = 1 + chance() % 700; n > 0; --n)
      bytes += static_cast<char>(chance());
    made.what = "garbage behind it";
  } else if (kind == 6) {
    fs::remove(made.file);
    made.what = "deleted";
    return made;
  } else if (kind == 7 && fs::exists(of.before)) { // the old database under today's mark
    const auto mark = bytes_in(folder / "head");
    fs::remove_all(folder);
    copy_files(of.before, folder);
    put_bytes(folder / "head", mark);
    made.file = folder / "head";
    made.what = "an old database put back under today's mark";
    return made;
  } else {
    const auto other = files[chance() % files.size()];
    bytes = bytes_in(other);
    made.what = "overwritten with " + other.filename().string();
  }
  put_bytes(made.file, bytes);
  return made;
}

/// A power cut, a full disk or a refused write, in the middle of a story that goes on after a journal's earlier life.
one_case damage_at_work(const template_journal& of, const fs::path& folder, chance_source& chance) {
  one_case made{"", folder, {}, of.known, 0};
  const auto running = fs::path{folder} += "-running";
  copy_files(of.now, running);
  copy_files(of.keys, keys_beside(running));
  copy_files(of.keys, keys_beside(folder)); // their mark may be a minute old
  const auto disk = std::make_shared<damaged_disk>();
  auto options = small_options(running, chance());
  options.test.files = disk;
  const auto moment = 1 + chance() % 90;
  const auto kind = chance() % 6;
  std::atomic<std::uint64_t> acknowledged{of.known.acknowledged};
  std::optional<std::uint64_t> acknowledged_at_cut;
  if (kind < 4) {
    const auto how = kind < 2    ? damaged_disk::loss::any_sectors
                     : kind == 2 ? damaged_disk::loss::everything
                                 : damaged_disk::loss::nothing;
    made.what = "power cut " + std::to_string(static_cast<int>(how)) + " before operation " + std::to_string(moment);
    disk->before_operation(moment, [&, how] {
      acknowledged_at_cut = acknowledged.load();
      disk->cut(running, folder, how, chance);
    });
  } else {
    const auto how = kind == 4      ? damaged_disk::fault::full
                     : chance() % 2 ? damaged_disk::fault::one_refused
                                    : damaged_disk::fault::refused_from_here;
    disk->fail_from(moment, how);
    made.what = "disk fault " + std::to_string(static_cast<int>(how)) + " from operation " + std::to_string(moment);
  }
  // How many drafts there were: those of the template fill its entries; the story goes on behind them.
  std::uint64_t n = 1000;
  auto opened = storage::journal::open(options, all_views());
  if (opened) {
    for (int drafts = 0; drafts < 40; ++drafts) {
      auto draft = story_draft(of.known.seed, n++);
      draft.settled.clear();
      draft.outbox.clear();
      const auto landed = append(**opened, std::move(draft));
      if (!landed) break;
      acknowledged = landed->first_index + (landed->count ? landed->count - 1 : 0);
    }
    // What was not acknowledged may be there after the crash: it has to be what was appended all the same.
    made.known.entries = all_entries(**opened);
    opened->reset();
  }
  if (!acknowledged_at_cut) { // the process ends, the disk is repaired
    acknowledged_at_cut = acknowledged.load();
    if (kind < 4) made.what += " (never reached)";
    disk->cut(running, folder, damaged_disk::loss::nothing, chance);
  }
  fs::remove_all(running);
  fs::remove_all(keys_beside(running));
  made.must_have = *acknowledged_at_cut;
  const auto mark = made.must_have - std::min<std::uint64_t>(made.must_have, chance() % 4);
  BOOST_REQUIRE(storage::write_head_mark(folder, {mark, 1}).has_value());
  return made;
}

/// What is wrong with a refusal; nothing when it names file, entry and remedy.
std::string complaint_about(const messages::error& why) {
  const auto sentence = messages::to_sentence(why);
  if (why.code != error_code::journal_damaged) return "refused as something else: " + sentence;
  static const std::regex entry("entry [0-9]+"), some_file("[0-9]+\\.(log|sst)|MANIFEST-|CURRENT|head|reached-");
  if (!std::regex_search(sentence, some_file)) return "names no file: " + sentence;
  if (!std::regex_search(sentence, entry)) return "names no entry: " + sentence;
  if (sentence.find("uketsuke restore") == std::string::npos) return "names no remedy: " + sentence;
  return {};
}

enum class end { whole, refused, refused_when_read };

/// Reads all there is; what differs from what was appended is a complaint, a refusal is none.
std::string complaint_about_content(const one_case& of, const storage::journal& journal, end& how) {
  if (journal.head() < of.must_have)
    return "opened with " + std::to_string(journal.head()) + " of " + std::to_string(of.must_have) + " entries";
  const auto refused = [&](const messages::error& why) {
    how = end::refused_when_read;
    return complaint_about(why);
  };
  std::uint64_t checked = 0;
  for (std::uint64_t from = 1; from <= journal.head();) {
    const auto page = journal.read(from, 1000);
    if (!page) return refused(page.error());
    for (const auto& event : page->events) {
      if (checked < of.known.entries.size() && event != of.known.entries[checked])
        return "entry " + std::to_string(event.index) + " is another";
      ++checked;
    }
    from = page->next;
  }
  if (checked != journal.head()) return "entries are missing in the middle";
  const auto compared = journal.rebuild_and_compare();
  if (!compared) return refused(compared.error());
  if (compared->first_difference) return "a view differs: " + *compared->first_difference;
  for (const auto* owner : {"gateway", "reader"})
    if (const auto open = journal.open_effects(owner); !open) return refused(open.error());
  return {};
}

std::string judge(const one_case& of, bool goes_on, end& how) {
  auto options = quiet_options(of.folder);
  options.limits.log_filled_bytes = 16u << 10;
  auto opened = storage::journal::open(options, all_views());
  if (!opened) {
    how = end::refused;
    if (auto wrong = complaint_about(opened.error()); !wrong.empty()) return wrong;
    // The first opening may have written what the log holds over the damaged row: then everything is there again.
    const auto again = storage::journal::open(options, all_views());
    if (!again) return {};
    how = end::whole;
    const auto lost = complaint_about_content(of, **again, how);
    return lost.empty() ? lost : "a second opening forgot what the first refused: " + lost;
  }
  how = end::whole;
  auto wrong = complaint_about_content(of, **opened, how);
  if (!wrong.empty() || how != end::whole || !goes_on) return wrong;
  const auto next = (*opened)->head() + 1;
  const auto landed = append(**opened, events_of("desk.opened"));
  if (!landed) { // what it had to read for writing is damaged
    how = end::refused_when_read;
    return complaint_about(landed.error());
  }
  if (landed->first_index != next) return "it does not go on";
  opened->reset();
  opened = storage::journal::open(options, all_views());
  if (!opened) return "it does not open again: " + messages::to_sentence(opened.error());
  return (*opened)->head() == next ? "" : "the next entry is not there";
}

} // namespace

BOOST_AUTO_TEST_CASE(damage_by_seed_is_healed_or_refused_and_nothing_before_the_head_mark_is_lost_in_silence) {
  const std::uint64_t cases = std::getenv("UKETSUKE_LONG") ? 10'000 : 300, each_template_serves = 25;
  const auto only = environment("UKETSUKE_CASE");
  const auto first = only.empty() ? 0 : std::stoull(only);
  const auto dash = only.find('-');
  const auto last = dash == std::string::npos ? first : std::stoull(only.substr(dash + 1));
  const auto past = only.empty() ? cases : last + 1;
  std::map<end, std::uint64_t> ends;
  std::optional<memory_folder> home;
  std::unique_ptr<template_journal> source;
  std::uint64_t complaints = 0;
  for (auto n = first; n < past; ++n) {
    if (!source || n % each_template_serves == 0) {
      home.emplace();
      source = std::make_unique<template_journal>(home->path / "template", n / each_template_serves + 1);
    }
    chance_source chance(n * 7919 + 17);
    const auto folder = home->path / ("case-" + std::to_string(n));
    const auto made =
        chance() % 3 == 0 ? damage_at_work(*source, folder, chance) : damage_at_rest(*source, folder, chance);
    auto how = end::whole;
    const auto wrong = judge(made, n % 8 == 0, how);
    ++ends[how];
    complaints += wrong.empty() ? 0 : 1;
    BOOST_TEST(wrong.empty(), "UKETSUKE_CASE=" << n << ", template " << source->known.seed << ", "
                                               << made.file.filename().string() << " " << made.what << ": " << wrong);
    fs::remove_all(folder);
    fs::remove_all(keys_beside(folder));
  }
  std::cout << "damage: " << past - first << " cases; whole " << ends[end::whole] << ", refused " << ends[end::refused]
            << ", refused when read " << ends[end::refused_when_read] << ", silent losses or bad refusals "
            << complaints << '\n';
}
