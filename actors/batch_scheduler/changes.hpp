// What an answer says differently from the last one: the rows of the morning list. Pure.
#pragma once

#include "messages/last_answer.hpp"

#include <functional>
#include <vector>

namespace batch_scheduler {

inline constexpr int ending_days = 31; ///< a certificate that ends within so many days is told, once

/// Changes from @p before to @p came, which has none yet, in the order of change_kind. A first answer changes nothing,
/// except that consents are noticed where @p found_by_consent: they are what was asked for.
std::vector<messages::noticed_change> changes_between(const messages::last_answer& before,
                                                      const messages::batch_row_answered& came, bool found_by_consent,
                                                      const std::function<messages::id()>& make_id);

} // namespace batch_scheduler
