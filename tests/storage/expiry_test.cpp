// Claims about housekeeping while the journal runs: nobody waits for a restart, nobody else loses anything.
#include "tests/test.hpp"

#include "tests/storage/support.hpp"
#include "tests/storage/support_sealing.hpp"

#include "storage/audit.hpp"
#include "storage/backup.hpp"
#include "storage/rotation.hpp"

#include <atomic>
#include <csignal>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace storage_test;
using messages::error_code;

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t day_ms = 24u * 3600 * 1000, begin_ms = 1'700'000'000'000;

/// A journal whose clock is turned by the test.
struct running_journal {
  temporary_folder folder;
  std::shared_ptr<std::atomic<std::uint64_t>> now = std::make_shared<std::atomic<std::uint64_t>>(begin_ms);
  std::unique_ptr<storage::journal> journal = open_journal(options());

  storage::journal_options options() const {
    auto made = quiet_options(folder.data());
    made.now_ms = [clock = now] { return clock->load(); };
    return made;
  }
  void reopen() {
    journal.reset();
    journal = open_journal(options());
  }
  fs::path keys() const { return keys_of(folder.data()).folder; }
  bool proof_is_readable(const messages::id& patient) const {
    const auto page = journal->read(1, 1000, {"checkin.identity_proven"}).value();
    for (const auto& entry : page.events) {
      const auto proven = messages::body_as<messages::identity_proven>(*messages::decode_event(entry.envelope));
      if (proven && proven->patient == patient) return proven->certificate.seen() == messages::visibility::clear;
    }
    return false;
  }
  std::string told() const {
    std::string topics;
    const auto page = journal->read(1, 1000, {"journal.records_expired", "journal.keys_rotated"}).value();
    for (const auto& entry : page.events)
      topics += entry.topic + " ";
    return topics;
  }
};

std::uint64_t faults_in(const running_journal& of) {
  const auto report = storage::audit(of.options(), all_views());
  if (!report) BOOST_FAIL(messages::to_sentence(report.error()));
  return report->faults;
}

} // namespace

BOOST_AUTO_TEST_SUITE(expiry)

BOOST_FIXTURE_TEST_CASE(a_running_journal_forgets_what_is_kept_no_longer_and_tells_it, running_journal) {
  tell_settled(*journal, numbered(1), "花子");
  BOOST_TEST(journal->expire({}).value().destroyed == 0u);
  BOOST_TEST(told() == ""); // nothing due, nothing written
  *now += 100 * day_ms;
  tell_settled(*journal, numbered(2), "太郎");
  std::vector<std::string> heard;
  journal->on_committed([&](const std::shared_ptr<const storage::committed>& c) {
    for (const auto& event : c->events)
      heard.push_back(event.topic);
  });
  const auto done = journal->expire({});
  BOOST_REQUIRE_MESSAGE(done, (done ? "" : messages::to_sentence(done.error())));
  BOOST_TEST(done->destroyed == 1u); // the proof: 35 days; the record stays five years
  BOOST_TEST(done->generation == 2u);
  append(*journal, {}).value(); // the listener has run
  BOOST_TEST(heard == (std::vector<std::string>{"journal.records_expired", "journal.keys_rotated"}),
             boost::test_tools::per_element());
  BOOST_TEST(!proof_is_readable(numbered(1)));
  BOOST_TEST(proof_is_readable(numbered(2)));
  BOOST_TEST(name_read_by(*journal, numbered(1)) == "花子");
  BOOST_TEST(!fs::exists(keys() / "kek-1"));
  tell_settled(*journal, numbered(1), "花子"); // she comes again
  BOOST_TEST(journal->rebuild_and_compare()->first_difference.value_or("") == "");
  reopen();
  BOOST_TEST(name_read_by(*journal, numbered(1)) == "花子");
  BOOST_TEST(proof_is_readable(numbered(2)));
  BOOST_TEST(told() == "journal.records_expired journal.keys_rotated ");
  journal.reset();
  BOOST_TEST(faults_in(*this) == 0u);
}

