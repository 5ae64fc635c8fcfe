// The redacted form of an encoded event: what everybody may see. Inside drivers/bus only.
#pragma once

#include "drivers/bus/batch.hpp"

#include <string>

namespace bus {

/// An event this build cannot read keeps its index and topic and loses its body: what cannot be judged is not shown,
/// and a hole in the indexes would send every reader into replay for ever.
std::string redact(const item& i);

} // namespace bus
