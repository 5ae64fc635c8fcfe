// What is counted of events: how long steps take, how they end, what the readers and the line say. Pure; no name of a
// person, a desk's patient or a document is in any of it.
#pragma once

#include "messages/registry.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

namespace monitor {

/// How often something took at most so long.
struct duration_figures {
  /// Seconds; the last bucket has no end.
  static constexpr std::array<double, 13> bounds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600};
  std::array<std::uint64_t, bounds.size() + 1> counts{};
  double sum = 0;
  void add(std::uint64_t ms);
};

/// Folds events in, in index order, each once. One thread.
class figures {
public:
  void apply(const messages::event_envelope& event, std::uint64_t now_ms);

  /// By topic.
  const std::map<std::string, std::uint64_t>& events() const { return events_; }
  /// Of a check-in, by step: choose, verify_pin, consent, ask, whole.
  const std::map<std::string, duration_figures>& steps() const { return steps_; }
  /// Check-ins by how they ended; questions and PIN attempts by outcome.
  const std::map<std::string, std::uint64_t>& endings() const { return endings_; }
  const std::map<std::string, std::uint64_t>& questions() const { return questions_; }
  const std::map<std::string, std::uint64_t>& pin_attempts() const { return pin_attempts_; }
  /// Cards by the tries they had left when they were placed; "unknown" where it could not be read.
  const std::map<std::string, std::uint64_t>& tries_left() const { return tries_left_; }
  /// By desk: can its reader be worked with?
  const std::map<std::string, bool>& readers() const { return readers_; }
  /// Persons of batches, by how far they came: planned, asked, answered, refused, missing, doubtful, late (the answer
  /// to a doubtful upload came after all), failed.
  const std::map<std::string, std::uint64_t>& batch_rows() const { return batch_rows_; }
  /// From an event's time to when it was read from the bus: how far the journal's readers are behind.
  const duration_figures& delivery() const { return delivery_; }
  std::uint64_t last_index() const { return last_index_; }
  std::uint64_t line_losses() const { return line_losses_; }
  std::uint64_t restarts() const { return restarts_; }
  std::uint64_t staff_calls() const { return staff_calls_; }

private:
  /// What a check-in is waiting in, and since when.
  struct open_checkin {
    std::map<std::string, std::uint64_t> since_ms;
  };
  void begin(const messages::event_envelope& event, const char* step);
  void end(const messages::event_envelope& event, const char* step);
  void fold_checkin(const messages::event_envelope& event);
  void fold_rest(const messages::event_envelope& event);
  void fold_batch(const messages::event_envelope& event);
  void note_asked(const messages::id& batch);

  static constexpr std::size_t open_max = 10'000; ///< check-ins; those beyond are counted and not timed
  std::unordered_map<messages::id, open_checkin> open_;
  struct open_batch {
    std::uint64_t rows = 0;
    bool singly = false, asked = false, doubted = false;
  };
  std::unordered_map<messages::id, open_batch> batches_; ///< those that were planned while somebody counted
  std::map<std::string, std::uint64_t> batch_rows_{{"planned", 0}, {"asked", 0},    {"answered", 0}, {"refused", 0},
                                                   {"missing", 0}, {"doubtful", 0}, {"late", 0},     {"failed", 0}};
  std::map<std::string, std::uint64_t> events_, endings_, questions_, pin_attempts_, tries_left_;
  std::map<std::string, duration_figures> steps_;
  std::map<std::string, bool> readers_;
  duration_figures delivery_;
  std::uint64_t last_index_ = 0, line_losses_ = 0, restarts_ = 0, staff_calls_ = 0;
};

} // namespace monitor
