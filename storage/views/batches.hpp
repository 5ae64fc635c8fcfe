// The view `batches`: requests for many persons and how they stand, who is in them, which planned times have come, and
// the changes of the morning list.
#pragma once

#include "messages/registry.hpp"
#include "storage/view.hpp"
#include "storage/views/typed_rows.hpp"

namespace storage {

inline constexpr std::string_view batch_prefix = "b";   ///< and the batch's id: messages::batch_status
inline constexpr std::string_view planned_prefix = "q"; ///< batch's id, number of the first row: planned_rows
inline constexpr std::string_view change_prefix = "c";  ///< and the change's id: change_kept
inline constexpr std::string_view run_prefix = "s";     ///< and the schedule's name: run_kept
/// What is over is kept this long: batches, and changes that were accepted. Open and deferred ones stay.
inline constexpr std::uint64_t ended_batch_kept_ms = 14u * 24 * 3600 * 1000;
std::string planned_key(const messages::id& batch);

struct planned_rows {
  messages::id batch;
  std::uint64_t first = 0;
  std::vector<messages::planned_row> rows;
  UKETSUKE_FIELDS(planned_rows, batch, first, rows)
};
struct change_kept {
  messages::id change, patient, batch;
  messages::change_kind what{};
  messages::consent_end ended{};
  messages::change_decision how{};
  std::uint64_t noticed_ms = 0, decided_ms = 0;
  std::string decided_by; ///< account
  messages::personal<std::string> kept, came;
  UKETSUKE_FIELDS(change_kept, change, patient, batch, what, ended, how, noticed_ms, decided_ms, decided_by, kept, came)
};
struct run_kept {
  std::string schedule, night;
  UKETSUKE_FIELDS(run_kept, schedule, night)
};

/// Folds one event in. Pure.
void fold_batches(const folded_event& event, rows& into);

class batches final : public view {
public:
  std::string_view name() const override { return "batches"; }
  void apply(const folded_event& event, rows& into) const override { fold_batches(event, into); }
};

} // namespace storage
