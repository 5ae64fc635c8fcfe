// Reads /proc/stat (proc(5)) twice.
#include "tools/bench/idle.hpp"

#include "messages/error.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <ostream>
#include <string>
#include <thread>

namespace tools {

namespace {

struct ticks {
  std::uint64_t idle = 0, all = 0;
};

ticks read_ticks() {
  std::ifstream in{"/proc/stat"};
  std::string word;
  in >> word;
  ticks now;
  std::array<std::uint64_t, 8> of{}; // user nice system idle iowait irq softirq steal
  for (std::size_t i = 0; i < of.size() && in >> of[i]; ++i) {
    now.all += of[i];
    if (i == 3 || i == 4) now.idle += of[i];
  }
  return now;
}

} // namespace

double busy_share() {
  const auto before = read_ticks();
  std::this_thread::sleep_for(std::chrono::milliseconds{500});
  const auto after = read_ticks();
  const auto all = after.all - before.all;
  return all == 0 ? 0 : 1 - static_cast<double>(after.idle - before.idle) / static_cast<double>(all);
}

messages::result<void> check_idle(const std::string& bench, bool even_if_busy, bool json, std::ostream& out) {
  const auto share = busy_share();
  if (share <= busy_share_max) return {};
  if (!even_if_busy) return messages::failure(messages::error_code::busy, bench + ": this machine");
  out << (json ? "{\"busy_share\":" : "NOT TO BE JUDGED: others use the processors, share ") << share
      << (json ? "}\n" : "\n");
  return {};
}

} // namespace tools
