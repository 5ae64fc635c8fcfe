// Who may join the bus from another host: the hub's folder of node keys, and the key file that a node has of its own.
//
// The folder (0700, inside the keys folder, never inside the data folder) holds `hub.key`, the hub's own pair, and one
// NAME.node for each node that may come: its role and its public key. Files are 0600 and written whole. A revoked
// node's file is gone; a hub that runs sees that at once (doorkeeper.hpp).
// Not thread-safe; used by `uketsuke keys node` and while opening.
#pragma once

#include "drivers/bus/curve.hpp"
#include "messages/result.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bus {

/// What a node is for: what it may read, and by the roster what it may command.
enum class node_role : std::uint8_t {
  desk,             ///< a reader and a patient's screen
  monitor,          ///< watches; personal values are redacted
  personal_monitor, ///< watches, and sees personal values
  scheduler,        ///< asks eligibility again before a visit
  receipt_computer  ///< レセコン: fetches answers; sees personal values
};
inline constexpr std::array<std::string_view, 5> node_role_names{"desk", "monitor", "personal_monitor", "scheduler",
                                                                 "receipt_computer"};
constexpr std::string_view name_of(node_role role) { return node_role_names[static_cast<std::size_t>(role)]; }
std::optional<node_role> role_from(std::string_view name);
/// May it read 5573, and replay without redaction?
constexpr bool sees_personal(node_role role) {
  return role == node_role::personal_monitor || role == node_role::receipt_computer;
}

/// One node as the hub knows it.
struct known_node {
  std::string name;
  node_role role{};
  std::string key; ///< public; also its User-Id on every message
};

/// A node's own file: it, and only it, speaks by this.
struct node_key {
  std::string node;
  node_role role{};
  curve_identity identity;
};

inline constexpr std::size_t known_nodes_max = 1024, node_file_bytes_max = 4096;

/// By public key.
using known_nodes = std::map<std::string, known_node, std::less<>>;

// Errors: no_node_keys (the folder, or hub.key, is not there), node_key_unusable (the file, and why), keys_exposed
// (others can read it), disk_full, write_failed.

/// The hub's pair; made with the folder when @p make and it is not there.
messages::result<curve_pair> read_hub_key(const std::filesystem::path& folder, bool make = false);
/// With @p passed_over, files that cannot be used are left out and named there, instead of being an error.
messages::result<known_nodes> read_known_nodes(const std::filesystem::path& folder,
                                               std::vector<messages::error>* passed_over = nullptr);
/// `not_now` when that name or key is known already.
messages::result<void> let_in(const std::filesystem::path& folder, const known_node& node);
/// `wrong_value` when nobody has that name.
messages::result<void> revoke(const std::filesystem::path& folder, const std::string& name);

/// Never replaces a file.
messages::result<void> write_node_key(const std::filesystem::path& file, const node_key& key);
messages::result<node_key> read_node_key(const std::filesystem::path& file);

/// What a NAME.node and a node's own file say; `node_key_unusable` names @p file. For the functions above, and fuzzing.
messages::result<known_node> known_node_from(std::string_view text, const std::string& file);
messages::result<node_key> node_key_from(std::string_view text, const std::string& file);

} // namespace bus
