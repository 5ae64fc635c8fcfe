// What the tests of nodes on other hosts share: a hub behind keys, and nodes with theirs, each in a context of its own.
#pragma once

#include "drivers/bus/doorkeeper.hpp"
#include "drivers/bus/publisher.hpp"
#include "drivers/bus/subscriber.hpp"
#include "tests/drivers/bus/support.hpp"

namespace bus_test {

/// Switchboard, publisher and replay behind one doorkeeper, over TCP only.
struct keyed_house {
  explicit keyed_house(std::function<void(bus::doorkeeper_options&)> change = {});

  /// Makes @p name known and says its key.
  bus::node_key let_in(const std::string& name, bus::node_role role);
  /// As another process would: in a context of its own.
  std::unique_ptr<node> join(const bus::node_key& key, node::answer answers = {}, const std::string& as = {});
  std::unique_ptr<bus::subscriber> subscribe(const bus::node_key& key, bool personal = false);
  void commit(std::size_t count) { publisher->publish(log.append(count)); }
  std::string commands() const { return board->endpoints().front(); }

  private_folder folder;
  std::filesystem::path nodes = std::filesystem::path{folder.path()} / "nodes";
  std::shared_ptr<bus::context> home = std::make_shared<bus::context>();
  journal log;
  std::string hub_key;
  std::shared_ptr<bus::doorkeeper> keys;
  std::unique_ptr<bus::switchboard> board;
  std::unique_ptr<bus::publisher> publisher;
  std::unique_ptr<bus::replay> replay;
};

int port_of(const std::string& endpoint);
/// A plain TCP connection to @p port of this host; -1: refused.
int connect_raw(int port);

} // namespace bus_test
