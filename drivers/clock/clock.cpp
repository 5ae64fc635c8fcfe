// The host's clock and chance, and their simulated twins.
#include "drivers/clock/port.hpp"

#include <sys/random.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <random>
#include <string_view>

namespace drivers::clock {
namespace {

struct host_clock final : clock {
  std::uint64_t utc_ms() const override {
    using namespace std::chrono;
    return static_cast<std::uint64_t>(
        duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count());
  }
  std::uint64_t steady_ms() const override {
    using namespace std::chrono;
    return static_cast<std::uint64_t>(duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count());
  }
};

struct host_chance final : chance {
  std::uint64_t draw() override {
    std::uint64_t drawn = 0;
    while (::getrandom(&drawn, sizeof drawn, 0) != static_cast<ssize_t>(sizeof drawn)) {
    } // interrupted: again
    return drawn;
  }
};

struct seeded final : chance {
  explicit seeded(std::uint64_t seed) : engine(seed) {}
  std::uint64_t draw() override {
    const std::lock_guard lock{mutex};
    return engine();
  }
  std::mutex mutex;
  std::mt19937_64 engine; // the same on every platform
};

} // namespace

std::shared_ptr<clock> system_clock() { return std::make_shared<host_clock>(); }
std::shared_ptr<chance> system_chance() { return std::make_shared<host_chance>(); }

std::shared_ptr<chance> seeded_chance(std::uint64_t seed, const char* stream) {
  std::uint64_t hash = 0xcbf29ce484222325u; // FNV-1a: std::hash differs between libraries
  for (const char c : std::string_view{stream})
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return std::make_shared<seeded>(seed ^ hash);
}

struct standing_clock::state {
  std::uint64_t base = 0;
  std::atomic<std::uint64_t> moved{0};
};

standing_clock::standing_clock(std::uint64_t utc_ms) : state_(std::make_unique<state>()) { state_->base = utc_ms; }
standing_clock::~standing_clock() = default;
std::uint64_t standing_clock::utc_ms() const { return state_->base + state_->moved; }
std::uint64_t standing_clock::steady_ms() const { return state_->moved; }
void standing_clock::advance(std::uint64_t by_ms) { state_->moved += by_ms; }

messages::id fresh_id(const clock& when, chance& draws) {
  const auto low = draws.draw();
  return messages::make_id(when.utc_ms(), low, static_cast<std::uint16_t>(draws.draw()));
}

} // namespace drivers::clock
