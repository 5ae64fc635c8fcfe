// The name a dealer gives its connection: which node, and which life of it.
#pragma once

#include "messages/id.hpp"

#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace bus {

/// "n", sixteen bytes of incarnation, the node's name. With it a connection that was made again is known before the
/// next node.hello, so that a command sent in between is not refused. Other programs need no such name: they say hello
/// first.
inline std::string connection_name(std::string_view node, const messages::id& incarnation) {
  std::string name{"n"};
  name.append(reinterpret_cast<const char*>(incarnation.bytes.data()), messages::id::size);
  name.append(node);
  return name;
}

inline std::optional<std::pair<std::string, messages::id>> read_connection_name(std::string_view name) {
  if (name.size() < 1 + messages::id::size + 1 || name.front() != 'n') return std::nullopt;
  messages::id incarnation;
  std::memcpy(incarnation.bytes.data(), name.data() + 1, messages::id::size);
  return std::pair{std::string{name.substr(1 + messages::id::size)}, incarnation};
}

} // namespace bus
