// Waiting for the end: SIGINT or SIGTERM, or something inside the process that cannot go on.
#pragma once

#include "messages/error.hpp"

#include <optional>

namespace tools {

/// Blocks SIGINT and SIGTERM in this thread and those it starts later: call it first thing.
class stop_signal {
public:
  stop_signal();
  ~stop_signal();
  /// From any thread: wait() returns @p why.
  void fail(const messages::error& why);
  /// Until a signal came (nothing) or fail() was called.
  std::optional<messages::error> wait();

private:
  struct parts;
  parts* parts_;
};

} // namespace tools
