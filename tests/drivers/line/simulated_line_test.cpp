// The simulated line under a scheduler: the same seed, the same order, every completion exactly once.
#include "tests/test.hpp"

#include "drivers/line/simulated_line.hpp"
#include "tests/drivers/line/support.hpp"

using namespace line_test;

namespace {

/// Virtual time: runs what is due, in order.
struct scheduler {
  std::uint64_t now = 0;
  std::multimap<std::uint64_t, std::function<void()>> due;
  void run_until(std::uint64_t time) {
    while (!due.empty() && due.begin()->first <= time) {
      auto first = due.extract(due.begin());
      now = first.key();
      first.mapped()();
    }
    now = time;
  }
};

struct scheduled {
  temporary_folder folder;
  centre_world world{folder};
  std::unique_ptr<centre> open = world.open();
  scheduler time;
  simulated_line port{
      {{institution, true},
       [this](std::uint64_t delay_ms, std::function<void()> f) { time.due.emplace(time.now + delay_ms, std::move(f)); },
       2},
      open.get()};
  std::vector<std::string> came;

  void ask() {
    port.ask(typed({"999901", "見本12", "3456", "02", "19840229"}), 1000,
             [this](messages::result<answer> r) { came.push_back(code_of(r) + " at " + std::to_string(time.now)); });
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(an_answer_comes_after_its_delay_and_silence_at_the_deadline) {
  scheduled s;
  s.port.behave({.answer_delay_ms = 300, .silent = false, .down_requests = 0});
  s.ask();
  s.time.run_until(299);
  BOOST_CHECK(s.came.empty());
  s.time.run_until(300);
  BOOST_REQUIRE_EQUAL(s.came.size(), 1u);
  BOOST_CHECK_EQUAL(s.came[0], "no error at 300");
  s.port.behave({.answer_delay_ms = 0, .silent = true, .down_requests = 0});
  s.ask();
  s.time.run_until(5000);
  BOOST_CHECK_EQUAL(s.came.at(1), "line_silent at 1300");
}

BOOST_AUTO_TEST_CASE(beyond_the_limit_the_line_is_busy_at_once) {
  scheduled s;
  s.port.behave({.answer_delay_ms = 10, .silent = false, .down_requests = 0});
  for (int n = 0; n < 3; ++n)
    s.ask();
  BOOST_REQUIRE_EQUAL(s.came.size(), 1u);
  BOOST_CHECK_EQUAL(s.came[0], "busy at 0");
  s.time.run_until(10);
  BOOST_CHECK_EQUAL(s.came.size(), 3u);
}

BOOST_AUTO_TEST_CASE(stopping_calls_what_is_pending_once_and_never_again) {
  scheduled s;
  s.port.behave({.answer_delay_ms = 10, .silent = false, .down_requests = 0});
  s.ask();
  s.port.stop();
  BOOST_REQUIRE_EQUAL(s.came.size(), 1u);
  BOOST_CHECK_EQUAL(s.came[0], "line_silent at 0");
  s.time.run_until(1000);
  BOOST_CHECK_EQUAL(s.came.size(), 1u);
}
