// The view's rows for the pure part.
#include "actors/batch_scheduler/actor_standing.hpp"

#include "actors/batch_scheduler/standing.hpp"
#include "storage/load.hpp"
#include "storage/views/batches.hpp"

namespace batch_scheduler {

using namespace messages;

namespace {

constexpr std::size_t rows_max = 10'000;

/// When the journal began; now, when it has not.
std::uint64_t begun_ms(const storage::journal& from, std::uint64_t now_ms) {
  const auto first = from.read(1, 1);
  if (!first || first->events.empty()) return now_ms;
  const auto event = decode_event(first->events.front().envelope);
  return event ? event->time_ms : now_ms;
}

} // namespace

void tell_standing(const storage::journal& from, const options* how, std::uint64_t now_ms, monitor_status& into) {
  const auto batches = storage::load_rows<batch_status>(from, "batches", storage::batch_prefix, rows_max);
  const auto kept = storage::load_rows<storage::run_kept>(from, "batches", storage::run_prefix, rows_max);
  if (!batches || !kept) return;
  std::map<std::string, std::string> runs;
  for (const auto& run : *kept)
    runs[run.schedule] = run.night;
  static const options nobody_by_itself;
  const auto all = standing_of(*batches, runs, how ? *how : nobody_by_itself, begun_ms(from, now_ms), now_ms);
  into.batches_open = all.open;
  into.batches_doubtful = all.doubtful;
  into.batches_saved = all.saved;
  into.oldest_batch_ms = all.oldest_ms;
  into.schedules_missed = all.missed;
}

} // namespace batch_scheduler