BOOST_FIXTURE_TEST_CASE(patients_who_come_while_keys_change_hands_are_all_read_afterwards, running_journal) {
  for (std::uint64_t n = 1; n <= 40; ++n)
    tell_settled(*journal, numbered(n), "old");
  *now += 100 * day_ms;
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> round{0}, come{0}, unreadable{0};
  const auto patient = [](std::uint64_t n) { return messages::make_id(begin_ms, 100'000 + n * 256, 7); };
  std::thread patients([&] {
    while (!over) {
      if (come < (round + 1) * 40) {
        tell_settled(*journal, patient(come), "new " + std::to_string(come));
        ++come;
      } else
        std::this_thread::yield();
    }
  });
  std::thread reader([&] {
    while (!over)
      unreadable += journal->read(1, 100, {"eligibility.answered"}) ? 0 : 1;
  });
  for (; round < 5; ++round) {
    while (come < round * 40 + 10) // they go on coming
      std::this_thread::yield();
    const auto done = journal->expire({});
    BOOST_REQUIRE_MESSAGE(done, (done ? "" : messages::to_sentence(done.error())));
    BOOST_TEST(done->destroyed > 0u);
    *now += 70 * day_ms; // what came since is proven no longer the next time
  }
  over = true;
  patients.join();
  reader.join();
  BOOST_TEST(unreadable == 0u);
  for (int life = 0; life < 2; ++life, reopen()) {
    for (std::uint64_t n = 0; n < come; ++n)
      BOOST_TEST(name_read_by(*journal, patient(n)) == "new " + std::to_string(n));
    BOOST_TEST(name_read_by(*journal, numbered(40)) == "old");
    BOOST_TEST(journal->rebuild_and_compare()->first_difference.value_or("") == "");
  }
  journal.reset();
  BOOST_TEST(faults_in(*this) == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_backup_from_before_is_read_afterwards_but_for_what_was_let_go, running_journal) {
  tell_settled(*journal, numbered(1), "花子");
  const auto copy = folder.path / "copy";
  BOOST_REQUIRE(journal->copy_into(copy).has_value());
  *now += 100 * day_ms;
  BOOST_REQUIRE(journal->expire({}).value().destroyed == 1u);
  auto restored = options();
  restored.folder = folder.path / "restored";
  BOOST_REQUIRE(storage::restore_copy(copy, restored.folder, 5).has_value());
  const auto back = open_journal(restored);
  BOOST_TEST(name_read_by(*back, numbered(1)) == "花子");
  const auto page = back->read(1, 1, {"checkin.identity_proven"}).value();
  const auto proven = messages::body_as<messages::identity_proven>(*messages::decode_event(page.events[0].envelope));
  BOOST_TEST((proven->certificate.seen() == messages::visibility::forgotten));
}

BOOST_FIXTURE_TEST_CASE(an_escrow_copy_out_of_reach_puts_it_off_and_the_journal_goes_on, running_journal) {
  const auto escrow = folder.path / "escrow";
  BOOST_REQUIRE(storage::add_escrow(keys_of(folder.data()), escrow).has_value());
  tell_settled(*journal, numbered(1), "花子");
  *now += 100 * day_ms;
  fs::rename(escrow, folder.path / "in the safe");
  BOOST_TEST((journal->expire({}).error().code == error_code::no_escrow));
  BOOST_TEST(proof_is_readable(numbered(1)));
  append(*journal, events_of("desk.opened")).value();
  fs::rename(folder.path / "in the safe", escrow);
  BOOST_TEST(journal->expire({}).value().destroyed == 1u);
  BOOST_TEST(!proof_is_readable(numbered(1)));
  BOOST_TEST(!fs::exists(escrow / "kek-1"));
  BOOST_TEST(fs::exists(escrow / "kek-2"));
}

BOOST_AUTO_TEST_CASE(child_expires_until_a_step_kills_it, *boost::unit_test::disabled()) {
  auto options = quiet_options(environment("UKETSUKE_TEST_FOLDER"));
  options.now_ms = [] { return begin_ms + 100 * day_ms; };
  options.test.on_step = [](std::string_view step) {
    if (step == environment("UKETSUKE_TEST_STEP")) ::kill(::getpid(), SIGKILL);
  };
  const auto journal = open_journal(options);
  const auto done = journal->expire({});
  ::_exit(done ? 0 : 1);
}

BOOST_AUTO_TEST_CASE(a_hub_killed_while_keys_change_hands_finishes_it_at_its_next_opening) {
  for (const auto* step : {"prepared", "rotated"}) {
    running_journal of;
    tell_settled(*of.journal, numbered(1), "花子");
    of.journal.reset();
    const int status = run_child("expiry/child_expires_until_a_step_kills_it",
                                 {{"UKETSUKE_TEST_FOLDER", of.folder.data().string()}, {"UKETSUKE_TEST_STEP", step}});
    BOOST_REQUIRE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    *of.now += 100 * day_ms;
    BOOST_TEST_CONTEXT("killed at " << step) {
      of.reopen();
      BOOST_TEST(!of.proof_is_readable(numbered(1)));
      BOOST_TEST(name_read_by(*of.journal, numbered(1)) == "花子");
      BOOST_TEST(!fs::exists(of.keys() / "kek-1"));
      of.journal.reset();
      BOOST_TEST(faults_in(of) == 0u);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
