// Fuzz: whatever arrives as msgpack or JSON is refused or read; what is read is written as it means, and redaction
// holds.
#include "messages/json.hpp"
#include "messages/registry.hpp"

#include <cstdlib>

namespace {

using namespace messages;

void demand(bool kept) {
  if (!kept) std::abort();
}

/// What unpacks packs to the same value again, and prints as JSON that can be read unless its texts are no UTF-8 or a
/// key stands twice.
void unpack_and_print(std::string_view input) {
  const auto tree = unpack(input);
  if (!tree) return;
  const auto packed = pack(*tree);
  const auto again = unpack(packed);
  demand(again.has_value());
  demand(*again == *tree);
  demand(pack(*again) == packed);
  (void)from_json(to_json(*tree));
}

void read_json(std::string_view input) {
  const auto tree = from_json(input);
  if (!tree) return;
  const auto text = to_json(*tree);
  const auto again = from_json(text, {.bytes_max = text.size(), .depth_max = 64});
  demand(again.has_value());
  demand(*again == *tree);
  for_each_message(all_commands{}, [&]<class M>() {
    if (const auto m = message_from_json<M>(*tree)) demand(decode_body<M>(encode_body(*m), M::version).has_value());
  });
}

void read_event(std::string_view input) {
  const auto event = decode_event(input);
  if (!event) return;
  const auto again = decode_event(encode(*event));
  demand(again.has_value());
  demand(*again == *event);
  (void)to_json(*event);
  const auto shown = redacted(*event);
  if (!is_event(event->topic)) demand(shown.body == "\x80"); // what cannot be judged is not shown
  for_each_message(all_events{}, [&]<class M>() {
    const auto m = body_as<M>(*event);
    if (!m) return;
    demand(shown.body == encode_body(*m, audience::redacted));
    demand(redacted(shown) == shown);
  });
}

void read_command(std::string_view input) {
  const auto command = decode_command(input);
  if (!command) return;
  const auto again = decode_command(encode(*command));
  demand(again.has_value());
  demand(*again == *command);
  (void)reply_body(*command);
  for_each_message(all_commands{}, [&]<class M>() { (void)body_as<M>(*command); });
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  unpack_and_print(input);
  read_json(input);
  read_event(input);
  read_command(input);
  return 0;
}
