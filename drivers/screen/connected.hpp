// What the pages' server needs of each connection, whatever its stream is. The server's thread only.
#pragma once

#include "drivers/screen/house_rules.hpp"

#include <memory>
#include <string>

namespace drivers::screen {

/// A page that is open: what the server needs of it, whatever its stream is.
class live_page {
public:
  virtual ~live_page() = default;
  virtual void send(std::shared_ptr<const std::string> line) = 0;
  virtual void close() = 0;
  virtual const visitor& who() const = 0;
};

/// A request that waits for account administration.
class waiting_entry {
public:
  virtual ~waiting_entry() = default;
  virtual void answered(const answer& said) = 0;
};

/// Anything connected: closed when the server ends.
class connected {
public:
  virtual ~connected() = default;
  virtual void close_now() = 0;
};

} // namespace drivers::screen
