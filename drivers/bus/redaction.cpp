// The redacted form of an encoded event.
#include "drivers/bus/redaction.hpp"

#include "messages/registry.hpp"

namespace bus {

std::string redact(const item& i) {
  if (!i.redacted.empty()) return i.redacted;
  const auto event = messages::decode_event(i.envelope);
  if (event) return encode(messages::redacted(*event));
  messages::event_envelope bare;
  bare.index = i.index;
  bare.topic = i.topic;
  return encode(bare);
}

} // namespace bus
