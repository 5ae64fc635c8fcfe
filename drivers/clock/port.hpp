// Time and chance, so that nothing else asks the machine for them: a whole clinic runs in a seed.
#pragma once

#include "messages/id.hpp"

#include <cstdint>
#include <memory>

namespace drivers::clock {

/// Thread-safe.
class clock {
public:
  virtual ~clock() = default;
  /// Milliseconds since 1970, UTC: what is written down. May jump when the host's clock is set.
  virtual std::uint64_t utc_ms() const = 0;
  /// Milliseconds that never go backwards: what deadlines are counted in.
  virtual std::uint64_t steady_ms() const = 0;
};

/// Thread-safe.
class chance {
public:
  virtual ~chance() = default;
  virtual std::uint64_t draw() = 0;
};

/// The host's clock; the operating system's randomness.
std::shared_ptr<clock> system_clock();
std::shared_ptr<chance> system_chance();

/// Simulated: the same numbers for the same seed. Streams of one seed with other names are independent of each other.
std::shared_ptr<chance> seeded_chance(std::uint64_t seed, const char* stream);

/// Simulated: stands still until it is moved.
class standing_clock : public clock {
public:
  explicit standing_clock(std::uint64_t utc_ms);
  ~standing_clock() override;
  std::uint64_t utc_ms() const override;
  std::uint64_t steady_ms() const override;
  void advance(std::uint64_t by_ms);

private:
  struct state;
  std::unique_ptr<state> state_;
};

/// A fresh id from a clock and chance.
messages::id fresh_id(const clock& when, chance& draws);

} // namespace drivers::clock
