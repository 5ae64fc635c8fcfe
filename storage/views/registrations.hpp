// The view `registrations`: every 照会番号 on its way, and how the last ones ended: registered, waiting, refused.
#pragma once

#include "messages/registry.hpp"
#include "storage/view.hpp"
#include "storage/views/typed_rows.hpp"

namespace storage {

/// What has ended is listed this long.
inline constexpr std::uint64_t ended_registration_kept_ms = 7u * 24 * 3600 * 1000;
inline constexpr std::string_view registration_prefix = "r"; ///< and the registration's id

/// Folds one event in. Pure. Rows are messages::registration_status.
void fold_registrations(const folded_event& event, rows& into);

class registrations final : public view {
public:
  std::string_view name() const override { return "registrations"; }
  void apply(const folded_event& event, rows& into) const override { fold_registrations(event, into); }
};

} // namespace storage
