// Claims about opening: what is healed, what is refused with which words, and what an opening costs.
#include "tests/test.hpp"

#include "tests/storage/support.hpp"

#include "storage/head_mark.hpp"

#include <fstream>
#include <iterator>
#include <sys/wait.h>

using namespace storage_test;
using messages::error_code;

namespace fs = std::filesystem;

namespace {

/// A journal of @p appends single events whose process died after the last acknowledgement: its mark is as old as
/// @p mark says, and its log ends where the last sync ended.
void leave_crashed(const fs::path& folder, std::uint64_t appends, std::uint64_t mark) {
  const int status = run_child("recovery/child_appends_and_dies", {{"UKETSUKE_TEST_FOLDER", folder.string()},
                                                                   {"UKETSUKE_TEST_APPENDS", std::to_string(appends)}});
  BOOST_REQUIRE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  BOOST_REQUIRE(storage::write_head_mark(folder, {mark, 1}).has_value());
}

void flip_bit(const fs::path& file, std::uintmax_t at) {
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekg(static_cast<std::streamoff>(at));
  const auto was = static_cast<char>(bytes.get());
  bytes.seekp(static_cast<std::streamoff>(at));
  bytes.put(static_cast<char>(was ^ 1));
}

/// A log that a killed process left ends in the zeros it was filled with.
std::uintmax_t written_size(const fs::path& log) {
  std::ifstream in(log, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
  return bytes.find_last_not_of('\0') + 1;
}

bool mentions(const messages::error& why, std::string_view words) {
  const auto sentence = messages::to_sentence(why);
  const bool found = sentence.find(words) != std::string::npos;
  if (!found) BOOST_TEST_MESSAGE(sentence);
  return found;
}

std::map<std::string, std::string> files_in(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& file : fs::directory_iterator(folder)) {
    std::ifstream in(file.path(), std::ios::binary);
    files[file.path().filename()] = {std::istreambuf_iterator<char>{in}, {}};
  }
  return files;
}

} // namespace

BOOST_AUTO_TEST_SUITE(recovery)

BOOST_AUTO_TEST_CASE(child_appends_and_dies, *boost::unit_test::disabled()) {
  const auto journal = open_journal(fs::path{environment("UKETSUKE_TEST_FOLDER")});
  for (auto n = std::stoull(environment("UKETSUKE_TEST_APPENDS")); n > 0; --n)
    append(*journal, events_of("desk.opened")).value();
  ::kill(::getpid(), SIGKILL);
}

BOOST_AUTO_TEST_CASE(a_torn_tail_opens_and_goes_on_without_a_hole) {
  temporary_folder folder;
  leave_crashed(folder.data(), 20, 15);
  const auto log = newest_log(folder.data());
  fs::resize_file(log, written_size(log) - 10);
  const auto journal = open_journal(folder.data());
  BOOST_TEST(journal->head() == 19u);
  BOOST_TEST(append(*journal, events_of("desk.closed"))->first_index == 20u);
  BOOST_TEST(journal->read(1, 100)->events.size() == 20u);
  BOOST_TEST(!journal->rebuild_and_compare()->first_difference.has_value());
}

BOOST_AUTO_TEST_CASE(a_loss_before_the_head_mark_is_refused_and_a_shorter_one_cannot_be_told_from_a_crash) {
  temporary_folder folder;
  leave_crashed(folder.data(), 20, 20);
  const auto log = newest_log(folder.data());
  fs::resize_file(log, written_size(log) - 10);
  const auto why = refusal(folder.data());
  BOOST_TEST((why.code == error_code::journal_damaged));
  BOOST_TEST(mentions(why, "its last entry is 19, but the file head says that entry 20 was written"));
  BOOST_TEST(mentions(why, "restore the last backup"));
  BOOST_TEST((refusal(folder.data()).code == error_code::journal_damaged)); // looking at it does not heal it
}

BOOST_AUTO_TEST_CASE(a_deleted_log_is_refused) {
  temporary_folder folder;
  leave_crashed(folder.data(), 20, 12);
  fs::remove(newest_log(folder.data()));
  const auto why = refusal(folder.data());
  BOOST_TEST((why.code == error_code::journal_damaged));
  BOOST_TEST(mentions(why, "entry 12 was written"));
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_in_the_middle_is_refused_and_its_file_named) {
  temporary_folder folder;
  leave_crashed(folder.data(), 50, 0);
  const auto log = newest_log(folder.data());
  flip_bit(log, written_size(log) / 2);
  const auto why = refusal(folder.data());
  BOOST_TEST((why.code == error_code::journal_damaged));
  BOOST_TEST(mentions(why, log.filename().string()));
}

