// What `monitor.status` says of batches, read from the journal: the actor is not asked, so it may be busy or dead.
#pragma once

#include "messages/registry.hpp"

#include <cstdint>

namespace storage {
class journal;
}

namespace batch_scheduler {

struct options;

/// Fills in @p into; leaves it as it is where a row cannot be read. @p how: none where nobody is asked by itself.
/// Any thread; reads the rows of the last two weeks' batches.
void tell_standing(const storage::journal& from, const options* how, std::uint64_t now_ms,
                   messages::monitor_status& into);

} // namespace batch_scheduler
