// Claims about what comes round while a hub runs: housekeeping and backups, at their time, told in the journal.
#include "tests/test.hpp"

#include "messages/registry.hpp"
#include "tools/backups.hpp"
#include "tools/expiry.hpp"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>
#include <unistd.h>

using namespace tools;
using messages::error_code;
using messages::failure;

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t hour_ms = 3'600'000, day_ms = 24 * hour_ms;
/// 2026-11-22 00:00 in Japan.
constexpr std::uint64_t midnight_ms = 1'795'273'200'000;
constexpr std::chrono::milliseconds often{1};

/// A hub's wall clock and what its journal was told, both seen from two threads.
struct hub {
  std::atomic<std::uint64_t> now{midnight_ms + 9 * hour_ms};
  std::mutex mutex;
  std::vector<messages::event_draft> told;

  std::function<std::uint64_t()> clock() {
    return [this] { return now.load(); };
  }
  std::function<void(messages::event_draft)> teller() {
    return [this](messages::event_draft what) {
      const std::lock_guard lock(mutex);
      told.push_back(std::move(what));
    };
  }
  std::string topics() {
    const std::lock_guard lock(mutex);
    std::string all;
    for (const auto& event : told)
      all += event.topic + " ";
    return all;
  }
};

bool soon(const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (!holds() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  return holds();
}

} // namespace

BOOST_AUTO_TEST_CASE(an_hour_of_the_day_is_counted_in_japan_and_comes_once_a_day) {
  BOOST_TEST(next_hour_ms(3, midnight_ms) == midnight_ms + 3 * hour_ms);
  BOOST_TEST(next_hour_ms(3, midnight_ms + 3 * hour_ms - 1) == midnight_ms + 3 * hour_ms);
  BOOST_TEST(next_hour_ms(3, midnight_ms + 3 * hour_ms) == midnight_ms + day_ms + 3 * hour_ms);
  BOOST_TEST(next_hour_ms(0, midnight_ms - 1) == midnight_ms);
  BOOST_TEST(next_hour_ms(23, midnight_ms + 12 * hour_ms) == midnight_ms + 23 * hour_ms);
}

BOOST_AUTO_TEST_CASE(a_hub_that_runs_for_months_expires_once_a_night_and_not_while_patients_come) {
  hub of;
  std::atomic<int> done{0};
  scheduled_expiry nightly(
      3,
      [&]() -> messages::result<std::uint64_t> {
        ++done;
        return std::uint64_t{7};
      },
      of.teller(), of.clock(), often);
  std::this_thread::sleep_for(std::chrono::milliseconds{50}); // 9 o'clock: the first patients
  BOOST_TEST(done == 0);
  for (int night = 1; night <= 60; ++night) {
    of.now = midnight_ms + static_cast<std::uint64_t>(night) * day_ms + 3 * hour_ms;
    BOOST_TEST(soon([&] { return done == night; }));
    of.now += 6 * hour_ms;
  }
  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  BOOST_TEST(done == 60);
  BOOST_TEST(of.topics() == ""); // what was destroyed the journal tells itself
}

BOOST_AUTO_TEST_CASE(housekeeping_that_cannot_be_done_is_told_once_and_tried_again) {
  hub of;
  std::atomic<int> tried{0};
  std::atomic<bool> reachable{false};
  scheduled_expiry nightly(
      3,
      [&]() -> messages::result<std::uint64_t> {
        ++tried;
        if (!reachable) return failure(error_code::no_escrow, "/media/safe");
        return std::uint64_t{1};
      },
      of.teller(), of.clock(), often);
  of.now = midnight_ms + day_ms + 3 * hour_ms;
  for (int n = 1; n <= 3; ++n) {
    BOOST_TEST(soon([&] { return tried == n; }));
    of.now += schedule_retry_ms;
  }
  reachable = true;
  of.now += schedule_retry_ms;
  BOOST_TEST(soon([&] { return tried >= 4; }));
  BOOST_TEST(of.topics() == "journal.expiry_put_off ");
  const auto body = messages::decode_body<messages::expiry_put_off>(of.told.at(0).body, of.told.at(0).v);
  BOOST_REQUIRE(body.has_value());
  BOOST_TEST(body->error == "no_escrow");
  BOOST_TEST(body->args.at(0) == "/media/safe");
}

BOOST_AUTO_TEST_CASE(a_backup_that_fails_is_told_once_until_one_is_made) {
  std::string folder = (fs::temp_directory_path() / "uketsuke-schedule-XXXXXX").string();
  BOOST_REQUIRE(::mkdtemp(folder.data()) != nullptr);
  const fs::path home = folder;
  fs::create_directories(home / "keys");
  hub of;
  std::atomic<int> tried{0};
  std::atomic<bool> works{false};
  const auto copier = [&](const fs::path& copy) -> messages::result<storage::backup_source> {
    ++tried;
    if (!works) return failure(error_code::disk_full, copy.string(), "No space left on device");
    fs::create_directories(copy);
    std::ofstream(copy / "CURRENT") << "MANIFEST-000001\n";
    return storage::backup_source{copy, 12, 1};
  };
  {
    scheduled_backups backups({home / "data", home / "keys", home / "to", 0}, hour_ms, copier, of.teller(), of.clock(),
                              often);
    for (int n = 1; n <= 3; ++n) {
      BOOST_TEST(soon([&] { return tried == n; }));
      of.now += schedule_retry_ms;
    }
    works = true;
    of.now += schedule_retry_ms;
    BOOST_TEST(soon([&] { return of.topics() == "journal.backup_failed journal.backup_made "; }), of.topics());
    works = false;
    of.now += hour_ms;
    BOOST_TEST(soon([&] { return of.topics().ends_with("journal.backup_failed "); }), of.topics());
  }
  const auto made = messages::decode_body<messages::backup_made>(of.told.at(1).body, of.told.at(1).v);
  BOOST_REQUIRE(made.has_value());
  BOOST_TEST(made->index == 12u);
  BOOST_TEST(made->number == 1u);
  BOOST_TEST(made->files == 1u);
  fs::remove_all(home);
}