BOOST_AUTO_TEST_CASE(a_missing_mark_is_refused_where_there_is_a_database_and_a_missing_database_where_there_is_a_mark) {
  temporary_folder folder;
  append(*open_journal(folder.data()), events_of("desk.opened")).value();
  fs::rename(folder.data() / "head", folder.path / "head");
  BOOST_TEST(mentions(refusal(folder.data()), "the file head is missing"));
  fs::rename(folder.data(), folder.path / "old");
  fs::create_directory(folder.data());
  fs::rename(folder.path / "head", folder.data() / "head");
  BOOST_TEST(mentions(refusal(folder.data()), "its database is gone"));
}

BOOST_AUTO_TEST_CASE(an_interrupted_first_start_opens) {
  temporary_folder folder;
  fs::create_directory(folder.data());
  BOOST_TEST(open_journal(folder.data())->head() == 0u); // only the folder
  temporary_folder marked;
  fs::create_directory(marked.data());
  BOOST_REQUIRE(storage::write_head_mark(marked.data(), {}).has_value());
  std::ofstream(marked.data() / "head.new") << "half";
  BOOST_TEST(open_journal(marked.data())->head() == 0u); // the mark, and no database yet
}

BOOST_AUTO_TEST_CASE(an_unreadable_mark_is_refused) {
  temporary_folder folder;
  append(*open_journal(folder.data()), events_of("desk.opened")).value();
  BOOST_TEST((storage::read_head_mark(folder.data()).value() == storage::head_mark{1, 1})); // written at the clean end
  flip_bit(folder.data() / "head", 30);
  BOOST_TEST(mentions(refusal(folder.data()), "the head mark is unreadable"));
}

BOOST_AUTO_TEST_CASE(the_mark_follows_the_head_while_the_journal_runs) {
  temporary_folder folder;
  auto options = quiet_options(folder.data());
  options.limits.head_mark_interval_ms = 1;
  const auto journal = open_journal(options);
  for (std::uint64_t n = 1; n <= 3; ++n) {
    append(*journal, events_of("desk.opened")).value();
    std::uint64_t marked = 0;
    for (int looks = 0; looks < 2000 && marked < n; ++looks) {
      marked = storage::read_head_mark(folder.data()).value().value().index;
      std::this_thread::sleep_for(std::chrono::milliseconds(1)); // until another thread's file is there
    }
    BOOST_TEST(marked == n);
  }
}

BOOST_AUTO_TEST_CASE(a_database_in_use_is_said_to_be_locked) {
  temporary_folder folder;
  const auto journal = open_journal(folder.data());
  const auto why = refusal(folder.data());
  BOOST_TEST((why.code == error_code::database_locked));
  BOOST_TEST(mentions(why, folder.data().string()));
  BOOST_TEST(append(*journal, events_of("desk.opened")).has_value());
}

BOOST_AUTO_TEST_CASE(a_stopped_journal_is_read_without_a_change_to_its_folder) {
  temporary_folder folder;
  {
    const auto journal = open_journal(folder.data());
    for (std::uint64_t n = 0; n < 50; ++n)
      append(*journal, story_draft(3, n)).value();
  }
  const auto before = files_in(folder.data());
  auto options = quiet_options(folder.data());
  options.read_only = true;
  {
    const auto journal = open_journal(options);
    BOOST_TEST(journal->head() > 20u);
    BOOST_TEST(journal->read(1, 1000)->events.size() == journal->head());
    BOOST_TEST(!journal->rebuild_and_compare()->first_difference.has_value());
    BOOST_TEST((append(*journal, events_of("desk.opened")).error().code == error_code::not_now));
    const auto second = open_journal(options); // readers do not shut each other out
  }
  BOOST_TEST((files_in(folder.data()) == before));
}

BOOST_AUTO_TEST_CASE(a_folder_without_a_journal_is_named_to_a_reader) {
  temporary_folder folder;
  auto options = quiet_options(folder.data());
  options.read_only = true;
  BOOST_TEST((refusal(options).code == error_code::no_such_data));
  BOOST_TEST(!fs::exists(folder.data()));
}

BOOST_AUTO_TEST_CASE(opening_reads_as_much_of_a_long_history_as_of_a_short_one) {
  const auto read_at_open = [](std::uint64_t events) {
    temporary_folder folder;
    {
      const auto journal = open_journal(folder.data());
      const auto draft = events_of("desk.opened", 1000);
      for (std::uint64_t n = 1; n <= events / 1000; ++n)
        if (n % 50 != 0)
          journal->append(draft, {});
        else
          append(*journal, draft).value(); // the queue holds no more at a time
    }
    const auto journal = open_journal(folder.data());
    BOOST_TEST(journal->head() == events);
    return journal->counts().entries_read_at_open;
  };
  BOOST_TEST(read_at_open(2'000) == 1001u);
  BOOST_TEST(read_at_open(200'000) == 1001u);
}

BOOST_AUTO_TEST_SUITE_END()
