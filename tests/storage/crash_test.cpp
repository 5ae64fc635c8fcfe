// Claims about processes that die: nothing acknowledged is lost, nothing is there by halves, nothing has a hole.
#include "tests/test.hpp"

#include "tests/storage/support.hpp"
#include "tests/storage/support_sealing.hpp"

#include "storage/audit.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace storage_test;
using messages::error_code;

namespace fs = std::filesystem;

namespace {

/// The child's note of what was acknowledged: eight bytes each, in the page cache, which outlives it.
void note(int file, std::uint64_t index) { BOOST_REQUIRE(::write(file, &index, sizeof index) == sizeof index); }

std::uint64_t last_noted(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::uint64_t index = 0;
  while (in.read(reinterpret_cast<char*>(&index), sizeof index)) {
  }
  return index;
}

int open_notes() {
  return ::open(environment("UKETSUKE_TEST_NOTES").c_str(), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
}

std::vector<messages::id> open_effects(const storage::journal& journal) {
  std::vector<messages::id> open;
  for (const auto* owner : {"gateway", "reader"}) {
    const auto rows = journal.open_effects(owner).value();
    for (const auto& row : rows)
      open.push_back(row.effect);
  }
  std::ranges::sort(open);
  return open;
}

} // namespace

BOOST_AUTO_TEST_SUITE(crash)

BOOST_AUTO_TEST_CASE(child_tells_its_story_until_a_step_kills_it, *boost::unit_test::disabled()) {
  const auto seed = std::stoull(environment("UKETSUKE_TEST_SEED"));
  const int notes = open_notes();
  auto options = quiet_options(environment("UKETSUKE_TEST_FOLDER"));
  options.limits.head_mark_interval_ms = 1;
  options.limits.rows_unwritten_events_max = 1 + seed % 3 * 10; // rows written after each batch, or now and then
  auto steps_left = 5 + seed * 7 % 83;                          // all five steps are met by twenty seeds
  options.test.on_step = [&](std::string_view) {
    if (steps_left-- == 0) ::kill(::getpid(), SIGKILL);
  };
  const auto journal = open_journal(options);
  for (std::uint64_t n = 0;; ++n) {
    const auto noted = [notes](const messages::result<storage::appended>& landed) {
      note(notes, landed->count ? landed->first_index + landed->count - 1 : landed->first_index);
    };
    if (n % 3 == 0)
      journal->append(story_draft(seed, n), noted);
    else if (n % 3 == 1)
      journal->append(story_draft(seed, n), {});
    else
      append(*journal, story_draft(seed, n)).value();
  }
}

BOOST_AUTO_TEST_CASE(a_killed_journal_loses_nothing_acknowledged_and_has_no_hole) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    temporary_folder folder;
    const int status = run_child("crash/child_tells_its_story_until_a_step_kills_it",
                                 {{"UKETSUKE_TEST_FOLDER", folder.data().string()},
                                  {"UKETSUKE_TEST_NOTES", (folder.path / "notes").string()},
                                  {"UKETSUKE_TEST_SEED", std::to_string(seed)}});
    BOOST_REQUIRE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    const auto journal = open_journal(folder.data());
    BOOST_TEST_CONTEXT("seed " << seed) {
      BOOST_TEST(journal->head() >= last_noted(folder.path / "notes"));
      BOOST_TEST(journal->read(1, 1000)->events.size() == journal->head());
      BOOST_TEST(open_after(seed, journal->head()).contains(open_effects(*journal)));
      const auto compared = journal->rebuild_and_compare();
      BOOST_TEST(compared->first_difference.value_or("") == "");
    }
  }
}

BOOST_AUTO_TEST_CASE(child_seals_for_new_patients_day_after_day_until_a_step_kills_it, *boost::unit_test::disabled()) {
  const auto seed = std::stoull(environment("UKETSUKE_TEST_SEED"));
  const int notes = open_notes();
  auto options = quiet_options(environment("UKETSUKE_TEST_FOLDER"));
  std::atomic<std::uint64_t> now{1'700'000'000'000};
  options.now_ms = [&now] { return now.load(); };
  auto steps_left = 3 + seed * 11 % 71;
  options.test.on_step = [&](std::string_view) {
    if (steps_left-- == 0) ::kill(::getpid(), SIGKILL);
  };
  const auto journal = open_journal(options);
  for (std::uint64_t n = 1;; ++n) {
    now += 20u * 3600 * 1000;
    tell_settled(*journal, numbered(n), "花子");
    note(notes, journal->head());
  }
}

BOOST_AUTO_TEST_CASE(keys_and_signed_heads_survive_being_killed) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    temporary_folder folder;
    const int status = run_child("crash/child_seals_for_new_patients_day_after_day_until_a_step_kills_it",
                                 {{"UKETSUKE_TEST_FOLDER", folder.data().string()},
                                  {"UKETSUKE_TEST_NOTES", (folder.path / "notes").string()},
                                  {"UKETSUKE_TEST_SEED", std::to_string(seed)}});
    BOOST_REQUIRE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::uint64_t head = 0, patients = 0;
      {
        const auto journal = open_journal(folder.data());
        head = journal->head();
        BOOST_TEST(head >= last_noted(folder.path / "notes"));
        while (name_read_by(*journal, numbered(patients + 1)) == "花子")
          ++patients;
      }
      const auto report = storage::audit(quiet_options(folder.data()), all_views());
      BOOST_REQUIRE(report.has_value());
      BOOST_TEST(report->faults == 0u);
      BOOST_TEST(report->sealed == 2 * patients); // each key is there
      BOOST_TEST(report->signed_heads == head - 2 * patients);
    }
  }
}

