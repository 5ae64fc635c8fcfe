// Who comes in from other hosts: ZAP for the hub's sockets, by the node keys that the hub's folder holds just now.
#pragma once

#include "drivers/bus/context.hpp"
#include "drivers/bus/node_keys.hpp"
#include "messages/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bus {

class frame;
class socket;

/// The hub's sockets, as ZAP's domains.
enum class door : std::uint8_t { commands, events, personal, replay };
inline constexpr std::array<std::string_view, 4> door_names{"commands", "events", "personal", "replay"};

/// May a node of this role enter there at all? Everybody but for what is personal.
constexpr bool may_enter(node_role role, door which) { return which != door::personal || sees_personal(role); }

struct doorkeeper_options {
  std::filesystem::path folder;         ///< of node_keys.hpp
  std::size_t connections_max = 1024;   ///< on all doors; one more is turned away as soon as it was accepted
  std::function<std::uint64_t()> clock; ///< monotonic milliseconds
  /// Files of the folder that cannot be used, after each reading; on the doorkeeper's thread.
  std::function<void(const messages::error&)> on_unusable;
};

struct doorkeeper_counts {
  std::uint64_t admitted = 0;
  std::uint64_t unknown_keys = 0;  ///< of nobody, or revoked
  std::uint64_t wrong_doors = 0;   ///< known, but its role may not enter there
  std::uint64_t no_handshakes = 0; ///< no key, another hub's key, something replayed, silence, or no ZMTP at all
  std::uint64_t turned_away = 0;   ///< more than connections_max
  std::uint64_t cut = 0;           ///< because their key was revoked
  std::size_t connections = 0;     ///< now, handshakes included
  std::size_t nodes = 0;           ///< known
};

/// One per context, opened before the sockets it guards, which keep it alive. A change of the folder is seen at once
/// (inotify): connections of keys that are gone are cut, and their next messages refused. A file that cannot be used
/// lets nobody in. Errors of open(): no_node_keys, node_key_unusable, keys_exposed, port_taken (a second one in this
/// context). Thread-safe.
class doorkeeper {
public:
  static messages::result<std::unique_ptr<doorkeeper>> open(std::shared_ptr<context> home, doorkeeper_options options);
  ~doorkeeper();
  doorkeeper(const doorkeeper&) = delete;
  doorkeeper& operator=(const doorkeeper&) = delete;

  /// By which nodes know this hub.
  const std::string& hub_key() const;
  /// Whose connection it is by ZAP's User-Id; nothing when the key is not known (any more).
  std::optional<known_node> node_of(std::string_view user_id) const;
  doorkeeper_counts counts() const;

  /// For the room's sockets, before they bind over tcp: from then on only known keys come in there.
  void guard(socket& at, door which);
  /// The port that @p at was bound to.
  void guards_port(std::uint16_t port);
  /// A message came in: its connection is noted, for the day its key is revoked. Messages without a User-Id: nothing.
  void saw(const frame& message);

private:
  struct inside;
  explicit doorkeeper(std::unique_ptr<inside> in);
  std::unique_ptr<inside> in_;
};

/// Binds @p at to all of @p endpoints, those over tcp behind @p keys where there are any; as bound, in their order.
messages::result<std::vector<std::string>> bind_all(socket& at, const std::vector<std::string>& endpoints,
                                                    doorkeeper* keys, door which);

} // namespace bus
