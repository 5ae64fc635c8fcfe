// The benches of the bus run on any machine, say what they measured, and refuse to judge a busy one. Their figures are
// for the record: no test looks at how large they are.
#include "tests/test.hpp"

#include "tests/scenarios/support.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <sstream>
#include <thread>

using namespace scenarios;

namespace {

std::vector<nlohmann::json> lines_of(const std::string& text) {
  std::vector<nlohmann::json> all;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    all.push_back(nlohmann::json::parse(line));
  return all;
}

bool any_has(const std::vector<nlohmann::json>& lines, const char* key) {
  return std::ranges::any_of(lines, [&](const auto& l) { return l.value(key, 0.0) > 0; });
}

} // namespace

BOOST_AUTO_TEST_CASE(bench_bus_measures_every_bus_at_every_window_and_its_floors) {
  const auto ran = run({program().string(), "bench", "bus", "--even-if-busy", "--json", "--readers", "3", "--window",
                        "1,64", "--bytes", "256,2048", "--rounds", "1", "--seconds", "0.1"});
  BOOST_TEST_REQUIRE(ran.status == 0, ran.err);
  const auto lines = lines_of(ran.out);
  for (const auto* bus : {"plain", "curve"})
    for (const auto window : {1, 64})
      for (const auto bytes : {256, 2048})
        BOOST_TEST(std::ranges::count_if(lines, [&](const auto& l) {
          return l.value("bus", "") == bus && l.value("window", 0) == window && l.value("bytes", 0) == bytes &&
                 l.value("readers", 0) == 3 && l.value("rate", 0.0) > 0 && l.value("ack_us_p50", 0.0) > 0 &&
                 l.value("delivery_us_p99", 0.0) > 0;
        }) == 1, bus << ' ' << window << ' ' << bytes);
  for (const auto* figure : {"ack_of_floor", "hogs_p99", "replay_rate", "replay_of_live"})
    BOOST_TEST(any_has(lines, figure), figure);
  if (!std::filesystem::exists("/usr/bin/redis-server")) {
    BOOST_TEST_MESSAGE("skipped: no redis-server, no peer beside the bus");
    return;
  }
  BOOST_TEST(any_has(lines, "of_redis"));
}

BOOST_AUTO_TEST_CASE(bench_commands_measures_a_command_beside_bare_zeromq) {
  const auto ran =
      run({program().string(), "bench", "commands", "--even-if-busy", "--json", "--trips", "50", "--rounds", "1"});
  BOOST_TEST_REQUIRE(ran.status == 0, ran.err);
  const auto lines = lines_of(ran.out);
  for (const auto* way : {"tcp, CURVE", "tcp"})
    BOOST_TEST(std::ranges::count_if(lines, [&](const auto& l) {
      return l.value("way", "") == way && l.value("us_p50", 0.0) > 0 && l.value("bare_us_p50", 0.0) > 0;
    }) == 1, way);
}

BOOST_AUTO_TEST_CASE(a_bench_of_the_bus_refuses_to_judge_a_busy_machine) {
  std::atomic<bool> over{false};
  std::vector<std::thread> hogs;
  for (unsigned n = 0; n < std::thread::hardware_concurrency(); ++n)
    hogs.emplace_back([&] {
      while (!over) {
      }
    });
  const auto ran = run({program().string(), "bench", "commands"});
  over = true;
  for (auto& hog : hogs)
    hog.join();
  BOOST_TEST(ran.status == 1);
  BOOST_TEST(ran.err.find("busy") != std::string::npos, ran.err);
  BOOST_TEST(ran.out.empty());
}