BOOST_AUTO_TEST_CASE(child_fills_the_disk, *boost::unit_test::disabled()) {
  // The largest file is what a full disk looks like to a process that may not fill a real one.
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{200'000, 200'000};
  BOOST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  const int notes = open_notes();
  auto options = quiet_options(environment("UKETSUKE_TEST_FOLDER"));
  options.limits.log_filled_bytes = 64u << 10;
  const auto journal = open_journal(options);
  auto draft = events_of("desk.reader_attached");
  draft.events[0].body = messages::encode_body(messages::reader_attached{std::string(1000, 'x')});
  for (int n = 0; n < 1000; ++n) {
    const auto landed = append(*journal, draft);
    if (landed) {
      note(notes, landed->first_index);
      continue;
    }
    const bool told = landed.error().code == error_code::disk_full && journal->failed() == landed.error() &&
                      append(*journal, draft).error() == landed.error();
    ::_exit(told ? 42 : 43);
  }
  ::_exit(44);
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_said_ends_the_journal_and_loses_nothing_acknowledged) {
  temporary_folder folder;
  const int status =
      run_child("crash/child_fills_the_disk", {{"UKETSUKE_TEST_FOLDER", folder.data().string()},
                                               {"UKETSUKE_TEST_NOTES", (folder.path / "notes").string()}});
  BOOST_REQUIRE(WIFEXITED(status));
  BOOST_TEST(WEXITSTATUS(status) == 42);
  const auto noted = last_noted(folder.path / "notes");
  BOOST_TEST(noted > 50u);
  const auto journal = open_journal(folder.data());
  BOOST_TEST(journal->head() >= noted);
  const auto next = journal->head() + 1;
  BOOST_TEST(append(*journal, events_of("desk.opened"))->first_index == next);
}

BOOST_AUTO_TEST_CASE(child_appends_and_dies_before_a_row_is_written, *boost::unit_test::disabled()) {
  const auto journal = open_journal(quiet_options(environment("UKETSUKE_TEST_FOLDER")));
  for (std::uint64_t n = 0; n < 200; ++n)
    append(*journal, story_draft(7, n)).value();
  ::kill(::getpid(), SIGKILL);
}

BOOST_AUTO_TEST_CASE(rows_that_a_killed_journal_never_wrote_are_folded_again_for_a_node_and_for_a_reader) {
  temporary_folder folder;
  const int status = run_child("crash/child_appends_and_dies_before_a_row_is_written",
                               {{"UKETSUKE_TEST_FOLDER", folder.data().string()}});
  BOOST_REQUIRE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  const auto rows_in = [](const storage::journal& journal) {
    std::vector<storage::stored_row> all;
    for (const auto* view : {"questions", "desks", "consents", "accounts", "open_checkins"}) {
      const auto rows = journal.rows_of(view, "", 10'000).value();
      all.insert(all.end(), rows.begin(), rows.end());
    }
    return all;
  };
  std::vector<storage::stored_row> seen_by_reader;
  {
    auto options = quiet_options(folder.data());
    options.read_only = true;
    const auto reader = open_journal(options);
    BOOST_TEST(reader->counts().entries_read_at_open > reader->head()); // the tail, and what was not folded
    BOOST_TEST(reader->rebuild_and_compare()->first_difference.value_or("") == "");
    seen_by_reader = rows_in(*reader);
  }
  BOOST_TEST(seen_by_reader.size() > 20u);
  {
    const auto journal = open_journal(folder.data());
    BOOST_TEST(journal->counts().entries_read_at_open > journal->head());
    BOOST_TEST((rows_in(*journal) == seen_by_reader));
    BOOST_TEST(journal->rebuild_and_compare()->first_difference.value_or("") == "");
  }
  const auto again = open_journal(folder.data());
  BOOST_TEST(again->counts().entries_read_at_open <= again->head() + 1); // a clean end leaves nothing to fold
  BOOST_TEST((rows_in(*again) == seen_by_reader));
}

BOOST_AUTO_TEST_CASE(a_view_that_breaks_its_contract_ends_the_journal_and_takes_nothing_with_it) {
  struct thrower final : storage::view {
    std::string_view name() const override { return "thrower"; }
    void apply(const storage::folded_event& event, storage::rows&) const override {
      if (event.topic == "bad") throw std::runtime_error("broken");
    }
  };
  const auto with_thrower = [](const storage::journal_options& options) {
    std::vector<std::unique_ptr<storage::view>> views;
    views.push_back(std::make_unique<thrower>());
    return storage::journal::open(options, std::move(views));
  };
  temporary_folder folder;
  const auto options = quiet_options(folder.data());
  auto journal = std::move(with_thrower(options).value());
  BOOST_TEST(append(*journal, events_of("good")).has_value());
  BOOST_TEST(append(*journal, events_of("bad")).has_value()); // the entry is good; only the view cannot follow it
  BOOST_TEST((journal->get("thrower", "key").error().code == error_code::write_failed)); // a reader is told
  BOOST_TEST(journal->failed().has_value());                                             // and nobody goes on
  BOOST_TEST((append(*journal, events_of("good")).error().code == error_code::write_failed));
  journal.reset();
  BOOST_TEST((with_thrower(options).error().code == error_code::write_failed)); // said, not thrown
  const auto mended = open_journal(folder.data());                              // without that view
  BOOST_TEST(mended->head() == 2u);
  BOOST_TEST(mended->rebuild_and_compare()->first_difference.value_or("") == "");
}

BOOST_AUTO_TEST_SUITE_END()
