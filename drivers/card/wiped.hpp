// Octets that may hold a PIN, under the names this room uses.
#pragma once

#include "messages/wiped.hpp"

namespace drivers::card {

using messages::wipe;
using messages::wiped_bytes;
using messages::wiping_allocator;

} // namespace drivers::card
