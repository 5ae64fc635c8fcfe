// Claims about keys that change and patients who are forgotten: gone everywhere, and nobody else touched.
#include "tests/test.hpp"

#include "tests/storage/support.hpp"
#include "tests/storage/support_sealing.hpp"

#include "storage/audit.hpp"
#include "storage/backup.hpp"
#include "storage/keyring.hpp"
#include "storage/rotation.hpp"
#include "storage/tables.hpp"

#include <csignal>
#include <sys/wait.h>

using namespace storage_test;
using messages::error_code;

namespace fs = std::filesystem;

namespace {

messages::result<storage::rotation_report> forget(const fs::path& folder, std::set<messages::id> patients) {
  storage::rotation what;
  what.forget = std::move(patients);
  return storage::journal::rotate(quiet_options(folder), all_views(), what);
}

/// Patients 1 and 2, settled.
void leave_two(const fs::path& folder) {
  const auto journal = open_journal(folder);
  tell_settled(*journal, numbered(1), "花子");
  tell_settled(*journal, numbered(2), "太郎");
}

std::string topics_of(const storage::journal& journal, const std::string& prefix) {
  std::string topics;
  const auto page = journal.read(1, 1000, {prefix}).value();
  for (const auto& entry : page.events)
    topics += entry.topic + " ";
  return topics;
}

std::uint64_t faults_in(const fs::path& folder) {
  const auto report = storage::audit(quiet_options(folder), all_views());
  if (!report) BOOST_FAIL(messages::to_sentence(report.error()));
  for (const auto& fault : report->first_faults)
    BOOST_TEST_MESSAGE(fault.index << ": " << fault.what);
  return report->faults;
}

} // namespace

BOOST_AUTO_TEST_SUITE(forgetting)

BOOST_AUTO_TEST_CASE(a_forgotten_patient_reads_as_forgotten_and_the_others_as_before) {
  temporary_folder folder;
  leave_two(folder.data());
  const auto done = forget(folder.data(), {numbered(1)});
  BOOST_REQUIRE_MESSAGE(done, (done ? "" : messages::to_sentence(done.error())));
  BOOST_TEST(done->generation == 2u);
  BOOST_TEST(done->forgotten.at(numbered(1)) == 2u); // record and proof
  BOOST_TEST(done->entries == 2u);
  BOOST_TEST(done->unreadable == 2u);
  BOOST_TEST(done->readable == 2u);
  BOOST_TEST(!fs::exists(keys_of(folder.data()).folder / "kek-1"));
  auto journal = open_journal(folder.data());
  BOOST_TEST(name_read_by(*journal, numbered(1)) == "(forgotten)");
  BOOST_TEST(name_read_by(*journal, numbered(2)) == "太郎");
  BOOST_TEST(journal->remembered(numbered(801))->value().frame == ""); // already_done
  BOOST_TEST(journal->remembered(numbered(802))->value().frame == "name: 太郎");
  const auto page = journal->read(1, 1, {"eligibility.answered"});
  BOOST_TEST(page->events.at(0).envelope.find(std::string("\xc7\x00\x02", 3)) != std::string::npos);
  BOOST_TEST(topics_of(*journal, "journal.") == "journal.patient_forgotten journal.keys_rotated ");
  BOOST_TEST(journal->rebuild_and_compare()->first_difference.value_or("") == "");
  journal.reset();
  BOOST_TEST(faults_in(folder.data()) == 0u); // the chain is over ciphertext: it holds
}

BOOST_AUTO_TEST_CASE(a_patient_who_comes_again_after_being_forgotten_has_new_keys) {
  temporary_folder folder;
  leave_two(folder.data());
  BOOST_REQUIRE(forget(folder.data(), {numbered(1)}));
  {
    const auto journal = open_journal(folder.data());
    append(*journal,
           [] {
             messages::draft draft;
             draft.events.push_back(messages::make_draft(messages::reference_number_registered{
                 numbered(50), numbered(1), messages::personal{std::string{"A-7"}}}));
             return draft;
           }())
        .value();
  }
  const auto journal = open_journal(folder.data());
  const auto page = journal->read(1, 1, {"eligibility.reference_number_registered"});
  const auto event = messages::decode_event(page->events.at(0).envelope);
  BOOST_TEST(messages::body_as<messages::reference_number_registered>(*event)->number.reveal() == "A-7");
  BOOST_TEST(name_read_by(*journal, numbered(1)) == "(forgotten)");
}

