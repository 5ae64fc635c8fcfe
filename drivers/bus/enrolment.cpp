// Two questions and two answers: whose key and who am I, then "I have it" and "come in".
#include "drivers/bus/enrolment.hpp"

#include "drivers/bus/endpoint.hpp"
#include "drivers/bus/socket.hpp"
#include "messages/codec.hpp"
#include "messages/envelope.hpp"

#include <algorithm>

namespace bus {

using messages::error_code;
using messages::failure;
using messages::result;

namespace {

struct enrolment_request {
  std::string key; ///< the node's public one
  bool stored = false;
  UKETSUKE_FIELDS(enrolment_request, key, stored)
};
struct enrolment_reply {
  std::string node, role, hub;
  bool let_in = false;
  UKETSUKE_FIELDS(enrolment_reply, node, role, hub, let_in)
};

constexpr int look_ms = 200, linger_ms = 500;
constexpr std::int64_t frame_max = 1024;

template <class M> result<M> read(const frame& f) {
  const auto tree = messages::unpack(f.view(), {.bytes_max = frame_max, .depth_max = 2, .items_max = 16});
  M m;
  if (!tree || !messages::read_fields(*tree, m))
    return failure(error_code::malformed, "enrolment", "it does not parse");
  return m;
}

socket_settings small() { return {.send_queue_max = 10, .receive_queue_max = 10, .frame_bytes_max = frame_max}; }

/// One question, one answer.
result<enrolment_reply> ask(socket& hub, const enrolment_request& request, const application& what,
                            std::uint64_t until_ms) {
  hub.send(messages::encode_body(request));
  while (what.clock() < until_ms) {
    std::array<watch, 1> on{watch{.on = &hub}};
    wait(on, look_ms);
    frame f;
    if (!hub.receive(f)) continue;
    hub.skip_rest(f);
    return read<enrolment_reply>(f);
  }
  return failure(error_code::no_hub, what.endpoint);
}

} // namespace

result<known_node> await_enrolment(std::shared_ptr<context> home, invitation what) {
  socket desk{std::move(home), role::router, small()};
  desk.secure(curve_pair_of(what.seed), "enrolment");
  const auto bound = desk.bind(what.endpoint, true);
  if (!bound) return failure(bound.error());
  if (what.on_open) what.on_open(*bound);
  std::optional<known_node> kept;
  auto until_ms = what.clock() + what.wait_ms;
  while (what.clock() < until_ms) {
    if (what.given_up && what.given_up()) break;
    std::array<watch, 1> on{watch{.on = &desk}};
    wait(on, look_ms);
    frame who, said;
    if (!desk.receive(who)) continue;
    if (!who.more() || !desk.receive(said)) continue;
    desk.skip_rest(said);
    const auto request = read<enrolment_request>(said);
    if (!request || !is_curve_key(request->key) || (kept && kept->key != request->key)) continue;
    if (request->stored && !kept) {
      kept = known_node{what.node, what.role, request->key};
      if (auto done = what.keep(*kept); !done) return failure(done.error());
      until_ms = what.clock() + linger_ms; // so that the last answer is on its way
    }
    desk.send(who.view(), true);
    desk.send(messages::encode_body(
        enrolment_reply{what.node, std::string{name_of(what.role)}, what.hub_key, kept.has_value()}));
  }
  if (!kept) return failure(error_code::deadline_passed, "keys node invite");
  return *kept;
}

result<node_key> enrol(std::shared_ptr<context> home, application what) {
  const auto until_ms = what.clock() + what.wait_ms;
  node_key key;
  key.identity = {fresh_curve_pair(), curve_pair_of(what.seed).public_key};
  socket hub{std::move(home), role::dealer, small()};
  if (auto connected = hub.connect(what.endpoint, &key.identity); !connected) return failure(connected.error());
  const auto& own = key.identity.own.public_key;
  const auto told = ask(hub, {own, false}, what, until_ms);
  if (!told) return failure(told.error());
  const auto role = role_from(told->role);
  if (!role || !messages::is_name(told->node) || !is_curve_key(told->hub))
    return failure(error_code::malformed, "enrolment", "the hub says who this node is in a way nobody understands");
  key.node = told->node;
  key.role = *role;
  key.identity.hub_key = told->hub;
  if (auto kept = what.keep(key); !kept) return failure(kept.error());
  const auto in = ask(hub, {own, true}, what, until_ms);
  if (!in) return failure(in.error());
  if (!in->let_in) return failure(error_code::key_refused, what.endpoint);
  return key;
}

} // namespace bus
