// Whatever comes in over the bus: envelopes, frames of the event sockets, replay requests, and the orders built on
// them; and the key files of nodes.
#include "drivers/bus/exchange.hpp"
#include "drivers/bus/frames.hpp"
#include "drivers/bus/node_keys.hpp"
#include "drivers/bus/sequencer.hpp"

namespace {

/// Nobody there: everything is thrown away.
struct nowhere final : bus::outlet {
  bus::sent pass(const std::string&) override { return bus::sent::done; }
  bus::sent put(std::string_view, std::string_view) override { return bus::sent::done; }
};

/// Cuts the input into messages of up to three frames: a length octet before each frame (255: all the rest).
std::vector<std::vector<std::string_view>> cut(std::string_view input) {
  std::vector<std::vector<std::string_view>> messages(1);
  while (!input.empty()) {
    const auto said = static_cast<std::uint8_t>(input.front());
    input.remove_prefix(1);
    const auto length = said == 255 ? input.size() : std::min<std::size_t>(said, input.size());
    if (messages.back().size() == 3) messages.emplace_back();
    messages.back().push_back(input.substr(0, length));
    input.remove_prefix(length);
  }
  return messages;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  if (const auto c = messages::decode_command(input)) (void)messages::decode_command(encode(*c)).value();
  if (const auto e = messages::decode_event(input)) (void)messages::decode_event(encode(*e)).value();
  if (const auto r = bus::decode_replay_request(input)) (void)bus::decode_replay_request(bus::encode(*r)).value();
  (void)bus::known_node_from(input, "file");
  (void)bus::node_key_from(input, "file");
  (void)bus::split_array(input, bus::tail_items_max);

  bus::sequencer whole{{}}, topics{{.from = 0, .topics = {"desk."}}};
  bus::exchange exchange{{}};
  nowhere out;
  std::uint64_t now_ms = 1000;
  for (const auto& message : cut(input)) {
    now_ms += 100;
    for (auto* s : {&whole, &topics}) {
      s->take_live(message);
      s->take_replay(message, now_ms);
      while (s->pop()) {
      }
      (void)s->ask(now_ms);
      (void)s->ended();
    }
    for (const auto& frame : message)
      exchange.take({.connection = "c", .user_id = {}, .content = frame}, now_ms, now_ms, out);
    exchange.sweep(now_ms, out);
  }
  return 0;
}