BOOST_AUTO_TEST_CASE(a_backup_from_before_opens_with_the_new_keys_for_everybody_else) {
  temporary_folder folder;
  leave_two(folder.data());
  const auto backup = folder.path / "backup";
  copy_folder(folder.data(), backup);
  BOOST_REQUIRE(forget(folder.data(), {numbered(1)}));
  auto options = quiet_options(folder.data());
  options.folder = backup;
  options.read_only = true;
  BOOST_TEST(name_read_by(*open_journal(options), numbered(1)) == "(forgotten)");
  BOOST_TEST(name_read_by(*open_journal(options), numbered(2)) == "太郎");
  options.read_only = false; // restored: it takes the new wrappings over, and says what it found
  options.folder = folder.path / "restored";
  BOOST_REQUIRE(storage::restore_copy(backup, options.folder, 2).has_value());
  {
    const auto journal = open_journal(options);
    BOOST_TEST(name_read_by(*journal, numbered(1)) == "(forgotten)");
    BOOST_TEST(name_read_by(*journal, numbered(2)) == "太郎");
    BOOST_TEST(topics_of(*journal, "journal.") == "journal.patient_forgotten journal.keys_rotated ");
  }
  BOOST_TEST(name_read_by(*open_journal(options), numbered(2)) == "太郎");
}

BOOST_AUTO_TEST_CASE(no_key_that_remains_unwraps_the_key_of_a_forgotten_patient_from_an_older_copy) {
  temporary_folder folder;
  leave_two(folder.data());
  const auto backup = folder.path / "backup";
  copy_folder(folder.data(), backup);
  const auto escrow = folder.path / "escrow";
  BOOST_REQUIRE(storage::add_escrow(keys_of(folder.data()), escrow).has_value());
  BOOST_TEST(fs::exists(escrow / "kek-1"));
  BOOST_REQUIRE(forget(folder.data(), {numbered(1)}));
  BOOST_TEST(!fs::exists(escrow / "kek-1"));
  BOOST_TEST(fs::exists(escrow / "kek-2"));
  // The raw rows of the copy, tried with every key-encryption key that is left anywhere.
  const auto database =
      storage::store::open({backup, storage::table_names(all_views()), true, 32u << 20, 0, nullptr}).value();
  std::size_t wrapped = 0, opened = 0;
  for (const auto& keys : {keys_of(folder.data()).folder, escrow}) {
    const auto kek = storage::read_key_folder({keys, {}}).value();
    const auto seen = database->scan(storage::keys_table, {}, [&](std::string_view key, std::string_view bytes) {
      const auto record = storage::decode_key_record(bytes).value();
      ++wrapped;
      std::uint64_t id = 0;
      for (const char c : key)
        id = id << 8 | static_cast<std::uint8_t>(c);
      opened += storage::unwrap(kek, id, record).has_value();
      return true;
    });
    BOOST_REQUIRE(seen.has_value());
  }
  BOOST_TEST(wrapped == 2 * 6u); // the journal's two, and record and proof of two patients
  BOOST_TEST(opened == 0u);
}

BOOST_AUTO_TEST_CASE(an_escrow_copy_that_cannot_be_reached_stops_forgetting_before_anything_is_done) {
  temporary_folder folder;
  leave_two(folder.data());
  const auto escrow = folder.path / "escrow";
  BOOST_REQUIRE(storage::add_escrow(keys_of(folder.data()), escrow).has_value());
  fs::rename(escrow, folder.path / "in the safe");
  BOOST_TEST((forget(folder.data(), {numbered(1)}).error().code == error_code::no_escrow));
  fs::rename(folder.path / "in the safe", escrow);
  BOOST_TEST(name_read_by(*open_journal(folder.data()), numbered(1)) == "花子");
}

