// The hub behind keys, put together as a node does it.
#include "tests/drivers/bus/support_keys.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bus_test {

keyed_house::keyed_house(std::function<void(bus::doorkeeper_options&)> change) {
  hub_key = bus::read_hub_key(nodes, true).value().public_key;
  bus::doorkeeper_options d;
  d.folder = nodes;
  d.clock = now_ms;
  if (change) change(d);
  keys = bus::doorkeeper::open(home, std::move(d)).value();
  auto o = board_options({"tcp://127.0.0.1:0"});
  o.keys = keys;
  o.rules.may_speak_for = [k = keys.get()](std::string_view user_id, std::string_view name) {
    const auto who = k->node_of(user_id);
    return who && who->name == name;
  };
  board = bus::switchboard::open(home, std::move(o)).value();
  bus::publisher_options p;
  p.keys = keys;
  p.redacted_endpoints = {"tcp://127.0.0.1:0"};
  p.personal_endpoints = {"tcp://127.0.0.1:0"};
  p.epoch = log.epoch;
  p.limits.heartbeat_every_ms = 100;
  p.clock = now_ms;
  publisher = bus::publisher::open(home, std::move(p)).value();
  bus::replay_options r;
  r.keys = keys;
  r.redacted_endpoints = {"tcp://127.0.0.1:0"};
  r.source = log.source();
  r.clock = now_ms;
  replay = bus::replay::open(home, std::move(r)).value();
}

bus::node_key keyed_house::let_in(const std::string& name, bus::node_role role) {
  const bus::node_key key{name, role, {bus::fresh_curve_pair(), hub_key}};
  BOOST_REQUIRE(bus::let_in(nodes, {name, role, key.identity.own.public_key}));
  BOOST_REQUIRE(soon([&] { return keys->node_of(key.identity.own.public_key).has_value(); }));
  return key;
}

std::unique_ptr<node> keyed_house::join(const bus::node_key& key, node::answer answers, const std::string& as) {
  auto o = node_options(commands(), as.empty() ? key.node : as);
  o.keys = key.identity;
  return std::make_unique<node>(std::make_shared<bus::context>(), std::move(o), std::move(answers));
}

std::unique_ptr<bus::subscriber> keyed_house::subscribe(const bus::node_key& key, bool personal) {
  bus::subscriber_options o;
  o.live_endpoint = personal ? publisher->personal_endpoints()[0] : publisher->redacted_endpoints()[0];
  o.replay_endpoint = replay->redacted_endpoints()[0];
  o.keys = key.identity;
  o.clock = now_ms;
  return bus::subscriber::open(std::make_shared<bus::context>(), std::move(o)).value();
}

int port_of(const std::string& endpoint) { return std::stoi(endpoint.substr(endpoint.rfind(':') + 1)); }

int connect_raw(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return fd;
  if (fd >= 0) ::close(fd);
  return -1;
}

} // namespace bus_test
