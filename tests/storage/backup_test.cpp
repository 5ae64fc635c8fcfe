// Claims about backups: made while the journal is written, encrypted, checked, brought back under a new epoch, and
// never wrong in silence.
#include "tests/test.hpp"

#include "tests/storage/support.hpp"

#include "storage/backup.hpp"
#include "storage/backup_format.hpp"

#include <atomic>
#include <fstream>
#include <iterator>
#include <thread>

using namespace storage_test;
using messages::error_code;

namespace fs = std::filesystem;

namespace {

struct clinic {
  temporary_folder folder;
  fs::path into = folder.path / "backups", copy = folder.path / "copy", back = folder.path / "restored";
  storage::key_bytes key = storage::key_bytes::fresh();

  /// The journal that was brought back, under the keys it was sealed with.
  std::unique_ptr<storage::journal> open_restored() const {
    auto options = quiet_options(back);
    options.keys = keys_of(folder.data());
    return open_journal(std::move(options));
  }

  /// A backup of what @p journal holds now, made while it goes on.
  storage::backup_info back_up(storage::journal& journal) {
    fs::remove_all(copy);
    const auto at = journal.copy_into(copy).value();
    return storage::make_backup({copy, at.index, at.epoch}, into, key, 1'700'000'000'000).value();
  }
};

std::string bytes_in(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::vector<fs::path> files_under(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& file : fs::recursive_directory_iterator(folder))
    if (file.is_regular_file() && file.path().filename() != "lock") files.push_back(file.path());
  std::ranges::sort(files);
  return files;
}

std::vector<storage::published> entries(const storage::journal& journal) {
  std::vector<storage::published> all;
  for (std::uint64_t from = 1; from <= journal.head();) {
    const auto page = journal.read(from, 1000).value();
    all.insert(all.end(), page.events.begin(), page.events.end());
    from = page.next;
  }
  return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(backup)

BOOST_AUTO_TEST_CASE(a_backup_taken_under_load_comes_back_equal_up_to_its_index_under_a_new_epoch) {
  clinic here;
  auto journal = open_journal(here.folder.data());
  std::atomic<bool> ending{false};
  std::thread load([&] {
    for (std::uint64_t n = 0; !ending; ++n)
      append(*journal, story_draft(5, n)).value();
  });
  while (journal->head() < 50)
    std::this_thread::yield();
  const auto made = here.back_up(*journal);
  while (journal->head() < made.index + 20)
    std::this_thread::yield();
  ending = true;
  load.join();
  const auto restored = storage::restore_backup(here.into, 0, here.key, here.back, 77).value();
  BOOST_TEST(restored.index == made.index);
  BOOST_TEST(restored.epoch == 77u);
  const auto again = here.open_restored();
  BOOST_TEST(again->head() == made.index);
  BOOST_TEST(again->epoch() == 77u);
  auto before = entries(*journal);
  before.resize(made.index);
  BOOST_TEST((entries(*again) == before));
  BOOST_TEST(again->rebuild_and_compare()->first_difference.value_or("") == "");
  BOOST_TEST(append(*again, events_of("desk.opened"))->first_index == made.index + 1);
}

BOOST_AUTO_TEST_CASE(a_second_backup_writes_only_what_is_new_and_old_ones_go) {
  clinic here;
  auto journal = open_journal(here.folder.data());
  for (std::uint64_t n = 0; n < 200; ++n)
    append(*journal, story_draft(6, n)).value();
  const auto first = here.back_up(*journal);
  append(*journal, events_of("desk.opened")).value();
  const auto second = here.back_up(*journal);
  BOOST_TEST(first.fresh_bytes == first.bytes);
  BOOST_TEST(second.fresh_bytes < second.bytes);
  BOOST_TEST(second.index == first.index + 1);
  BOOST_TEST(storage::backups_in(here.into, here.key)->size() == 2u);
  BOOST_TEST(storage::verify_backup(here.into, 1, here.key)->index == first.index);
  fs::remove_all(here.copy);
  const auto at = journal->copy_into(here.copy).value();
  storage::make_backup({here.copy, at.index, at.epoch}, here.into, here.key, 1, 1).value();
  BOOST_TEST(storage::backups_in(here.into, here.key)->size() == 1u);
  BOOST_TEST(storage::verify_backup(here.into, 0, here.key).has_value());
}

BOOST_AUTO_TEST_CASE(every_flipped_byte_and_every_missing_or_torn_file_of_a_backup_is_one_clear_error) {
  clinic here;
  {
    auto journal = open_journal(here.folder.data());
    append(*journal, story_draft(7, 1)).value();
    here.back_up(*journal);
  }
  for (const auto& file : files_under(here.into)) {
    const auto good = bytes_in(file);
    const auto refused_when = [&](const std::string& bytes) {
      std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
      const auto found = storage::restore_backup(here.into, 0, here.key, here.back, 0);
      BOOST_REQUIRE_MESSAGE(!found, file << " was taken");
      const bool known =
          found.error().code == error_code::backup_damaged || found.error().code == error_code::wrong_backup_key;
      BOOST_TEST(known, messages::to_sentence(found.error()));
      BOOST_TEST(messages::to_sentence(found.error()).find(file.filename().string()) != std::string::npos);
      BOOST_TEST(!fs::exists(here.back));
    };
    for (std::size_t at = 0; at < good.size(); at += 1 + good.size() / 23) {
      auto flipped = good;
      flipped[at] = static_cast<char>(flipped[at] ^ 16);
      refused_when(flipped);
    }
    for (const std::size_t size : {std::size_t{0}, std::size_t{30}, good.size() / 2, good.size() - 1})
      refused_when(good.substr(0, size));
    std::ofstream(file, std::ios::binary | std::ios::trunc) << good;
  }
  BOOST_TEST(storage::restore_backup(here.into, 0, here.key, here.back, 0).has_value());
}

BOOST_AUTO_TEST_CASE(a_wrong_key_a_folder_in_use_and_no_backup_at_all_are_named) {
  clinic here;
  auto journal = open_journal(here.folder.data());
  append(*journal, events_of("desk.opened")).value();
  here.back_up(*journal);
  const auto other = storage::key_bytes::fresh();
  BOOST_TEST((storage::restore_backup(here.into, 0, other, here.back, 0).error().code == error_code::wrong_backup_key));
  BOOST_TEST(
      (storage::restore_backup(here.into, 0, here.key, here.folder.data(), 0).error().code == error_code::not_empty));
  BOOST_TEST((storage::restore_backup(here.into, 9, here.key, here.back, 0).error().code == error_code::no_such_data));
  BOOST_TEST((storage::verify_backup(here.copy / "no", 0, here.key).error().code == error_code::no_such_data));
  BOOST_TEST(journal->head() == 1u);
}

BOOST_AUTO_TEST_CASE(what_an_interrupted_backup_or_restore_left_is_not_taken_for_one) {
  clinic here;
  auto journal = open_journal(here.folder.data());
  for (std::uint64_t n = 0; n < 30; ++n)
    append(*journal, story_draft(8, n)).value();
  const auto first = here.back_up(*journal);
  std::ofstream(here.into / "objects" / "0123456789abcdef0123456789abcdef.new") << "half";
  std::ofstream(here.into / "backups" / "2.new") << "half";
  fs::create_directory(here.folder.path / "restored.restoring");
  std::ofstream(here.folder.path / "restored.restoring" / "CURRENT") << "half";
  BOOST_TEST(storage::backups_in(here.into, here.key)->size() == 1u);
  BOOST_TEST(storage::restore_backup(here.into, 0, here.key, here.back, 0)->index == first.index);
  BOOST_TEST(!fs::exists(here.folder.path / "restored.restoring"));
  BOOST_TEST(here.open_restored()->head() == first.index);
  BOOST_TEST(here.back_up(*journal).number == 2u);
  BOOST_TEST(!fs::exists(here.into / "objects" / "0123456789abcdef0123456789abcdef.new"));
}

BOOST_AUTO_TEST_CASE(a_table_that_rotted_since_the_last_backup_does_not_push_out_the_good_copy) {
  clinic here;
  auto journal = open_journal(here.folder.data());
  for (std::uint64_t n = 0; n < 30; ++n)
    append(*journal, story_draft(9, n)).value();
  here.back_up(*journal);
  fs::remove_all(here.copy);
  const auto at = journal->copy_into(here.copy).value();
  for (const auto& file : files_under(here.copy))
    if (file.extension() == ".sst") {
      auto bytes = bytes_in(file);
      bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
      fs::remove(file);
      std::ofstream(file, std::ios::binary) << bytes;
      break;
    }
  const auto made = storage::make_backup({here.copy, at.index, at.epoch}, here.into, here.key, 2);
  BOOST_REQUIRE(!made);
  BOOST_TEST((made.error().code == error_code::journal_damaged));
}

BOOST_AUTO_TEST_CASE(the_key_of_backups_is_made_once_and_has_to_be_private) {
  temporary_folder folder;
  BOOST_TEST((storage::read_backup_key(folder.path).error().code == error_code::no_backup_key));
  bool made = false;
  const auto key = storage::backup_key(folder.path, made).value();
  BOOST_TEST(made);
  BOOST_TEST(storage::read_backup_key(folder.path)->view() == key.view());
  fs::permissions(folder.path / "backup.key", fs::perms::others_read, fs::perm_options::add);
  BOOST_TEST((storage::read_backup_key(folder.path).error().code == error_code::no_backup_key));
}

BOOST_AUTO_TEST_CASE(a_list_that_names_a_file_elsewhere_is_none) {
  storage::backup_list list;
  list.files.push_back({"../head", std::string(32, 'a'), std::string(64, '0'), 1});
  BOOST_TEST(!storage::parse_backup_list(storage::encode_backup_list(list)));
  list.files[0].name = "000012.sst";
  BOOST_TEST(storage::parse_backup_list(storage::encode_backup_list(list)).has_value());
}

BOOST_AUTO_TEST_CASE(the_key_of_backups_is_kept_in_escrow_whenever_it_was_made) {
  const temporary_folder folder;
  const auto access = keys_of(folder.data());
  const auto before = folder.path / "before", after = folder.path / "after";
  BOOST_REQUIRE(storage::add_escrow(access, before).has_value());
  BOOST_TEST(!fs::exists(before / "backup.key")); // there is none yet
  bool made = false;
  const auto key = storage::backup_key(access.folder, made);
  BOOST_REQUIRE(key.has_value());
  BOOST_TEST(made);
  BOOST_TEST(storage::read_backup_key(before).value().view() == key->view());
  BOOST_REQUIRE(storage::add_escrow(access, after).has_value());
  BOOST_TEST(storage::read_backup_key(after).value().view() == key->view());

  fs::remove(before / "backup.key"); // the medium was not there when it was made
  BOOST_REQUIRE(storage::backup_key(access.folder, made).has_value());
  BOOST_TEST(!made);
  BOOST_TEST(storage::read_backup_key(before).value().view() == key->view());
}

BOOST_AUTO_TEST_SUITE_END()
