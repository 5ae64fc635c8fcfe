// Chance from the kernel, as a cookie holds it.
#pragma once

#include <string>

namespace drivers::screen {

/// 256 bits in 64 hexadecimal digits: nobody guesses a session. Waits only while the host has just been started. Any
/// thread.
std::string fresh_token();

} // namespace drivers::screen
