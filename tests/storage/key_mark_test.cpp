// Claims about the mark in the key folder: a data folder that is gone, or older than it was, is not taken for it.
#include "tests/test.hpp"

#include "tests/storage/support.hpp"
#include "tests/storage/support_sealing.hpp"

#include "storage/audit.hpp"
#include "storage/backup.hpp"

#include <fstream>

using namespace storage_test;
using messages::error_code;

namespace fs = std::filesystem;

namespace {

/// A journal that went on after @p copy was taken of it.
struct journal_with_an_old_copy {
  temporary_folder folder;
  fs::path data = folder.data(), copy = folder.path / "copy";

  journal_with_an_old_copy() {
    append(*open_journal(data), events_of("desk.opened", 3)).value();
    copy_folder(data, copy);
    append(*open_journal(data), events_of("desk.closed", 4)).value();
  }
  /// The only mark in the key folder.
  fs::path mark() const {
    for (const auto& file : fs::directory_iterator(keys_of(data).folder))
      if (file.path().filename().string().starts_with("reached-")) return file.path();
    BOOST_FAIL("there is no mark");
    return {};
  }
  void put_the_copy_back() const {
    fs::remove_all(data);
    copy_folder(copy, data);
  }
};

bool names(const messages::error& why, const std::string& words) {
  return messages::to_sentence(why).find(words) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(key_mark)

BOOST_FIXTURE_TEST_CASE(an_older_copy_put_in_the_place_of_the_journal_is_refused_and_changes_nothing,
                        journal_with_an_old_copy) {
  put_the_copy_back();
  const auto why = refusal(data);
  BOOST_TEST((why.code == error_code::journal_damaged));
  for (const auto* words : {"entry 3", "entry 7", "reached-", "uketsuke restore"})
    BOOST_TEST(names(why, words), messages::to_sentence(why));
  BOOST_TEST(names(refusal(data), "entry 7")); // also the second time
}

BOOST_FIXTURE_TEST_CASE(a_data_folder_that_was_deleted_is_not_begun_anew_under_its_keys, journal_with_an_old_copy) {
  fs::remove_all(data);
  const auto why = refusal(data);
  BOOST_TEST((why.code == error_code::journal_damaged));
  BOOST_TEST(names(why, "it is gone"), messages::to_sentence(why));
  BOOST_TEST(names(why, "uketsuke restore"), messages::to_sentence(why));
  BOOST_TEST(!fs::exists(data / "CURRENT"));
}

BOOST_FIXTURE_TEST_CASE(an_older_copy_can_be_read_and_audited_where_it_lies, journal_with_an_old_copy) {
  auto options = quiet_options(data);
  options.folder = copy;
  const auto report = storage::audit(options, all_views());
  BOOST_REQUIRE(report.has_value());
  BOOST_TEST(report->faults == 0u);
  BOOST_TEST(report->entries == 3u);
  BOOST_TEST(report->journal_reached == 7u); // said, and no fault of the copy
  options.read_only = true;
  BOOST_TEST(open_journal(options)->head() == 3u);
}

BOOST_FIXTURE_TEST_CASE(an_older_copy_that_is_gone_on_with_knowingly_gets_an_epoch_of_its_own,
                        journal_with_an_old_copy) {
  auto options = quiet_options(data);
  options.folder = folder.path / "again";
  const auto back = storage::restore_copy(copy, options.folder, 9);
  BOOST_REQUIRE(back.has_value());
  BOOST_TEST(back->index == 3u);
  for (const std::uint64_t head : {4u, 5u}) {
    const auto journal = open_journal(options);
    BOOST_TEST(journal->epoch() == 9u);
    append(*journal, events_of("desk.opened")).value();
    BOOST_TEST(journal->head() == head);
  }
  BOOST_TEST(open_journal(data)->head() == 7u); // the one it was copied from goes its own way
  BOOST_TEST((storage::restore_copy(copy, options.folder, 10).error().code == error_code::not_empty));
}

BOOST_FIXTURE_TEST_CASE(a_mark_that_was_changed_is_refused_and_without_it_the_folder_is_trusted,
                        journal_with_an_old_copy) {
  put_the_copy_back();
  std::ofstream(mark()) << "uketsuke key mark 1\nindex 2 epoch 1\ntag 00\n";
  const auto why = refusal(data);
  BOOST_TEST((why.code == error_code::journal_damaged));
  BOOST_TEST(names(why, mark().string()), messages::to_sentence(why));
  fs::remove(mark());
  BOOST_TEST(open_journal(data)->head() == 3u);
}

BOOST_AUTO_TEST_CASE(the_mark_follows_while_the_journal_runs_and_stands_at_its_end) {
  temporary_folder folder;
  auto options = quiet_options(folder.data());
  options.limits.head_mark_interval_ms = 1; // every sixtieth goes to the key folder
  const auto keys = keys_of(folder.data()).folder;
  const auto marks = [&] {
    std::size_t n = 0;
    for (const auto& file : fs::directory_iterator(keys))
      n += file.path().filename().string().starts_with("reached-") ? 1 : 0;
    return n;
  };
  auto journal = open_journal(options);
  BOOST_TEST(marks() == 0u); // nothing was written yet
  for (int n = 0; n < 10'000 && marks() == 0; ++n)
    append(*journal, events_of("desk.opened")).value();
  BOOST_TEST(marks() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
