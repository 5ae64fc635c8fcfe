// The configuration of a node or of the simulated centre: one TOML file, every key known, every mistake named with its
// line.
#pragma once

#include "actors/consent_session/transitions.hpp"
#include "messages/result.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tools {

struct line_config {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::filesystem::path ca, certificate, key; ///< PEM
  std::string institution;                    ///< 医療機関コード
  std::uint32_t answer_wait_ms_max = 8000;
};

/// SIMULATED: the emulated USB reader of a desk and the cards that hands put on it.
struct rig_config {
  std::filesystem::path cards;  ///< where the throw-away card authority keeps its files
  std::filesystem::path socket; ///< hands: `place ID`, `lift`, `unplug`, `plug`
  std::string pin = "1234";     ///< of every card it makes
  bool usb = true;              ///< real libusb under umockdev; false: a virtual reader in process
};

struct node_config {
  std::string name, hub = "hub";
  std::vector<std::string> actors;
  bool simulated = false;
  std::filesystem::path data, run;
  bool tcp = true;
  int port_base = 5570;
  std::optional<line_config> line;
  std::optional<rig_config> rig;
  std::string reader_match;    ///< "054c:0dc8"; empty: any
  std::filesystem::path hands; ///< the screen port's socket; empty: no screen
  consent_session::patience patience;
  std::optional<std::uint64_t> seed;
};

struct centre_config {
  std::uint16_t port = 0;
  std::filesystem::path port_file; ///< the port in use is written here
  std::filesystem::path certificate, key, client_ca, card_ca, persons, data;
  std::uint32_t answer_delay_ms = 0;
};

/// `file_unreadable`, or `wrong_configuration` with file, line and what is wrong there.
messages::result<node_config> read_node_config(const std::filesystem::path& file);
messages::result<centre_config> read_centre_config(const std::filesystem::path& file);

/// /var/lib/uketsuke as root, else $XDG_STATE_HOME/uketsuke.
std::filesystem::path default_data_folder();

} // namespace tools
