// The life of the one ZeroMQ context.
#include "drivers/bus/context.hpp"

#include <zmq.h>

#include <cerrno>

namespace bus {

context::context() : handle_(zmq_ctx_new()) {}

context::~context() {
  if (!handle_) return;
  while (zmq_ctx_term(handle_) != 0 && errno == EINTR) {
  }
}

} // namespace bus