BOOST_AUTO_TEST_CASE(a_patient_about_whom_something_is_still_owed_is_not_forgotten_yet) {
  temporary_folder folder;
  tell_of(*open_journal(folder.data()), numbered(1), "花子");
  const auto refused = forget(folder.data(), {numbered(1)});
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == error_code::still_needed));
  BOOST_TEST(name_read_by(*open_journal(folder.data()), numbered(1)) == "花子");
}

BOOST_AUTO_TEST_CASE(looking_changes_nothing) {
  temporary_folder folder;
  leave_two(folder.data());
  storage::rotation what;
  what.forget = {numbered(1)};
  what.only_look = true;
  const auto plan = storage::journal::rotate(quiet_options(folder.data()), all_views(), what);
  BOOST_REQUIRE(plan.has_value());
  BOOST_TEST(plan->destroyed == 2u);
  BOOST_TEST(plan->entries == 2u);
  BOOST_TEST(name_read_by(*open_journal(folder.data()), numbered(1)) == "花子");
  BOOST_TEST(fs::exists(keys_of(folder.data()).folder / "kek-1"));
}

BOOST_AUTO_TEST_CASE(what_was_kept_long_enough_is_forgotten_by_kind) {
  temporary_folder folder;
  leave_two(folder.data());
  auto later = quiet_options(folder.data());
  later.now_ms = [] { return 1'700'000'000'000 + std::uint64_t{100} * 24 * 3600 * 1000; };
  storage::rotation what;
  what.expire = storage::retention{};
  auto done = storage::journal::rotate(later, all_views(), what);
  BOOST_REQUIRE(done.has_value());
  BOOST_TEST(done->destroyed == 2u); // the proofs: 35 days; the records stay five years
  {
    const auto journal = open_journal(later);
    BOOST_TEST(name_read_by(*journal, numbered(1)) == "花子");
    const auto page = journal->read(1, 1, {"checkin.identity_proven"});
    const auto proven =
        messages::body_as<messages::identity_proven>(*messages::decode_event(page->events.at(0).envelope));
    BOOST_TEST((proven->certificate.seen() == messages::visibility::forgotten));
    const auto told = topics_of(*journal, "journal.records_expired");
    BOOST_TEST(told == "journal.records_expired ");
  }
  later.now_ms = [] { return 1'700'000'000'000 + std::uint64_t{6 * 366} * 24 * 3600 * 1000; };
  done = storage::journal::rotate(later, all_views(), what);
  BOOST_REQUIRE(done.has_value());
  const auto journal = open_journal(later);
  BOOST_TEST(name_read_by(*journal, numbered(1)) == "(forgotten)");
  BOOST_TEST(journal->rebuild_and_compare()->first_difference.value_or("") == "");
}

BOOST_AUTO_TEST_CASE(child_forgets_until_a_step_kills_it, *boost::unit_test::disabled()) {
  auto options = quiet_options(environment("UKETSUKE_TEST_FOLDER"));
  options.test.on_step = [](std::string_view step) {
    if (step == environment("UKETSUKE_TEST_STEP")) ::kill(::getpid(), SIGKILL);
  };
  storage::rotation what;
  what.forget = {numbered(1)};
  const auto done = storage::journal::rotate(options, all_views(), what);
  ::_exit(done ? 0 : 1);
}

BOOST_AUTO_TEST_CASE(a_killed_forgetting_is_finished_by_the_next_opening_and_loses_nobody_else) {
  for (const auto* step : {"prepared", "rotated", "destroyed"}) {
    temporary_folder folder;
    leave_two(folder.data());
    const int status = run_child("forgetting/child_forgets_until_a_step_kills_it",
                                 {{"UKETSUKE_TEST_FOLDER", folder.data().string()}, {"UKETSUKE_TEST_STEP", step}});
    BOOST_REQUIRE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    BOOST_TEST_CONTEXT("killed at " << step) {
      {
        const auto journal = open_journal(folder.data());
        BOOST_TEST(name_read_by(*journal, numbered(1)) == "(forgotten)");
        BOOST_TEST(name_read_by(*journal, numbered(2)) == "太郎");
        BOOST_TEST(topics_of(*journal, "journal.") == "journal.patient_forgotten journal.keys_rotated ");
      }
      BOOST_TEST(!fs::exists(keys_of(folder.data()).folder / "kek-1"));
      BOOST_TEST(faults_in(folder.data()) == 0u);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
