// The wire contract for other programs: an AsyncAPI document (2.6.0, JSON) made from the registry, so that it cannot
// differ from what is sent.
#pragma once

#include "messages/value.hpp"

namespace tools {

/// Channels are topics: events to subscribe to, commands to publish with their replies (`x-reply`).
messages::value asyncapi();

} // namespace tools
