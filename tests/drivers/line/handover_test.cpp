// Files for receipt computers: each once, whenever the process dies, and a slow computer delays no other.
#include "tests/test.hpp"

#include "drivers/line/handover.hpp"

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

using namespace drivers::line;
using messages::bytes;
using messages::error_code;
using messages::personal;
using messages::result;
namespace fs = std::filesystem;

namespace {

class folder {
public:
  folder() {
    std::string name = (fs::temp_directory_path() / "uketsuke-handover-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(name.data()));
    path = name;
  }
  ~folder() { fs::remove_all(path); }
  /// What a receipt computer sees.
  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(path))
      if (entry.is_regular_file()) names.insert(entry.path().filename());
    return names;
  }
  fs::path path;
};

const bytes octets{'<', 'x', '/', '>'};

struct died {};

/// Completions of another thread, waited for.
class bell {
public:
  void ring() {
    const std::lock_guard lock{mutex_};
    ++rung_;
    changed_.notify_all();
  }
  bool wait_for(int times) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return rung_ >= times; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int rung_ = 0;
};

} // namespace

BOOST_AUTO_TEST_CASE(a_file_appears_whole_under_its_name_and_nothing_else_does) {
  const folder there;
  BOOST_REQUIRE(put_file_once(there.path, "a.xml", octets));
  BOOST_CHECK(there.files() == std::set<std::string>{"a.xml"});
  std::ifstream in{there.path / "a.xml"};
  BOOST_CHECK_EQUAL(std::string(std::istreambuf_iterator<char>{in}, {}), "<x/>");
}

BOOST_AUTO_TEST_CASE(wherever_the_process_dies_the_receipt_computer_gets_the_file_once) {
  for (const std::string death : {"made", "marked", "moved"})
    for (const bool taken : {false, true}) {
      BOOST_TEST_CONTEXT("death after " << death << ", " << (taken ? "taken at once" : "left there")) {
        const folder there;
        int seen = 0;
        const auto look = [&] {
          if (!fs::exists(there.path / "a.xml")) return;
          if (taken) {
            ++seen;
            fs::remove(there.path / "a.xml");
          } else
            seen = 1;
        };
        BOOST_CHECK_THROW(static_cast<void>(put_file_once(there.path, "a.xml", octets,
                                                          [&](const char* step) {
                                                            if (step == death) throw died{};
                                                          })),
                          died);
        look();
        for (int again = 0; again < 3; ++again) {
          BOOST_CHECK(put_file_once(there.path, "a.xml", octets));
          look();
        }
        BOOST_CHECK_EQUAL(seen, 1);
      }
    }
}

BOOST_AUTO_TEST_CASE(a_name_that_leaves_the_folder_is_refused_and_a_missing_folder_says_so) {
  const folder there;
  for (const std::string name : {"", "../a", "a/b", ".hidden"})
    BOOST_CHECK(put_file_once(there.path, name, octets).error().code == error_code::wrong_value);
  BOOST_CHECK(put_file_once(there.path / "gone", "a.xml", octets).error().code == error_code::write_failed);
}

BOOST_AUTO_TEST_CASE(other_programs_files_are_left_alone) {
  const folder there;
  std::ofstream{there.path / "theirs.xml"} << "theirs";
  BOOST_REQUIRE(put_file_once(there.path, "a.xml", octets));
  forget_put_file(there.path, "a.xml");
  BOOST_CHECK(fs::exists(there.path / "theirs.xml"));
  BOOST_CHECK(fs::is_empty(there.path / ".uketsuke"));
}

BOOST_AUTO_TEST_CASE(of_two_receipt_computers_one_slow_each_gets_each_file_once) {
  const folder fast, slow;
  auto all = receipt_computers::open({{"fast", fast.path}, {"slow", slow.path}});
  BOOST_REQUIRE(all);
  bell fast_done, slow_done, go_on;
  // Its thread hangs in the first look, as on a share that does not answer.
  (*all)->look("slow", "x", [&](bool) { go_on.wait_for(1); });
  for (int n = 0; n < 20; ++n) {
    const auto name = "file-" + std::to_string(n) + ".xml";
    (*all)->hand_over("fast", name, personal{octets}, [&](const result<void>& went) {
      if (went) fast_done.ring();
    });
    (*all)->hand_over("slow", name, personal{octets}, [&](const result<void>& went) {
      if (went) slow_done.ring();
    });
  }
  BOOST_REQUIRE(fast_done.wait_for(20));
  BOOST_CHECK(slow.files().empty());
  go_on.ring();
  BOOST_REQUIRE(slow_done.wait_for(20));
  BOOST_CHECK_EQUAL(fast.files().size(), 20u);
  BOOST_CHECK(slow.files() == fast.files());
}

BOOST_AUTO_TEST_CASE(a_taken_file_is_seen_as_taken_and_a_folder_that_is_away_as_not) {
  const folder there;
  auto all = receipt_computers::open({{"one", there.path}, {"away", there.path / "away"}});
  bell done;
  std::atomic<bool> still{false}, gone{true}, away{false};
  (*all)->hand_over("one", "a.xml", personal{octets}, [&](const result<void>&) { done.ring(); });
  (*all)->look("one", "a.xml", [&](bool there_still) {
    still = there_still;
    done.ring();
  });
  BOOST_REQUIRE(done.wait_for(2));
  fs::remove(there.path / "a.xml");
  (*all)->look("one", "a.xml", [&](bool there_still) {
    gone = !there_still;
    done.ring();
  });
  (*all)->look("away", "a.xml", [&](bool there_still) {
    away = there_still;
    done.ring();
  });
  BOOST_REQUIRE(done.wait_for(4));
  BOOST_CHECK(still);
  BOOST_CHECK(gone);
  BOOST_CHECK(away);
}

BOOST_AUTO_TEST_CASE(a_stopped_or_unknown_computer_answers_at_once) {
  const folder there;
  auto all = receipt_computers::open({{"one", there.path}});
  (*all)->stop();
  std::optional<error_code> why;
  const auto told = [&](const result<void>& went) { why = went.error().code; };
  (*all)->hand_over("one", "a.xml", personal{octets}, told);
  BOOST_CHECK(why == error_code::busy);
  (*all)->hand_over("two", "a.xml", personal{octets}, told);
  BOOST_CHECK(why == error_code::wrong_value);
  BOOST_CHECK(receipt_computers::open({{"one", there.path}, {"one", there.path}}).error().code ==
              error_code::wrong_value);
}
