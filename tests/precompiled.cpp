// Has the precompiled header made: every other source of a test reuses it, and main.cpp cannot.
#include "tests/test.hpp"
